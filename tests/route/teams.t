#!/bin/bash
# teams.t - who works together, and who sees it.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 72
token admin --role admin
token program --role responder
for name in ana dan; do user $name --role responder; done
user boss --role admin
sign_in() { who=(); form /session name="$1" password="$password"; cookie=$(header Set-Cookie)
	who=("HTTP_COOKIE=${cookie%%;*}"); get /account; csrf=$(field csrf); }
declare -A cookies csrfs
for name in ana dan boss; do sign_in $name; cookies[$name]=${who[0]} csrfs[$name]=$csrf; done
be() { who=("${cookies[$1]}") csrf=${csrfs[$1]}; }

as admin
post /api/teams '{"title":"Căutare & Salvare"}'
is "$status $(header Location)" '201 /api/teams/cautare-salvare' 'an admin makes a team; its short name comes from its name'
is "$(json -c '[.slug,.title,.open,.members,.posts,.mine,.people,.next,.created_at]')" \
	"[\"cautare-salvare\",\"Căutare & Salvare\",true,0,0,false,[],null,$now]" 'with all that it is'
post /api/teams '{"title":"Negotiators","slug":"secret-7","open":false}'
is "$status $(json -c '[.slug,.open]')" '201 ["secret-7",false]' 'a closed one, under another short name'
for bad in '{}:title:missing' '{"title":"x","slug":"A B"}:slug:format' '{"title":"x","slug":"a--b"}:slug:format' \
	'{"title":"避難所"}:slug:missing' '{"title":"again","slug":"secret-7"}:slug:used' '{"title":"x","open":"yes"}:open:type' \
	"{\"title\":\"$(printf 'x%.0s' {1..81})\"}:title:length"; do
	post /api/teams "${bad%%\}:*}}"
	is "$status $(json '[.errors[] | .field + ":" + .code] | join(" ")')" "422 ${bad#*\}:}" "refused: ${bad:0:40}"
done
post /api/teams '{"title":"避難所","slug":"hinanjo"}'
is "$status" 201 'with one of its own any name will do'
for one in program nobody; do
	as $one
	post /api/teams '{"title":"Mine"}'
	like "$status" '^40[13]$' "making teams is for admins: not for $one"
done
as nobody
get /api/teams
is "$status" 401 'teams are for staff'

# --- an open one
be ana
get /api/teams
is "$(json -c '[.teams[].slug]')" '["cautare-salvare","hinanjo"]' 'everybody sees the open ones'
unlike "$body" 'secret|Negot' 'and no trace of others'
post /api/teams/cautare-salvare/members ''
is "$status $(json -c '[.mine,.members,.people]')" '201 [true,1,["ana"]]' 'and joins'
post /api/teams/cautare-salvare/members '{"user":"dan"}'
is "$status" 403 'oneself, nobody else'
del /api/teams/cautare-salvare/members/dan
is "$status" 403 'nor takes others out'
get '/api/teams?limit=1'
is "$(json -c '[.teams[0].mine,.next]')" '[true,"cautare-salvare"]' 'a page at a time'
get '/api/teams?limit=1&cursor=cautare-salvare'
is "$(json -c '[.teams[0].slug,.next]')" '["hinanjo",null]' 'and the next'
get /api/account
is "$(json -c .teams)" '["cautare-salvare"]' 'her account knows'
del /api/teams/cautare-salvare/members/ana
is "$status" 204 'and leaves'
del /api/teams/cautare-salvare/members/ana
is "$status" 204 'which twice is once'
as program
post /api/teams/hinanjo/members ''
is "$status" 422 'a program is nobody to join'
post /api/teams/hinanjo/members '{"user":"program"}'
is "$status" 403 'not by its name either'

# --- a closed one is not there
be ana
get /api/teams/nowhere
none=$status$body
for try in 'GET /api/teams/secret-7' 'PATCH /api/teams/secret-7' 'POST /api/teams/secret-7/members' \
	'DELETE /api/teams/secret-7/members/ana' 'DELETE /api/teams/secret-7/members/dan'; do
	send "${try%% *}" "${try#* }" application/json '{}'
	case $try in
	PATCH*) is "$status" 403 'changing is for admins, whatever it is' ;;
	*) is "$status$body" "$none" "$try: the same as for no team" ;;
	esac
