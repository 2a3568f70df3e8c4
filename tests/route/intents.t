#!/bin/bash
# intents.t - "we are coming, 4 people": from the announcement to its end.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 102
token admin --role admin
near='"position":{"longitude":23.59,"latitude":46.77}'
shelter RO-CJ-01 "\"capacity\":10,$near"
shelter RO-CJ-02 '"capacity":100,"position":{"longitude":23.60,"latitude":46.77}'
shelter RO-CJ-03 '"capacity":3,"position":{"longitude":23.61,"latitude":46.77}'
shelter RO-CJ-04 '"capacity":100,"status":"closed","position":{"longitude":23.595,"latitude":46.77}'
shelter RO-CJ-05 '"position":{"longitude":23.592,"latitude":46.77}'
for i in 6 7 8; do shelter "RO-CJ-0$i" "\"capacity\":$i,\"position\":{\"longitude\":23.70$i,\"latitude\":46.77}"; done
numbers() { get "/api/shelters/$1"; json '[.occupancy,.expected,.availability,.projected_availability] | join(" ")'; }

# --- announced
post /api/intents '{"shelter":"RO-CJ-01","people":4,"needs":["step-free","medicine"],"name":"Ana","phone":"+40 712 345-678"}'
is "$status" 201 'anybody may say that they are coming'
code=$(json .code)
like "$code" '^[0-9A-HJKMNP-TV-Z]{8}$' 'and gets a code that can be read out'
is "$(header Location)" "/api/intents/$code" 'with its address'
is "$(header Cache-Control)" 'private, no-store' 'which no cache keeps'
is "$(json '[keys[]] | join(" ")')" \
	'availability code created_at expires_at needs people projected_availability shelter' 'no name comes back, only what is needed'
holds ".expires_at == $((now + 7200000)) and .created_at == $now" 'it ends by itself after two hours'
holds '.availability == 10 and .projected_availability == 6' 'what is announced is projected, not inside'
is "$(numbers RO-CJ-01)" '0 4 10 6' 'and so everybody reads it'
get "/api/intents/$code"
is "$status" 200 'who holds the code may look'
holds '.people == 4 and .needs == "step-free, medicine"' 'at what was announced'
post /api/intents '{"shelter":"RO-CJ-02","people":1,"needs":"a quiet corner"}'
is "$(json .needs)" 'a quiet corner' 'needs may be one text'
post /api/intents '{"shelter":"RO-CJ-05","people":50}'
is "$status $(json -c '[.availability,.projected_availability]')" '201 [null,null]' \
	'where the places are not known everybody is taken'
post /api/intents '{"shelter":"RO-CJ-02","people":50.0}'
is "$status" 201 '50.0 is a whole number'
while IFS='|' read -r field bad; do
	post /api/intents "{\"shelter\":\"RO-CJ-02\",\"people\":1,$bad}"
	is "$status $(json '[.errors[].field] | join(" ")')" "422 $field" "refused: $bad"
done <<END
people|"people":0
people|"people":51
people|"people":-1
people|"people":1.5
people|"people":"4"
people|"people":null
people|"people":true
shelter|"shelter":"RO-CJ-99"
shelter|"shelter":""
shelter|"shelter":["RO-CJ-02"]
phone|"phone":"call me"
phone|"phone":"12"
phone|"phone":"1234567890123456"
phone|"phone":"07+12345"
name|"name":"$(printf 'a%.0s' {1..81})"
name|"name":"a\u0007b"
needs|"needs":{"a":1}
needs|"needs":["1","2","3","4","5","6","7","8","9"]
END

# --- the code as people type it
typed=$(tr 'A-Z01' 'a-zol' <<<"$code")
for as_typed in "${code,,}" "${typed:0:4}-${typed:4}" "%20${typed:0:2}%20${typed:2:4}%20${typed:6}%20" "${code:0:4}.${code:4}"; do
	get "/api/intents/$as_typed"
	is "$status $(json .code)" "200 $code" "typed as $as_typed it is the same code"
done
get "/api/intents/${code:0:7}"
is "$status" 404 'a part of it is none'
get "/api/intents/${code}0"
is "$status" 404 'nor is more than it'
wrong=${code:1:1}${code:0:1}${code:2}
[ "$wrong" = "$code" ] && wrong=${code:0:1}${code:2:1}${code:1:1}${code:3}
get "/api/intents/$wrong"
is "$status" 404 'two letters swapped are no code'
refusal=$body

# --- changed
patch "/api/intents/$code" '{"people":6}'
is "$status" 200 'they are more now'
holds '.people == 6 and .projected_availability == 4' 'and the places follow'
patch "/api/intents/$code" '{"people":2}'
holds '.people == 2 and .projected_availability == 8' 'or fewer'
holds ".expires_at == $((now + 7200000))" 'the time stays'
patch "/api/intents/$code" '{"people":11}'
is "$status $(json .type)" '409 /problems.html#conflict' 'not more than there is room for'
is "$(json '[.alternatives[].id] | join(" ")')" 'RO-CJ-02' 'but here is who has it'
is "$(numbers RO-CJ-01)" '0 2 10 8' 'and nothing was lost'
patch "/api/intents/$code" '{"people":10}'
is "$status" 200 'all the room is room'
for sent in '{}' '{"people":0}' '{"people":51}' '{"people":"2"}'; do
	patch "/api/intents/$code" "$sent"
	is "$status $(json '.errors[0].field')" '422 people' "refused: $sent"
done

# --- no room
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status" 409 'who comes next is told that it is full'
is "$(json '[.alternatives[].id] | join(" ")')" 'RO-CJ-02 RO-CJ-03 RO-CJ-06' \
	'with the three nearest that fit: open, known, with room'
