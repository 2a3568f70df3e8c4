#!/bin/bash
# posts.t - what teams write: who writes, who reads, for how long it can be changed.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 121
for role in admin publisher manager responder; do token $role --role $role; done
for name in ana dan eva; do user $name --role responder; done
user vera --role publisher
user boss --role admin
sign_in() { who=(); form /session name="$1" password="$password"; cookie=$(header Set-Cookie)
	who=("HTTP_COOKIE=${cookie%%;*}"); get /account; csrf=$(field csrf); }
declare -A cookies csrfs
for name in ana dan eva vera boss; do sign_in $name; cookies[$name]=${who[0]} csrfs[$name]=$csrf; done
be() { who=("${cookies[$1]}") csrf=${csrfs[$1]}; }
ids() { json -r '[.posts[].id | ltrimstr("post:")] | join(" ")'; }
shelter RO-CJ-01 '"capacity":10,"position":{"longitude":23.6,"latitude":46.77}'
be boss
post /api/teams '{"title":"Logistică","slug":"logistica"}'
post /api/teams '{"title":"Divers","slug":"divers","open":false}'
post /api/teams/logistica/members '{"user":"ana"}'
post /api/teams/divers/members '{"user":"ana"}'
post /api/teams/divers/members '{"user":"dan"}'

# --- writing
be ana
text=$'Podul e închis #Mănăștur @dan\nvezi #RO-CJ-01'
post /api/posts "$(jq -n --arg t "$text" '{text: $t, teams: ["logistica"], position: {longitude: 23.5567, latitude: 46.7571}}')"
is "$status $(header Location)" '201 /api/posts/1' 'staff write'
is "$(json -c .post)" "$(jq -nc --arg t "$text" '{id: "post:1", text: $t, user: "ana", teams: ["logistica"],
	hashtags: ["mănăștur", "ro-cj-01"], mentions: ["dan"], position: {longitude: 23.5567, latitude: 46.7571},
	public: false, created_at: '$now', edited_at: null}')" 'and get what they wrote'
as admin
get /api/audit
is "$(json -r '.entries[0] | .who + " " + .what + " " + .target')" 'user:ana POST /posts post:1' 'the audit log says who'
be dan
get /api/posts/1
is "$status $(json -r .post.user) $(json -c .versions)" '200 ana []' 'others of the staff read it'
get /api/posts/post:1
is "$(json -r .post.id)" post:1 'by its whole name too'
for bad in '{}:text:missing' '{"text":" "}:text:missing' '{"text":5}:text:type' '{"text":"x","teams":"a"}:teams:type' \
	'{"text":"x","teams":["nowhere"]}:teams:unknown' '{"text":"x","public":1}:public:type' '{"text":"x","position":"here"}:position:type' \
	'{"text":"x","position":{"longitude":23,"latitude":91}}:position:range' '{"text":"x","position":{"longitude":23}}:position:type' \
	'{"text":"x","precision":-1,"position":{"longitude":23,"latitude":9}}:precision:range'; do
	post /api/posts "${bad%%\}:*}}"
	is "$status $(json -r '[.errors[] | .field + ":" + .code] | join(" ")')" "422 ${bad#*\}:}" "refused: ${bad:0:50}"
