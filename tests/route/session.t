#!/bin/bash
# session.t - signing in and out.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 80
token admin --role admin
shelter RO-CJ-01
shelter RO-CJ-02
user ana --role manager --role responder --shelter RO-CJ-01
user bob --role admin
enter() { post /api/session "{\"name\":\"$1\",\"password\":\"$2\"}"; }

# --- as JSON
as nobody
get /api/session
is "$status" 401 'nobody is signed in'
enter ana "$password"
is "$status $(json -c .)" '200 {"name":"ana","roles":["manager","responder"]}' 'with name and password one is'
cookie=$(header Set-Cookie)
like "$cookie" '^muster_session=[0-9a-f]{64}; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict$' \
	'by a cookie that scripts, other sites and plain lines never see'
is "$(header Cache-Control)" 'private, no-store' 'that no cache keeps'
who=("HTTP_COOKIE=a=b; ${cookie%%;*}; c=d")
get /api/session
is "$(json .name)" ana 'it is found among others'
get /api/arrivals/RO-CJ-01
is "$status" 200 'and opens what is hers'
get /api/arrivals/RO-CJ-02
is "$status" 403 'and nothing else'
enter ana "$password"
unlike "$(header Set-Cookie)" "${cookie%%;*}" 'each sign-in has a secret of its own'
secret=${cookie#*=} secret=${secret%%;*}
unlike "$(sqlite3 "$MUSTER_STATE/muster.db" .dump)" "$secret|$(printf %s "$secret" | od -An -tx1 | tr -d ' \n')" 'which the store does not know'
del /api/session
is "$status" 204 'signing out'
like "$(header Set-Cookie)" '^muster_session=; Path=/; Max-Age=0;' 'takes the cookie back'
get /api/arrivals
is "$status" 401 'and it opens nothing any more'
del /api/session
is "$status" 401 'who is out is out'
sign_in bob
now=$((now + 12 * 3600000 - 1))
get /api/arrivals
is "$status" 200 'a session lasts twelve hours'
now=$((now + 1))
get /api/arrivals
is "$status" 401 'and no longer'
sign_in bob
sqlite3 "$MUSTER_STATE/muster.db" "update hash set value = cast('publisher' as blob) where field = cast('roles' as blob)
	and key = (select id from key where name = cast('user:bob' as blob))"
get /api/arrivals
is "$status" 403 'a role that is taken away is gone at once'
sqlite3 "$MUSTER_STATE/muster.db" "delete from key where name = cast('user:bob' as blob)"
get /api/arrivals
is "$status" 401 'and so is a person'

# --- refused
as nobody
for try in "ana:wrong password" "nobody:$password" "ANA:$password" "ana:${password^^}" "ana:$password." "user/../ana:x"; do
	enter "${try%%:*}" "${try#*:}"
	is "$status $(header Set-Cookie)" '401 ' "no entry for ${try%%:*}"
	[ "${refusal=$body}" = "$body" ]
	is $? 0 'and nobody learns whether the name or the password is wrong'
done
post /api/session '{}'
is "$status $(json '[.errors[].field] | join(" ")')" '422 name password' 'both are needed'
post /api/session '{"name":"ana","password":["x"]}'
is "$status" 422 'and are texts'
now=$((now + 600000))
for i in {1..10}; do enter ana "wrong $i"; done
is "$status" 401 'ten wrong passwords are wrong passwords'
enter ana "$password"
is "$status $(header Retry-After)" '429 600' 'then even the right one has to wait'
with REMOTE_ADDR=198.51.100.7
enter ana "$password"
is "$status" 429 'from wherever'
now=$((now + 600000))
enter ana "$password"
is "$status" 200 'ten minutes later it is good again'
for i in {1..40}; do with REMOTE_ADDR="2001:db8::$i"; enter "name$i" x; done
with REMOTE_ADDR=2001:db8::77
enter ana "$password"
is "$status" 429 'who tries forty names from one network has to wait'
enter ana "$password"
is "$status" 200 'others do not'

# --- as a page
as nobody
get '/session?next=/arrivals/RO-CJ-01'
is "$status" 200 'the sign-in is a page'
like "$body" 'name="next" value="/arrivals/RO-CJ-01"' 'that knows where one wants to go'
form /session name=ana password="$password" next=/arrivals/RO-CJ-01
is "$status $(header Location)" '303 /arrivals/RO-CJ-01' 'and leads there'
form /session name=ana password="$password"
is "$(header Location)" /arrivals 'or to the desks'
for next in //evil.example /\\evil.example https://evil.example 'javascript:alert(1)' evil.example $'/a\r\nSet-Cookie: x' \
	'/\evil.example/a' $'/\t/evil.example' '/ /evil' / '' "/$(printf 'a%.0s' {1..200})"; do
	get "/session?next=$(uri "$next")"
	is "$(field next)" /arrivals "next=${next@Q} is not of this site: the page drops it"
	form /session name=ana password="$password" next="$next"
	unlike "$(header Location)" 'evil|script|Set|aaa' 'and so does the form'
done
form /session name='ana"><script>' password=wrong next=/arrivals
is "$status" 401 'a wrong password'
like "$body" '<title>Problem: Staff sign-in' 'brings the page again, with the problem in its title'
like "$body" 'role="alert".*do not go together.*<h1>' 'and on top'
like "$body" 'name="name"[^>]*value="ana&quot;&gt;&lt;script&gt;"' 'with the name that was typed, harmless'
unlike "$body" '>wrong|"wrong' 'and without the password'
form /session name= password=
is "$status" 422 'an empty form'
like "$body" '<title>Problem: Staff sign-in.*<a href="#name">.*<a href="#password">' 'is told what is missing'
with HTTPS=
get /session
like "$body" 'not encrypted' 'on a plain line the page warns: no browser would stay signed in'
sign_in ana
like "$body" 'Signed in as <b>ana</b>' 'who is signed in sees it'
get /session
is "$status $(header Location)" '303 /arrivals' 'and need not again'
form /session _method=DELETE csrf="$csrf"
is "$status $(header Location)" '303 /' 'the button signs out'
get /arrivals
is "$status" 401 'and that is it'

# --- what is secret stays so
unlike "$(cat "$stderr")" "$password|$secret|${tokens[admin]}" 'no secret is in the log'
unlike "$(sqlite3 "$MUSTER_STATE/muster.db" 'select cast(value as text) from hash')" "$password|${tokens[admin]}" 'nor in the store'
like "$(sqlite3 "$MUSTER_STATE/muster.db" 'select cast(value as text) from hash')" '.argon2id.v=19.m=65536' 'where passwords are Argon2id'
