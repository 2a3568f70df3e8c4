#!/bin/bash
# pages.t - what people see: forms that work without a script, and hostile words.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 107
token admin --role admin
user ana --role admin
bad='<script>"'"'"'><img src=x onerror=alert(2)>&amp;<!--#include virtual="x" -->%s%n'
json_bad=$(jq -n --arg b "$bad" '$b')
as admin
post /api/shelters "{\"id\":\"RO-XX-01\",\"name\":$json_bad,\"address\":$json_bad,\"place\":$json_bad,\"capacity\":10,
	\"position\":{\"longitude\":23.59,\"latitude\":46.77},\"features\":[$json_bad],\"attributes\":{$json_bad:$json_bad},
	\"resources\":{$json_bad:{\"quantity\":5,\"unit\":\"<b onclick='x'\"},\"list\":[$json_bad]}}"
[ "$status" = 201 ] || bail 'no hostile shelter'
shelter RO-XX-02 '"capacity":100,"position":{"longitude":23.6,"latitude":46.77}'
post /api/locations/zone-X '{"shelters":["RO-XX-01"]}'
post /api/intents "{\"shelter\":\"RO-XX-01\",\"people\":2,\"name\":$(jq -n --arg b "${bad:0:60}" '$b'),
	\"needs\":[$(jq -n --arg b "${bad:0:90}" '$b')],\"phone\":\"+40 712/345\"}"
[ "$status" = 201 ] || bail 'no hostile intention'
code=$(json .code)

sane() # NAME: the page is one page, and every hostile word in it is text
{
	unlike "$body" '<(script>|img|b onclick)|<!--#include|onerror=alert\(2\)>|"'"'"'><' "$1: hostile words are text"
	is "$(grep -c '<h1' <<<"$body") $(grep -o '<html\|</html>\|<main\|</main>' <<<"$body" | xargs)" \
		'1 <html <main </main> </html>' "$1: it is one whole page with one heading"
}
sign_in ana
uri=$(uri "$bad")
while IFS='|' read -r wanted path name; do
	get "${path/CODE/$code}"
	is "$status" "$wanted" "$name: $wanted"
	sane "$name"
done <<END
200|/shelters/RO-XX-01|a shelter
200|/shelters?near=46.77,23.59|nearest
200|/shelters|all
200|/shelters?q=$uri|a place of that name
200|/shelters?near=46.77,23.59&need=$uri|a need
200|/shelters?location=zone-X|an area's ranking
422|/shelters?near=$uri&location=$uri&cursor=$uri|a refused search
200|/locations|areas
200|/locations/zone-X|an area
404|/locations/$uri|an area that is not there
404|/shelters/$uri|a shelter that is not there
200|/intents/CODE|a ticket
404|/intents/$uri|a code that is none
404|/intents?code=$uri|a code typed in
200|/arrivals|the desks
200|/arrivals/RO-XX-01|a desk
404|/arrivals/$uri|a desk that is not there
END
who=()
get "/session?next=$uri"
sane 'the sign-in'
get "/arrivals/$uri"
is "$status" 401 'a desk, for nobody: 401'
sane 'a desk, for nobody'
form /intents shelter=RO-XX-01 people="$bad" name="$bad" phone="$bad" needs="$bad"
is "$status" 422 'a refused announcement: 422'
sane 'a refused announcement'
form /intents shelter="$bad" people=1
sane 'an announcement to nowhere'
form /intents shelter=RO-XX-01 people=20 name="${bad:0:60}" needs="${bad:0:90}"
is "$status" 409 'no room: 409'
sane 'no room'
like "$body" 'name="name" value="&lt;script&gt;' 'which keeps what was typed for the other house'
get /api/shelters/RO-XX-01
unlike "$body" '[<>&]' 'as JSON no hostile word has its brackets either'
is "$(json .name)" "$bad" 'and means what was sent'
get "/shelters/RO-XX-01"
unlike "$body" 'href="(javascript|data):' 'no link runs anything'

# --- the server in front fills in the token
who=('MUSTER_SSI=1')
get /shelters/RO-XX-01
like "$body" 'name="token" value="<!--#echo var="request_id" -->">' 'a page that is cached leaves its token to the server in front'
is "$(grep -o '<!--#[a-z]*' <<<"$body" | sort | xargs)" '<!--#echo <!--#include' 'and so the banner; nothing else is a directive'
who=()

