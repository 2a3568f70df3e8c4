#!/bin/bash
# door.t - arrivals and departures: what staff count at the door, and their desk.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 96
token admin --role admin
shelter RO-CJ-01 '"capacity":20'
shelter RO-CJ-02 '"capacity":20'
shelter RO-CJ-03
shelter RO-CJ-04 '"capacity":20'
token ana --role manager --shelter RO-CJ-01 --shelter RO-CJ-02 --shelter RO-CJ-03
user ana --role manager --shelter RO-CJ-01 --shelter RO-CJ-02
numbers() { get "/api/shelters/$1"; json '[.occupancy,.expected,.availability,.projected_availability] | join(" ")'; }
announce() { as nobody; post /api/intents "{\"shelter\":\"$1\",\"people\":$2,\"name\":\"Ion\",\"phone\":\"0712\"}"; code=$(json .code); as ana; }

# --- as JSON
announce RO-CJ-01 4
post /api/arrivals "{\"intent\":\"$code\"}"
is "$status" 201 'who announced themselves came'
is "$(json -c .)" "{\"shelter\":\"RO-CJ-01\",\"people\":4,\"occupancy\":4,\"expected\":0,\"availability\":16,\"projected_availability\":16,\"confirmed_at\":$now}" \
	'and the answer tells all numbers'
post /api/arrivals "{\"intent\":\"$code\"}"
is "$status" 404 'nobody comes twice on one code'
announce RO-CJ-01 4
post /api/arrivals "{\"intent\":\"${code,,}\",\"people\":2}"
is "$(json '[.people,.occupancy,.expected] | join(" ")')" '2 6 0' 'fewer came: the others are no longer expected'
announce RO-CJ-01 2
post /api/arrivals "{\"intent\":\" ${code:0:4} ${code:4}\",\"people\":7}"
is "$(json '[.people,.occupancy,.expected] | join(" ")')" '7 13 0' 'more came: all of them are inside'
post /api/arrivals '{"shelter":"RO-CJ-01","people":9}'
is "$(json '[.occupancy,.availability,.projected_availability] | join(" ")')" '22 -2 -2' \
	'a walk-in is never turned away by a number'
get /api/shelters/RO-CJ-01
holds '.availability == -2 and .occupancy == 22' 'and everybody sees that it is over'
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
like "$status $(json .detail)" '^409 .* has 0 places left' 'where nobody more is sent'
announce RO-CJ-02 6
post /api/arrivals "{\"intent\":\"$code\",\"shelter\":\"RO-CJ-03\",\"people\":5}"
is "$status $(json '[.shelter,.people,.occupancy] | join(" ")')" '201 RO-CJ-03 5 5' 'who comes to another door is counted there'
is "$(numbers RO-CJ-02)" '0 0 20 20' 'and the places kept elsewhere return'
post /api/departures '{"shelter":"RO-CJ-03","people":5}'
announce RO-CJ-02 6
post /api/arrivals "{\"intent\":\"$code\",\"shelter\":\"RO-CJ-04\"}"
is "$status" 403 'not at a door that is not mine'
is "$(numbers RO-CJ-02)" '0 6 20 14' 'then nothing has changed'
del "/api/intents/$code"
post /api/departures '{"shelter":"RO-CJ-01","people":20}'
is "$status $(json '[.occupancy,.availability] | join(" ")')" '201 2 18' 'who left makes room'
post /api/departures '{"shelter":"RO-CJ-01","people":3}'
is "$status $(json .type)" '409 /problems.html#conflict' 'more cannot leave than are inside'
is "$(numbers RO-CJ-01)" '2 0 18 18' 'and nothing was counted'
post /api/arrivals '{"shelter":"RO-CJ-03","people":5}'
is "$(json -c '[.occupancy,.availability]')" '[5,null]' 'where places are not known people are counted all the same'
while IFS='|' read -r wanted path sent; do
	[[ $sent = *CODE* ]] && announce RO-CJ-01 1
	post "/api/$path" "${sent/CODE/$code}"
	is "$status $(json '[.errors[]?.field] | join(" ")')" "$wanted" "$path of $sent: $wanted"
