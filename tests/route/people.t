#!/bin/bash
# people.t - who may sign in: added, changed, disabled by admins; one's own account.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 98
token admin --role admin
token manager --role manager
shelter RO-CJ-01
shelter RO-CJ-02
user eva --role admin
enter() { who=(); post /api/session "{\"name\":\"$1\",\"password\":\"$2\"}"; cookie=$(header Set-Cookie)
	who=("HTTP_COOKIE=${cookie%%;*}"); }
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1"; }

# --- JSON
for one in nobody manager; do
	as "$one"
	for uri in /api/people /api/people/eva; do
		get "$uri"
		like "$status" '^40[13]$' "$uri is not for $one"
	done
	post /api/people '{"name":"dan","roles":["admin"]}'
	like "$status" '^40[13]$' "nor is adding one"
done
as admin
post /api/people '{"name":"dan","roles":["manager","responder"],"shelters":["RO-CJ-01"]}'
is "$status $(header Location)" '201 /api/people/dan' 'an admin adds a person'
first=$(json .password)
like "$first" '^[a-z2-9]{5}(-[a-z2-9]{5}){3}$' 'and sees a password'
is "$(json -c '[.name,.roles,.shelters,.teams,.sessions,.disabled_at,.created_at,.password_until]')" \
	"[\"dan\",[\"manager\",\"responder\"],[\"RO-CJ-01\"],[],0,null,$now,$((now + 7 * 86400000))]" 'beside what was made'
get /api/people/dan
is "$(json 'has("password")')" false 'once'
for bad in '{}:name:missing roles:missing' '{"name":"Dan","roles":["admin"]}:name:format' \
	'{"name":"a b","roles":["admin"]}:name:format' '{"name":"dan","roles":["admin"]}:name:used' \
	'{"name":"x","roles":["root"]}:roles:choice' '{"name":"x","roles":[]}:roles:missing' \
	'{"name":"x","roles":"admin"}:roles:type' '{"name":"x","roles":["manager"],"shelters":["RO-XX-01"]}:shelters:unknown'; do
	post /api/people "${bad%%\}:*}}"
	is "$status $(json '[.errors[] | .field + ":" + .code] | join(" ")')" "422 ${bad#*\}:}" "refused: ${bad%%\}:*}}"
done
get '/api/people?limit=1'
is "$(json -c '[[.people[].name],.next]')" '[["dan"],"dan"]' 'people come a page at a time'
get '/api/people?limit=1&cursor=dan'
is "$(json -c '[[.people[].name],.next]')" '[["eva"],null]' 'by name'
unlike "$body" 'argon2|password"' 'and no password comes along'
patch /api/people/dan '{"roles":["responder"]}'
is "$status $(json -c '[.roles,.shelters]')" '200 [["responder"],["RO-CJ-01"]]' 'roles change, what is not named stays'
patch /api/people/dan '{"shelters":["RO-CJ-02","RO-CJ-02"],"roles":["manager"]}'
is "$(json -c '[.roles,.shelters]')" '[["manager"],["RO-CJ-02"]]' 'shelters too'
patch /api/people/dan '{"shelters":["RO-XX-02"]}'
is "$status" 422 'only those that there are'
for what in /api/people/nobody /api/people/dan:sessions; do
	get "$what"
	is "$status" 404 "nobody is called ${what##*/}"
done
post /api/people/nobody/disable ''
is "$status" 404 'nor disabled'