done
be eva
post /api/posts '{"text":"x","teams":["nowhere"]}'
nowhere=$status${body//nowhere/X}
post /api/posts '{"text":"x","teams":["divers"]}'
is "$status${body//divers/X}" "$nowhere" 'a closed team of others is as one that is not there'
long=$(printf '😀%.0s' {1..2000})
post /api/posts "{\"text\":\"$long\"}"
is "$status $(json '.post.text | length')" '201 2000' '2,000 characters, whatever they are'
post /api/posts "{\"text\":\"${long}x\"}"
is "$status $(json -r '.errors[0].code')" '422 length' 'and not one more'
form /posts csrf="$csrf" token=0123456789abcdef text=$'a\r\nb\rc'
id=$(header Location) id=${id#/posts/} id=${id%%\?*}
get "/api/posts/$id"
is "$(json ".post.text | tojson")" '"a\nb\nc"' 'lines end in one way'
for role in admin publisher manager responder; do
	as $role
	post /api/posts "{\"text\":\"by a program $role\"}"
	is "$status $(json -r .post.user)" "201 token:$role" "$role: a program writes in its own name"
done
as nobody
post /api/posts '{"text":"spam"}'
is "$status" 401 'nobody else writes'
be ana
form /posts text=x
is "$status" 403 'only from our own page'

# --- for all
post /api/posts '{"text":"Apă la școală","public":true}'
is "$status $(json -r .detail)" '403 Only publishers and admins post for everybody.' 'a responder posts nothing for everybody'
be vera
with HTTP_IDEMPOTENCY_KEY=k1
post /api/posts '{"text":"Apă potabilă la școală #apă","public":true,"teams":["logistica"]}'
is "$status $(json .post.public)" '201 true' 'a publisher does'
public=$(json -r .post.id) public=${public#post:}
with HTTP_IDEMPOTENCY_KEY=k1
post /api/posts '{"text":"Apă potabilă la școală #apă","public":true,"teams":["logistica"]}'
is "$status $(json -r .post.id)" "201 post:$public" 'the same key is the same post'
post /api/posts '{"text":"Apă potabilă la școală #apă","public":true,"teams":["logistica"]}'
is "$status $(json -r .post)" "409 post:$public" 'the same words a moment later, without one, are a mistake'
as nobody
get /api/posts
is "$status $(ids)" "200 $public" 'everybody reads what is public, and that only'
is "$(json '.posts[0] | has("mentions")')" false 'and no names of who is mentioned'
like "$(header Cache-Control)" '^public' 'which may be kept for a second'
etag=$(header ETag)
with "HTTP_IF_NONE_MATCH=$etag"
get /api/posts
is "$status" 304 'and is not sent twice'
get "/api/posts/$public"
is "$status" 200 'alone too'
get /api/posts/1
other=$status${body//1/X}
get /api/posts/77777
is "$status${body//77777/X}" "$other" 'what one may not read is as what is not there'
like "$other" '^404' 'namely 404'
for id in 0 -1 x post: post:x 99999999999999999999; do
	get "/api/posts/$id"
	is "$status" 404 "nor is there a post $id"
done

# --- closed
be dan
post /api/posts '{"text":"Intrare pe la spate #secretissim @ana @eva","teams":["divers"]}'
secret=$(json -r .post.id) secret=${secret#post:}
is "$status $(json -c .post.mentions)" '201 ["ana"]' 'who may not read is not mentioned'
be ana
get "/api/posts/$secret"
is "$status" 200 'a member reads what a closed team writes'
get '/api/posts?timeline=mentions'
is "$(ids)" "$secret" 'and finds where she is mentioned'
be boss
get "/api/posts/$secret"
is "$status" 200 'so does an admin'
for one in eva vera; do
	be $one
	get "/api/posts/$secret"
	is "$status${body//$secret/X}" "$other" "$one does not"
	for uri in '/api/posts?limit=100' '/api/posts?q=secretissim' '/api/posts?hashtag=secretissim' '/api/posts?team=divers' '/api/posts?user=dan' \
		'/posts?team=divers' '/hashtags/secretissim' '/api/hashtags?limit=100' '/posts?timeline=all'; do
		get "$uri"
		unlike "$body" 'pe la spate|"#?secretissim"|Divers' "$one: nothing of it in $uri"
	done
done
get '/api/posts?team=nowhere'
none=$body
get '/api/posts?team=divers'
is "$body" "$none" 'the same as no team'

# --- lists
be ana
get '/api/posts?timeline=home'
first=$(ids)
like " $first " " $public .* 1 " 'home: the newest first'
get '/api/posts?limit=2'
a=$(ids) next=$(json -r .next)
be dan
post /api/posts '{"text":"between two pages"}'
newest=$(json -r .post.id) newest=${newest#post:}
be ana
get "/api/posts?limit=2&cursor=$next"
is "$(wc -w <<<"$a $(ids)") $(tr ' ' '\n' <<<"$a $(ids)" | sort -u | wc -l)" '4 4' 'pages go on where they stopped, whatever is written meanwhile'
get "/api/posts?after=${a%% *}"
is "$(ids)" "$newest" 'after one: what is newer'
get "/api/posts?after=${a%% *}&count=1"
is "$body" '{"newer":1}' 'or how much'
is "$(get '/api/posts?limit=100'; json .next)" null 'the last page has no next'
while read -r wanted uri; do
	get "/api/posts?$uri"
	is "$(ids)" "${wanted//_/ }" "GET /api/posts?$uri"
done <<END
1 hashtag=M%C4%82N%C4%82%C8%98TUR
1 hashtag=%23ro-cj-01
1 q=inchis
1 q=inchis+in%3Alogistica
1 q=pod&user=ana
$public team=logistica&user=vera
1 near=46.757,23.557&radius=200
1 near=46.757,23.557&q=inchis&hashtag=m%C4%83n%C4%83%C8%99tur&user=ana&team=logistica
END
get '/api/posts?near=46.757,23.557&radius=200&user=dan'
is "$status $(ids)" '200 ' 'filters combine'
for bad in timeline=mine:timeline near=x:near near=1,2\&radius=60000:radius cursor=x:cursor after=-1:after limit=0:limit hashtag=%23:hashtag \
	q=after%3A2026-13-01:q since=yesterday:since; do
	get "/api/posts?${bad%:*}"
	is "$status $(json -r '[.errors[].field] | join(" ")')" "422 ${bad##*:}" "refused: ${bad%:*}"
done

# --- changing
now=$((now + 29 * 60000))
be dan
patch /api/posts/1 '{"text":"no"}'
is "$status" 403 'only the author changes a post'
be boss
patch /api/posts/1 '{"text":"no"}'
is "$status" 403 'not even an admin'
be ana
patch /api/posts/1 '{"text":"Podul e deschis #Gheorgheni"}'
is "$status $(json -c '[.post.hashtags, .post.edited_at, .versions[0].until]')" "200 [[\"gheorgheni\"],$now,$now]" 'she changes it; its tags follow'
is "$(json -r '.versions[0].text')" "$text" 'what it said before stays'
get '/api/posts?hashtag=m%C4%83n%C4%83%C8%99tur'
is "$(ids)" '' 'the old tag finds it no more'
patch /api/posts/1 '{"text":""}'
is "$status" 422 'it must say something'
get /posts/1
like "$body" 'Gheorgheni.*<b>edited</b>.*|edited' 'the page says that it was changed'
like "$body" 'id="versions".*închis' 'and what it said'
like "$body" 'for 1 more minute\.' 'and how long it can be changed'
now=$((now + 2 * 60000))
patch /api/posts/1 '{"text":"Podul e închis"}'
is "$status" 409 'after 30 minutes it is settled'
get /posts/1
unlike "$body" 'value="PATCH"' 'the page offers it no more'
form /posts/1 csrf="$csrf" _method=PATCH token=0123456789abcde1 text=Late
like "$status $body" '^409.*30 minutes' 'and says why'

# --- deleting
be dan
del /api/posts/1
is "$status" 403 'only its author or an admin deletes a post'
get /posts/1/delete
is "$status" 403 'nor is another asked'
be ana
get /posts/1/delete
like "$status $body" '^200.*cannot be brought back.*value="DELETE"' 'she is asked once more'
form /posts/1 csrf="$csrf" _method=DELETE token=0123456789abcde2
is "$status $(header Location)" '303 /posts?done=deleted' 'and deletes it'
get /api/posts/1
is "$status" 410 'it is gone'
get /posts/1
like "$status $body" '^410.*<h1>This post was deleted' 'on its page too'
unlike "$body" 'Podul|Gheorgheni' 'with all that it said'
patch /api/posts/1 '{"text":"again"}'
is "$status" 410 'not to be changed'
del /api/posts/1
is "$status" 204 'deleting twice is once'
get '/api/posts?limit=100&q=podul'
is "$(ids)" '' 'no search finds it'
as nobody
get /api/posts/1
is "$status" 404 'who could not read it does not learn that it was there'
be boss
del "/api/posts/$public"
is "$status" 204 'an admin deletes what others wrote'
as nobody
get "/api/posts/$public"
is "$status" 410 'what was public is gone for all'

# --- not too much
muster set posts.per_minute 3 >/dev/null
be eva
for n in 1 2 3 4; do post /api/posts "{\"text\":\"spam $n\"}"; done
is "$status $(header Retry-After)" '429 60' 'so many a minute'
form /posts csrf="$csrf" token=0123456789abcde3 text='my <long> text' teams=logistica
like "$status $body" '^429.*Wait 1 minute.*my &lt;long&gt; text</textarea>.*value="logistica" checked' 'the page keeps what was typed'
be dan
post /api/posts '{"text":"me too"}'
is "$status" 201 'others are not held up'
now=$((now + 60001))
be eva
post /api/posts '{"text":"spam 4"}'
is "$status" 201 'a minute later it goes on'
is "$(grep -c . "$stderr")" 0 'nothing was logged'
agrees 'muster check passes'