done <<'END'
422 people|arrivals|{"shelter":"RO-CJ-01"}
422 people|arrivals|{"shelter":"RO-CJ-01","people":0}
422 people|arrivals|{"shelter":"RO-CJ-01","people":10001}
422 people|arrivals|{"shelter":"RO-CJ-01","people":"4"}
422 shelter|arrivals|{"people":1}
422 people shelter|arrivals|{}
422 shelter|arrivals|{"shelter":"RO-CJ-99","people":1}
403 |arrivals|{"shelter":"RO-CJ-04","people":1}
404 intent|arrivals|{"intent":"0000000A"}
404 intent|arrivals|{"intent":"what?"}
422 intent|arrivals|{"intent":7}
422 people|arrivals|{"intent":"CODE","people":0}
422 people|departures|{"shelter":"RO-CJ-01"}
422 people|departures|{"shelter":"RO-CJ-01","people":-1}
422 shelter|departures|{"people":1}
403 |departures|{"shelter":"RO-CJ-04","people":1}
END
announce RO-CJ-04 1
post /api/arrivals "{\"intent\":\"$code\"}"
is "$status" 403 'a code of another house is not yours to confirm'
as nobody
get "/api/intents/$code"
is "$status" 200 'and stays'

# --- what a desk reads
announce RO-CJ-02 3
get /api/arrivals/RO-CJ-02
holds '.shelter.id == "RO-CJ-02" and .shelter.expected == 3' 'the desk of a shelter as JSON'
is "$(json -c '.intents[0] | [.code,.people,.name,.phone]')" "[\"$code\",3,\"Ion\",\"0712\"]" 'tells staff who is on the way'
get /api/shelters/RO-CJ-02
unlike "$body" 'Ion|0712' 'which nobody else reads'
now=$((now + 7200000))
get /api/arrivals/RO-CJ-02
is "$(json '.intents | length')" 0 'whose time is over is on no list'
get /api/arrivals
is "$(json '[.shelters[].id] | join(" ")')" 'RO-CJ-02 RO-CJ-01 RO-CJ-03' 'the house whose number is oldest comes first'
agrees 'everything agrees'

# --- many at once
as ana
before=$(numbers RO-CJ-02)
for _ in {1..12}; do
	post /api/arrivals '{"shelter":"RO-CJ-02","people":4}' &
done
wait
is "$before -> $(numbers RO-CJ-02)" '0 3 20 17 -> 48 0 -28 -28' 'twelve times +4 at one moment are 48'
as nobody
for _ in {1..12}; do
	post /api/intents '{"shelter":"RO-CJ-04","people":3}' &
done
wait
is "$(numbers RO-CJ-04)" '0 18 20 2' 'and who asks for the last places at one moment does not get them twice'
agrees 'everything agrees'

# --- the desk as a page
announce RO-CJ-01 3
sign_in ana
get /arrivals/RO-CJ-01
is "$status" 200 'the desk is a page'
is "$(header Cache-Control)" 'private, no-store' 'that no cache keeps'
like "$body" "${code:0:4} ${code:4}" 'with the codes on their way'
like "$body" 'Ion · <a href="tel:0712">0712</a>' 'who they are and how to reach them'
token1=$(field token)
unlike "$token1" "^$(get /arrivals/RO-CJ-01; field token)$" 'each form of each page has a token of its own'
form /arrivals csrf="$csrf" token="$token1" shelter=RO-CJ-01 people=4
is "$status $(header Location)" '303 /arrivals/RO-CJ-01?done=came&people=4' '+4 leads back to the desk'
is "$(numbers RO-CJ-01)" '6 3 14 11' 'and is counted'
form /arrivals csrf="$csrf" token="$token1" shelter=RO-CJ-01 people=4
is "$status $(numbers RO-CJ-01)" '303 6 3 14 11' 'a reload is not'
form /arrivals csrf="$csrf" token="$token1" shelter=RO-CJ-01 people=1
is "$(numbers RO-CJ-01)" '7 3 13 10' 'another button is'
get '/arrivals/RO-CJ-01?done=came&people=1'
like "$body" '<b>Counted: 1 more inside.</b> Now 7 people are inside' 'the desk tells what it counted'
like "$body" 'action="/departures">.*name="people" value="1">.*Undo' 'and how to undo it'
form /departures csrf="$csrf" token="undo-this-one-token" shelter=RO-CJ-01 people=1
is "$status $(header Location)" '303 /arrivals/RO-CJ-01?done=left&people=1' 'undone'
is "$(numbers RO-CJ-01)" '6 3 14 11' 'it is as before'
get '/arrivals/RO-CJ-01?done=left&people=1'
like "$body" 'action="/arrivals">.*Undo' 'which can be undone in its turn'
get '/arrivals/RO-CJ-01?done=came&people=<script>'
unlike "$body" 'Counted|<script>' 'a made-up notice is none'
form /arrivals csrf="$csrf" shelter=RO-CJ-01 intent="${code,,}" people=
is "$status $(numbers RO-CJ-01)" '303 9 0 11 11' 'a code typed in: as many as announced'
form /arrivals csrf="$csrf" shelter=RO-CJ-01 intent='K7M2 9QXX' people=5
is "$status" 404 'a wrong code'
like "$body" '<title>Problem: Desk: House RO-CJ-01' 'brings the desk again, with the problem in its title'
like "$body" '<main[^>]*>[[:space:]]*<div class="problem" role="alert"' 'on top'
like "$body" 'name="intent"[^>]*value="K7M2 9QXX".*name="people"[^>]*value="5"' 'and with what was typed'
is "$(numbers RO-CJ-01)" '9 0 11 11' 'nobody was counted'
form /arrivals csrf="$csrf" shelter=RO-CJ-01 intent='' people=5
is "$status" 422 'no code is no walk-in'
is "$(numbers RO-CJ-01)" '9 0 11 11' 'nobody was counted'
form /arrivals csrf="$csrf" shelter=RO-CJ-01 people=many
is "$status" 422 'no number'
like "$body" '<title>Problem: Desk: House RO-CJ-01.*role="alert".*<h1>House RO-CJ-01</h1>' 'brings the desk too'
announce RO-CJ-01 2
sign_in ana
form /arrivals csrf="$csrf" intent="$code" people=0
is "$status" 422 'a row of the list with a wrong number'
like "$body" '<title>Problem: Desk: House RO-CJ-01' 'brings its desk'
form "/intents/$code/reject" csrf="$csrf" people=2
is "$status $(header Location)" '303 /arrivals/RO-CJ-01?done=rejected' '"not coming" leads back to the desk'
is "$(numbers RO-CJ-01)" '9 0 11 11' 'and frees the places'
get '/arrivals/RO-CJ-01?done=rejected'
like "$body" 'They are not coming|they are not coming' 'which says so'
like "$body" 'Nobody has said that they are coming' 'and that nobody is on the way'
form /departures csrf="$csrf" shelter=RO-CJ-01 people=10
is "$status" 409 'more cannot leave than are inside'
like "$body" '10 cannot leave: 9 people are inside.*href="/arrivals/RO-CJ-01"' 'says the page, and leads back to the desk'
form /departures csrf="$csrf" shelter=RO-CJ-01 people=
is "$status" 422 'how many left must be said'
like "$body" '<title>Problem: .*href="/arrivals/RO-CJ-01"' 'with the problem in the title'

