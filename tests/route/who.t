#!/bin/bash
# who.t - who may do what: every row of the contract asked by everybody.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 195
declare -A sessions secrets
sessions[nobody]='' secrets[nobody]=''
roles='nobody publisher other manager admin'
token admin --role admin
shelter RO-CJ-01 '"capacity":1000'
shelter RO-CJ-02 '"capacity":1000'
shelter RO-CJ-09
token publisher --role publisher --role responder
token manager --role manager --shelter RO-CJ-01
token other --role manager --shelter RO-CJ-02

code() { local asks=("${who[@]}"); as nobody
	post /api/intents '{"shelter":"RO-CJ-01","people":2}'; code=$(json .code); who=("${asks[@]}"); }

# --- programs, with a token: one column for each of $roles
while read -r method path columns sent; do
	read -r -a wanted <<<"${columns//,/ }"
	for role in $roles; do
		[[ $path$sent = *CODE* ]] && code
		as "$role"
		if [ "$path" = /api/shelters/import ]; then
			send POST "$path?country=RO" text/csv $'name,county,capacity\nA,CJ,5\n'
		else
			send "$method" "${path/CODE/${code-}}" "${sent:+application/json}" "${sent/CODE/${code-}}"
		fi
		is "$status" "${wanted[0]}" "$role: $method ${path#/api} is ${wanted[0]}"
		wanted=("${wanted[@]:1}")
	done
done <<'END'
GET /api/shelters 200,200,200,200,200
GET /api/shelters/RO-CJ-01 200,200,200,200,200
GET /shelters.csv 200,200,200,200,200
GET /api/locations/city-CJ 200,200,200,200,200
GET /health 200,200,200,200,200
POST /api/shelters 401,403,403,403,201 {"id":"RO-CJ-05","name":"New"}
PATCH /api/shelters/RO-CJ-01 401,403,403,200,200 {"heating":true}
PATCH /api/shelters/RO-CJ-77 401,403,404,404,404 {"heating":true}
DELETE /api/shelters/RO-CJ-09 401,403,403,403,204
POST /api/shelters/import 401,403,403,403,200
POST /api/locations/zone-A 401,403,403,403,201 {"shelters":["RO-CJ-01"]}
DELETE /api/locations/zone-A/shelters/RO-CJ-01 401,403,403,403,204
POST /api/intents 201,201,201,201,201 {"shelter":"RO-CJ-01","people":1}
GET /api/intents/CODE 200,200,200,200,200
PATCH /api/intents/CODE 200,200,200,200,200 {"people":3}
DELETE /api/intents/CODE 204,204,204,204,204
POST /api/intents/CODE/reject 401,403,403,204,204 {"reason":"called"}
GET /api/arrivals 401,403,200,200,200
GET /api/arrivals/RO-CJ-01 401,403,403,200,200
GET /api/arrivals/RO-CJ-77 401,403,404,404,404
POST /api/arrivals 401,403,403,201,201 {"shelter":"RO-CJ-01","people":5}
POST /api/arrivals 401,403,403,201,201 {"intent":"CODE"}
POST /api/departures 401,403,403,201,201 {"shelter":"RO-CJ-01","people":1}
GET /api/session 401,200,200,200,200
DELETE /api/session 401,204,204,204,204
END
as nobody
get /api/arrivals
is "$(header WWW-Authenticate)" Bearer 'a refusal for want of a sign-in says how'
holds '.type == "/problems.html#sign-in"' 'as a problem'
with 'HTTP_AUTHORIZATION=Bearer 0123456789'
get /api/arrivals
is "$status" 401 'a token that is none is 401'
with 'HTTP_AUTHORIZATION=Bearer 0123456789'
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status" 401 'also where nobody needs one: a program should learn of it'
as publisher
get /api/arrivals
holds '.type == "/problems.html#forbidden"' 'not allowed is a problem of its own'
get /api/session
is "$(json -c .)" '{"name":"publisher","roles":["publisher","responder"]}' 'a program may ask who it is'
as manager
get /api/arrivals
is "$(json '.shelters[].id')" RO-CJ-01 'a manager sees the shelters given to them'
as admin
get /api/arrivals
is "$(json '.shelters | length')" 4 'an admin sees all'

# --- people, with a session: the same rules for forms
as nobody
for path in /arrivals /arrivals/RO-CJ-01; do
	get $path
	is "$status" 401 "nobody: $path is 401"
	like "$body" '<a class="go" href="/session' 'and shows the way to sign in'
done
for name in publisher other manager admin; do
	case $name in
	manager) set -- --shelter RO-CJ-01 ;;
	other) set -- --shelter RO-CJ-02 ;;
	*) set -- ;;
	esac
	role=${name/other/manager}
	user "p-$name" --role "$role" "$@"
done
while read -r path columns fields; do
	read -r -a wanted <<<"${columns//,/ }"
	for role in $roles; do
		[[ $path$fields = *CODE* ]] && code
		if [ ! "${sessions[$role]+x}" ]; then
			sign_in "p-$role"
			sessions[$role]=${who[0]#*=} secrets[$role]=$csrf
		fi
		who=("HTTP_COOKIE=${sessions[$role]}") csrf=${secrets[$role]}
		# shellcheck disable=SC2086
		form "${path/CODE/$code}" csrf="$csrf" ${fields/CODE/$code}
		is "$status" "${wanted[0]}" "$role: the form at $path is ${wanted[0]}"
		wanted=("${wanted[@]:1}")
	done
done <<'END'
/arrivals 401,403,403,303,303 shelter=RO-CJ-01 people=4
/arrivals 401,403,403,303,303 intent=CODE people=3
/departures 401,403,403,303,303 shelter=RO-CJ-01 people=1
/shelters/RO-CJ-01 401,403,403,303,303 _method=PATCH status=open
/shelters/RO-CJ-01 401,403,403,303,303 _method=PATCH occupancy=40
/intents/CODE/reject 401,403,403,303,303
/intents 303,303,303,303,303 shelter=RO-CJ-01 people=1
/intents/CODE 303,303,303,303,303 _method=PATCH people=1
/intents/CODE 303,303,303,303,303 _method=DELETE
END
who=("HTTP_COOKIE=${sessions[manager]}")
form /arrivals shelter=RO-CJ-01 people=1
is "$status" 403 'a form without its CSRF token is refused'
form /arrivals csrf="${secrets[admin]}" shelter=RO-CJ-01 people=1
is "$status" 403 'and with that of another session'
form /session _method=DELETE
is "$status" 403 'nobody else can sign you out'
post /api/arrivals '{"shelter":"RO-CJ-01","people":1}'
is "$status" 201 'JSON with the cookie needs none: another site cannot send it'
who=("HTTP_COOKIE=${sessions[admin]}")
for type in text/plain application/x-www-form-urlencoded multipart/form-data ''; do
	send POST /api/shelters/import?country=RO "$type" $'name,county\nForged,CJ\n'
	is "$status" 415 "nor what it could send: a list as '$type'"
done
post /api/teams '{"title":"Boats"}'
for type in text/plain application/x-www-form-urlencoded multipart/form-data ''; do
	send POST /api/teams/boats/members "$type" ''
	is "$status" 415 "nor an empty POST as '$type', where no body is needed"
done
send POST /api/teams/boats/members application/json '{}'
is "$status" 201 'JSON it can not'