# --- a password for one sign-in
with HTTP_IDEMPOTENCY_KEY=one
post /api/people '{"name":"ion","roles":["responder"]}'
ion=$(json .password)
with HTTP_IDEMPOTENCY_KEY=one
post /api/people '{"name":"ion","roles":["responder"]}'
is "$status $(json .password) $(header Idempotency-Replayed)" "201 $ion true" 'a repeated request gets the same answer'
token other --role admin
as other
with HTTP_IDEMPOTENCY_KEY=one
post /api/people '{"name":"ion","roles":["responder"]}'
is "$status" 422 'somebody else with the same key gets nothing of it'
unlike "$(sql .dump)" "$ion|$(printf %s "$ion" | od -An -tx1 | tr -d ' \n')" 'and the store does not know it'
enter dan "$first"
is "$status $(json -c '[.name,.choose_password]')" '200 ["dan",true]' 'the password signs in'
get /api/arrivals
is "$status" 403 'and opens nothing'
like "$(json .detail)" 'Choose a password' 'but says why'
get /arrivals
is "$status $(header Location)" '303 /account' 'a page leads to the one that it opens'
get /api/shelters
is "$status" 200 'what is for everybody stays so'
get /api/session
is "$(json .choose_password)" true 'who asks hears it'
get /account
like "$body" 'Choose your password.*The password that you were given' 'one page'
unlike "$body" 'Sign out everywhere|/arrivals' 'with nothing else on it'
csrf=$(field csrf)
del /api/account/sessions
is "$status" 403 'sessions are for later'
form /account/password csrf="$csrf" old="$first" new=short again=short
is "$status" 422 'a short one is refused'
like "$body" '<title>Problem.*href="#new">A password has at least 10' 'on the page, with the reason'
unlike "$body" "value=\"short|$first" 'and without what was typed'
form /account/password csrf="$csrf" old="$first" new='correct horse' again='correct house'
like "$status $body" '^422.*href="#again"' 'two that differ'
form /account/password csrf="$csrf" old=wrong new='correct horse' again='correct horse'
like "$status $body" '^422.*href="#old"' 'a wrong old one'
form /account/password csrf="$csrf" old="$first" new="$first" again="$first"
like "$status $body" '^422.*href="#new"' 'the same again'
form /account/password old="$first" new='correct horse' again='correct horse'
is "$status" 403 'only from our own page'
form /account/password csrf="$csrf" old="$first" new='correct horse' again='correct horse'
is "$status $(header Location)" '303 /account?done=password' 'a good one is taken'
cookie=$(header Set-Cookie)
get /api/arrivals
is "$status" 401 'the session before has ended'
who=("HTTP_COOKIE=${cookie%%;*}")
get /api/arrivals
is "$status" 200 'and a new one opens everything'
enter dan "$first"
is "$status" 401 'the first password is gone'
now=$((now + 8 * 86400000))
enter ion "$ion"
is "$status" 401 'one that nobody used within a week is none'

# --- disabled, reset
enter dan 'correct horse'
dan=("${who[@]}")
as admin
post /api/people/dan/disable ''
is "$status $(json .disabled_at)" "200 $now" 'an admin disables somebody'
who=("${dan[@]}")
get /api/arrivals
is "$status" 401 'who is out at once'
enter dan 'correct horse'
is "$status" 401 'and cannot come back'
as admin
post /api/people/dan/enable ''
is "$status $(json .disabled_at)" '200 null' 'until enabled'
enter dan 'correct horse'
is "$status" 200 'then he can'
dan=("${who[@]}")
as admin
del /api/people/dan/sessions
is "$status" 204 'an admin signs somebody out everywhere'
who=("${dan[@]}")
get /api/arrivals
is "$status" 401 'and that is so'
enter dan 'correct horse'
dan=("${who[@]}")
as admin
post /api/people/dan/password ''
is "$status" 200 'a password is made anew'
reset=$(json .password)
who=("${dan[@]}")
get /api/arrivals
is "$status" 401 'which ends all sessions, too'
enter dan 'correct horse'
is "$status" 401 'and the old password'
enter dan "$reset"
is "$status $(json .choose_password)" '200 true' 'the new one is for choosing again'

# --- the last admin
as admin
patch /api/people/eva '{"roles":["manager"]}'
is "$status" 409 'the last admin keeps the role'
post /api/people/eva/disable ''
is "$status" 409 'and stays enabled'
patch /api/people/dan '{"roles":["admin"]}'
patch /api/people/eva '{"roles":["manager","admin"]}'
post /api/people/eva/disable ''
is "$status" 200 'with another one it goes'
post /api/people/dan/disable ''
is "$status" 409 'but then that is the last'
post /api/people/eva/enable ''