# --- "we are coming", without a script
get '/shelters/RO-XX-02?seats=3&need=wheelchair&need=power'
like "$body" 'id="people"[^>]*value="3"' 'the form starts with what was searched for'
like "$body" 'value="step-free" checked.*value="power" checked' 'needs too'
like "$body" '<form[^>]*method="post" action="/intents"[^>]*novalidate' 'and leaves judging to the server'
form /intents shelter=RO-XX-02 people=4 needs=step-free needs=medicine name=Ana phone='0712 345 678'
ticket=$(header Location)
like "$status $ticket" '^303 /intents/[0-9A-Z]{8}\?done=new$' 'the form leads to a ticket'
is "$body" '' 'with nothing to read on the way'
get "$ticket"
code=${ticket:9:8}
like "$body" '<p class="done" role="status">.*<h1>Your place is kept</h1>' 'which says that it worked'
like "$body" "<p class=\"code\">${code:0:4} ${code:4}</p>" 'shows the code in two halves'
like "$body" '<svg class="qr" viewBox="0 0 [0-9]+ [0-9]+" role="img" aria-label="[^"]+"><path d="M[0-9MhvzZ -]+"' 'and as a picture'
like "$body" 'Step-free way in, Medicine' 'tells the needs in words'
like "$body" '2 h 0 min from now' 'and how long the place is kept'
unlike "$body" 'Ana|0712' 'but not who they are: the ticket may be shown around'
get "/intents?code=${code,,}"
is "$status $(header Location)" "303 /intents/$code" 'a code typed in leads to its ticket'
get '/intents?code='
is "$status $(header Location)" '303 /#code' 'none leads back to where it is typed'
form "/intents/$code" _method=PATCH people=51
is "$status" 422 'a wrong number'
like "$body" '<title>Problem: Your place is kept' 'brings the ticket again, with the problem in its title'
like "$body" 'role="alert".*<a href="#people">.*<h1>.*aria-describedby="people-err"' 'on top, and at the field'
form "/intents/$code" _method=PATCH people=
is "$status" 422 'none is wrong as well'
form /intents shelter=RO-XX-01 people=8
other=$(header Location)
form "${other%\?*}" _method=PATCH people=20
is "$status" 409 'more than there is room for'
like "$body" 'There is no room for so many. Your 8 places are still kept' 'keeps what one has, and says so'
form "/intents/$code" _method=DELETE
is "$status $(header Location)" '303 /shelters/RO-XX-02?done=cancelled' 'cancelling leads back to the house'
get '/shelters/RO-XX-02?done=cancelled'
like "$body" 'Your place is cancelled' 'which thanks for it'
form "/intents/$code" _method=DELETE
is "$status" 404 'what has ended'
like "$body" '<h1>This code is not in use</h1>' 'has ended'

# --- refused: the same page, what was typed kept
form /intents shelter=RO-XX-02 people=400 name='Ana Pop' phone='call me' needs=pets
is "$status" 422 'a refused form is 422'
like "$body" '<title>Problem: House RO-XX-02 – muster</title>' 'the problem is in the title'
like "$body" '<main[^>]*>[[:space:]]*<div class="problem" role="alert" tabindex="-1" autofocus' 'the summary is on top'
like "$body" '<a href="#people">.*<a href="#phone">' 'every fault leads to its field'
like "$body" 'id="people"[^>]*value="400" aria-invalid="true" aria-describedby="people-err"' 'what was typed is kept'
like "$body" 'id="name"[^>]*value="Ana Pop">' 'also where it was right'
like "$body" 'id="phone"[^>]*value="call me" aria-invalid' 'where it was wrong'
like "$body" 'value="pets" checked' 'and what was ticked'
is "$(field shelter)" RO-XX-02 'it is still for the same house'
form /intents shelter=RO-XX-02 people=4 phone=+40-712 _method=PUT
is "$status" 303 'a method that a form cannot take is none'

# --- no room: another house in one press
form /intents shelter=RO-XX-01 people=4 needs=step-free name=Ana
is "$status" 409 'where there is no room'
like "$body" '<h1>Not enough room for 4 people</h1>' 'the page says so'
like "$body" 'Nothing was kept for you yet' 'and that nothing was done'
like "$body" 'href="/shelters/RO-XX-02".*name="shelter" value="RO-XX-02".*name="people" value="4".*name="needs" value="step-free".*name="name" value="Ana".*We go here' \
	'another house is one press away, with everything that was typed'