done
get /teams/nowhere
page=${body//nowhere/X}
get /teams/secret-7
is "$status ${body//secret-7/X}" "404 $page" 'on pages, too'
as program
get /api/teams/secret-7
is "$status$body" "$none" 'and to programs'
be boss
post /api/teams/secret-7/members '{"user":"ana"}'
is "$status $(json -c '[.mine,.people]')" '201 [false,["ana"]]' 'an admin lets somebody in'
post /api/teams/secret-7/members '{"user":"nobody"}'
is "$status $(json '.errors[0].code')" '422 unknown' 'who exists'
be ana
get /api/teams/secret-7
is "$status $(json -c '[.mine,.people]')" '200 [true,["ana"]]' 'who then sees it'
get /api/teams
like "$body" 'secret-7' 'in the list as well'
post /api/teams/secret-7/members '{"user":"dan"}'
is "$status" 201 'and lets others in'
del /api/teams/secret-7/members/dan
is "$status" 403 'but takes nobody out'
del /api/teams/secret-7/members/ana
is "$status" 204 'and leaves'
get /api/teams/secret-7
is "$status$body" "$none" 'then it is not there any more'
be dan
get /api/teams/secret-7
is "$status" 200 'others stay'
be boss
patch /api/teams/secret-7 '{"open":true}'
is "$status $(json -c '[.title,.open,.people]')" '200 ["Negotiators",true,["dan"]]' 'an admin opens it'
patch /api/teams/secret-7 '{"title":"Talkers","open":false}'
is "$(json -c '[.title,.open]')" '["Talkers",false]' 'renames and closes it'
patch /api/teams/secret-7 '{"title":""}'
is "$status" 422 'a name it must have'
muster kv <<<'ZADD team:secret-7:posts 1 1' >/dev/null
patch /api/teams/secret-7 '{"open":true}'
is "$status" 409 'once it has posts, who may read them is settled'
like "$body" 'Make a new team' 'and it says what to do'
patch /api/teams/secret-7 '{"title":"Talkers"}'
is "$status" 200 'its name is not'
form /teams/secret-7 csrf="$csrf" _method=PATCH title=Talkers open=1
like "$status $body" '^409.*href="#open">This team has posts.*id="open"' 'the page says so as well'
muster kv <<<'DEL team:secret-7:posts' >/dev/null

# --- pages
get /teams
like "$body" '<h1>Teams.*href="/teams/cautare-salvare">Căutare &amp; Salvare.*Add a team' 'the page lists and adds'
form /teams csrf="$csrf" token=t1 title='<i>' slug='No Slug' open=0
is "$status" 422 'a refused form comes back'
like "$body" 'href="#slug".*value="&lt;i&gt;".*value="No Slug".*value="0" checked' 'with what was typed'
form /teams csrf="$csrf" token=t2 title=Boats slug= open=0
is "$status $(header Location)" '303 /teams/boats?done=made' 'a good one leads to the team'
form /teams csrf="$csrf" token=t2 title=Boats slug= open=0
is "$status $(header Location)" '303 /teams/boats?done=made' 'twice is once'
form /teams/boats/members csrf="$csrf" token=t3 user=dan
is "$status $(header Location)" '303 /teams/boats?done=joined' 'people are added'
form /teams/boats/members csrf="$csrf" token=t4 user=
like "$status $body" '^422.*href="#user">Say who' 'not nobody'
form /teams/boats/members csrf="$csrf" token=t5 user='<x>'
like "$status $body" '^422.*href="#user".*value="&lt;x&gt;"' 'nor somebody unknown'
get /teams/boats
like "$body" 'Closed: only.*href="/people/dan".*Take out <span class="hide">dan.*Change the team' 'an admin sees all of it'
form /teams/boats csrf="$csrf" _method=PATCH title= open=1
like "$status $body" '^422.*href="#title"' 'it needs a name'
form /teams/boats csrf="$csrf" _method=PATCH title='Boats & divers' open=1
is "$status $(header Location)" '303 /teams/boats?done=changed' 'renamed and opened'
form /teams/boats/members/dan csrf="$csrf" _method=DELETE
is "$status $(header Location)" '303 /teams/boats?done=left' 'and people are taken out'
be dan
get /teams/secret-7
like "$body" 'Leave this team.*Add a person' 'a member of a closed team adds and leaves'
unlike "$body" 'Take out|Change the team|href="/people' 'and does nothing else'
form /teams/secret-7/members/dan csrf="$csrf" _method=DELETE
is "$status $(header Location)" '303 /teams?done=left' 'who left a closed team is not led back to it'
get '/teams?done=left'
like "$body" 'You have left' 'but told'
get /teams/boats
like "$body" 'Join this team' 'open ones are joined with a button'
form /teams/boats/members csrf="$csrf" token=t6
is "$status $(header Location)" '303 /teams/boats?done=joined' 'like this'
form /teams/boats/members token=t7
is "$status" 403 'only from our own page'
get /teams
like "$body" 'you are in it' 'the list says where one is'
unlike "$body" 'Add a team' 'and adds nothing for others'
is "$(grep -c . "$stderr")" 0 'nothing was logged'
agrees 'muster check passes'