# --- counted, and what it is
now=$((now + 7200000))
get /arrivals/RO-CJ-01
like "$body" 'class="late">Unconfirmed: last confirmed 2 h ago' 'after an hour a number is unconfirmed'
form /shelters/RO-CJ-01 csrf="$csrf" _method=PATCH occupancy=9
is "$status $(header Location)" '303 /arrivals/RO-CJ-01?done=counted' 'counting confirms it'
get '/arrivals/RO-CJ-01?done=counted'
like "$body" '<b>Confirmed:</b> 9 people are inside.*class="age">Confirmed just now' 'for all to see'
form /shelters/RO-CJ-01 csrf="$csrf" _method=PATCH occupancy=12
is "$(numbers RO-CJ-01)" '12 0 8 8' 'another number corrects it'
form /shelters/RO-CJ-01 csrf="$csrf" _method=PATCH occupancy=-1
is "$status $(numbers RO-CJ-01)" '422 12 0 8 8' 'none that cannot be'
form /shelters/RO-CJ-01 csrf="$csrf" _method=PATCH status=full
is "$status $(header Location)" '303 /arrivals/RO-CJ-01?done=status' 'staff say that it is full'
get /shelters/RO-CJ-01
like "$body" 'class="st full">Full' 'and everybody sees it'
unlike "$body" 'id="come"' 'nobody can announce themselves any more'
like "$body" 'takes nobody in now' 'and is told why'
form /shelters/RO-CJ-01 csrf="$csrf" _method=PATCH status=packed
is "$status" 422 'only what it can be'
form /shelters/RO-CJ-01 csrf="$csrf" _method=PATCH name=Mine
is "$status" 422 'a form changes nothing else'
form /shelters/RO-CJ-04 csrf="$csrf" _method=PATCH status=closed
is "$status" 403 'nor another house'
get /arrivals/RO-CJ-04
is "$status" 403 'nor is its desk shown'
get '/arrivals?shelter=RO-CJ-01'
is "$status $(header Location)" '303 /arrivals/RO-CJ-01' 'a desk can be asked for by its id'
get /arrivals
like "$body" '<h1>My shelters</h1>' 'my shelters are a page'
like "$body" 'href="/arrivals/RO-CJ-02".*href="/arrivals/RO-CJ-01"' 'those first that need a look'
unlike "$body" 'RO-CJ-04' 'and only mine'
agrees 'everything agrees'