holds '[.alternatives[].distance] | . == sort and .[0] > 700 and .[0] < 800' 'and how far they are'
post /api/intents '{"shelter":"RO-CJ-01","people":9}'
is "$(json '[.alternatives[].id] | join(" ")')" RO-CJ-02 'that fit all of them'
patch "/api/intents/$code" '{"people":2}'
for closed in full closed; do
	as admin
	patch /api/shelters/RO-CJ-01 "{\"status\":\"$closed\"}"
	as nobody
	post /api/intents '{"shelter":"RO-CJ-01","people":1}'
	is "$status" 409 "a $closed shelter takes nobody, whatever its numbers say"
	like "$(json .detail)" "$closed" 'and says so'
	is "$(json '.alternatives | length')" 3 'with others that do'
	patch "/api/intents/$code" '{"people":1}'
	is "$status" 200 'who is announced may still become fewer'
	patch "/api/intents/$code" '{"people":2}'
	is "$status" 409 'but not more'
done
as admin
patch /api/shelters/RO-CJ-01 '{"status":"standby"}'
as nobody
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status" 201 'on standby it may be announced to'
del "/api/intents/$(json .code)"

# --- cancelled, rejected
patch "/api/intents/$code" '{"people":4}'
del "/api/intents/$code"
is "$status:$body" 204: 'who does not come can say so'
is "$(numbers RO-CJ-01)" '0 0 10 10' 'and the places are free'
for method in GET PATCH DELETE; do
	send $method "/api/intents/$code" application/json '{"people":1}'
	is "$status $body" "404 $refusal" "$method of an ended code looks like that of a wrong one"
done
post /api/intents '{"shelter":"RO-CJ-01","people":3,"phone":"0712345678"}'
code=$(json .code)
as admin
post "/api/intents/$code/reject" '{"reason":"they called: staying with friends"}'
is "$status:$body" 204: 'staff may note that they are not coming'
is "$(numbers RO-CJ-01)" '0 0 10 10' 'and the places are free'
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1"; }
like "$(sql 'select cast(value as text) from hash')" 'they called: staying with friends' 'the reason is kept'
like "$(sql 'select cast(value as text) from hash')" '"by":"admin"' 'with who noted it'
is "$(sql "select count(*) from key where name = 'intent:$code'")" 0 'the announcement is gone'
dispatch
unlike "$(sql 'select cast(value as text) from hash')" 0712345678 'and the phone number with it'
post "/api/intents/$code/reject" '{}'
is "$status" 404 'nobody is rejected twice'
post /api/intents '{"shelter":"RO-CJ-01","people":3}'
code=$(json .code)
send POST "/api/intents/$code/reject" '' ''
is "$status" 204 'a reason is not needed'
as nobody

# --- over
post /api/intents '{"shelter":"RO-CJ-01","people":10}'
code=$(json .code)
now=$((now + 7199999))
get "/api/intents/$code"
is "$status" 200 'until its last millisecond it lives'
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status" 409 'and holds its places'
now=$((now + 1))
get "/api/intents/$code"
is "$status $body" "404 $refusal" 'then it is over, whether or not anybody swept'
as admin
post /api/arrivals "{\"intent\":\"$code\"}"
is "$status" 404 'and no longer confirmed'
as nobody
post /api/intents '{"shelter":"RO-CJ-01","people":10}'
is "$status" 201 'its places are there for the next, before any sweep'
is "$(numbers RO-CJ-01)" '0 10 10 0' 'counted once'
now=$((now + 7200000))
is "$(numbers RO-CJ-01)" '0 10 10 0' 'where nobody writes'
dispatch
is "$(numbers RO-CJ-01)" '0 0 10 10' 'the dispatcher ends it'
is "$(numbers RO-CJ-05)" '0 0  ' 'everywhere'
is "$(jq .sequence "$MUSTER_STATE/live/head.json")" "$(sql 'select value from sequence')" \
	'and tells pages that wait that there is something new'
dispatch
is "$?" 0 'with nothing to do it does nothing'
agrees 'everything agrees'

# --- kept secret
unlike "$(cat "$stderr")" "$code|0712345678|Ana" 'no code, name or number is in the log'

# --- guessed
guess() { with "REMOTE_ADDR=$1"; get "/api/intents/0000000$((RANDOM % 9))"; }
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
code=$(json .code)
now=$((now + 60000))
for i in {1..30}; do guess 198.51.100.7; done
is "$status" 404 'thirty wrong codes are wrong codes'
guess 198.51.100.7
is "$status $(header Retry-After)" '429 60' 'then one has to wait, and is told how long'
holds '.type == "/problems.html#too-many"' 'as a problem'
with REMOTE_ADDR=198.51.100.7
get "/api/intents/$code"
is "$status" 429 'also with a right one: a guess must not pay'
with REMOTE_ADDR=198.51.100.7
get "/intents/$code"
is "$status" 429 'on the page too'
with REMOTE_ADDR=198.51.100.7
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status" 201 'announcing is no guess'
get "/api/intents/$code"
is "$status" 200 'others are not kept waiting'
for i in {1..30}; do guess "2001:db8:1:2::$i"; done
guess 2001:db8:1:2:ffff::1
is "$status" 429 'a network of IPv6 is one guesser, however many addresses it has'
guess 2001:db8:1:3::1
is "$status" 404 'its neighbour is another'
for i in {1..40}; do with REMOTE_ADDR=203.0.113.9; get "/api/intents/$code"; done
is "$status" 200 'right codes are never too many: a shelter has one address'
now=$((now + 60000))
guess 198.51.100.7
is "$status" 404 'after a minute one may try again'