# --- pages
sign_in eva
get /people
like "$body" '<h1>People</h1>.*href="/people/dan".*name="roles" value="responder" checked' 'the page lists and adds'
form /people csrf="$csrf" token=t1 name='<b>' roles=admin shelters=RO-XX-01
is "$status" 422 'a refused form comes back'
like "$body" 'href="#name".*href="#shelters".*value="&lt;b&gt;".*value="admin" checked.*value="RO-XX-01"' 'with all faults, and what was typed'
form /people csrf="$csrf" token=t2 name=maria roles=manager roles=publisher shelters='RO-CJ-01, RO-CJ-02'
is "$status" 201 'a good one shows the person'
like "$body" 'Password for maria.*class="id">[a-z2-9-]{23}<' 'and the password'
page=$body
form /people csrf="$csrf" token=t2 name=maria roles=manager roles=publisher shelters='RO-CJ-01, RO-CJ-02'
is "$status $body" "201 $page" 'a reload shows it again and makes nothing'
get /people/maria
like "$body" 'value="manager" checked.*value="publisher" checked.*value="RO-CJ-01, RO-CJ-02"' 'what she may do'
unlike "$body" 'value="admin" checked|Password for' 'and not more'
form /people/maria csrf="$csrf" _method=PATCH roles=responder shelters=
is "$status $(header Location)" '303 /people/maria?done=changed' 'saved'
is "$(get /api/people/maria; json -c '[.roles,.shelters]')" '[["responder"],[]]' 'as it was said'
form /people/maria csrf="$csrf" _method=PATCH shelters=
like "$status $body" '^422.*href="#roles"' 'without a role she would be nobody'
form /people/maria/disable csrf="$csrf" _method=POST
is "$status $(header Location)" '303 /people/maria?done=disabled' 'a button disables'
get '/people/maria?done=disabled'
like "$body" 'role="status">Disabled.*Disabled since.*>Enable<' 'and the page says so'
form /people/dan csrf="$csrf" _method=PATCH roles=manager shelters=
form /people/eva/disable csrf="$csrf" _method=POST
like "$status $body" '^409.*role="alert".*last admin.*value="admin" checked' 'the last admin is told why not'
form /people/eva csrf="$csrf" _method=PATCH roles=manager shelters=
like "$status $body" '^409.*last admin' 'whichever way'
form /people/maria/disable
is "$status" 403 'only from our own page'

# --- one's own
get /account
like "$body" '<h1>Your account.*None yet.*Change your password.*this one.*Sign out everywhere' 'everybody has an account page'
enter eva "$password"
get /api/account
is "$(json -c '[.name,.roles,.choose_password,.teams,(.sessions|length),([.sessions[].this]|sort)]')" \
	'["eva",["admin","manager"],false,[],2,[false,true]]' 'as JSON, too'
other=$(json -r '.sessions[] | select(.this | not) | .id')
del "/api/account/sessions/$other"
is "$status" 204 'one session ends alone'
del "/api/account/sessions/$other"
is "$status" 404 'once'
get /api/account
is "$(json '.sessions | length')" 1 'this one stays'
post /api/account/password "{\"old\":\"$password\",\"new\":\"ein zwei drei vier\"}"
is "$status" 204 'a password is changed as JSON'
cookie=$(header Set-Cookie)
who=("HTTP_COOKIE=${cookie%%;*}")
get /account
csrf=$(field csrf)
for _ in {1..10}; do post /api/account/password '{"old":"wrong","new":"fuenf sechs sieben"}'; done
is "$status" 422 'ten wrong ones are wrong ones'
post /api/account/password '{"old":"ein zwei drei vier","new":"fuenf sechs sieben"}'
is "$status" 429 'then one has to wait'
form /account/sessions csrf="$csrf" _method=DELETE
is "$status $(header Location)" '303 /session' 'signing out everywhere'
get /api/account
is "$status" 401 'is being out'
as admin
get /api/account
is "$(json -c '[.name,.sessions]')" '["admin",[]]' 'a program has no sessions'
post /api/account/password '{"old":"x","new":"0123456789"}'
is "$status" 403 'and no password'
as nobody
get /account
is "$status" 401 'nobody has no account'

unlike "$(cat "$stderr")" "$first|$reset|$ion|korrekt|correct horse" 'no password is in the log'
unlike "$(muster kv <<<'HGETALL audit')" "$first|$reset|$ion|korrekt|correct horse" 'nor in the audit log'
agrees 'muster check passes'
