#!/bin/bash
# main.t - the main path through the real site, and what a browser's cache is told.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 53
start DEMO=1
password='korrekt horse'
muster user add ana --role manager --shelter RO-CJ-01 <<<"$password" || bail 'no user'

# --- a citizen: search, announce, ticket
get '/shelters?near=46.77,23.59&seats=4&open=1'
is "$status" 200 'a search answers'
like "$body" 'href="/shelters/RO-CJ-01' 'the search leads to a shelter'
get /api/shelters/RO-CJ-01
places=$(json .availability) left=$(json .projected_availability)
is "$((places - left))" "$(json .expected)" 'both numbers are there, and differ by those on their way'
get /shelters/RO-CJ-01
is "$status" 200 'the page of a shelter'
like "$body" '<form[^>]*action="/intents"' 'it has a form to announce with'
token=$(field token)
like "$token" '^[0-9a-f]{32}$' 'nginx has filled in a token for one use'
unlike "$body" '<!--#' 'no directive is left for the reader'
form /intents shelter=RO-CJ-01 people=4 needs=step-free needs=power name=Ioana 'phone=0712 345 678' token="$token"
is "$status" 303 'announcing leads on'
ticket=$(header Location)
like "$ticket" '^/intents/[0-9A-HJKMNP-TV-Z]{8}\?done=new$' 'to the ticket'
get "$ticket"
is "$status" 200 'the ticket is shown'
code=${ticket#/intents/} code=${code%%\?*}
like "$body" "${code:0:4} ${code:4}" 'with the code to read out'
like "$body" '<svg class="qr"' 'and as a picture'
sleep 1.1                                # the micro-cache
get /api/shelters/RO-CJ-01
is "$(json .availability),$(json .projected_availability)" "$places,$((left - 4))" 'announcing moves the second number alone'

# (b) of the two big ones: the same form again
form /intents shelter=RO-CJ-01 people=4 needs=step-free needs=power name=Ioana 'phone=0712 345 678' token="$token"
like "$(header Location)" "^/intents/$code" 'a reload of the form is the same intention'
form /intents shelter=RO-CJ-01 people=5 name=Ioana token="$token"
like "$(header Location)" "^/intents/$code\?done=again" 'back and another number is the same intention too'
presses=()
for _ in 1 2 3 4 5 6 7 8; do
	form /intents shelter=RO-CJ-01 people=4 name=Ioana token="$token" &
	presses+=($!)
done
wait "${presses[@]}"
sleep 1.1
get /api/shelters/RO-CJ-01
is "$(json .projected_availability)" "$((left - 4))" 'and eight at once take no more places'

# --- staff: sign in, confirm
form /session name=ana password="$password" next=/arrivals/RO-CJ-01
is "$status $(header Location)" '303 /arrivals/RO-CJ-01' 'signing in leads to the desk'
cookie=$(header Set-Cookie)
like "$cookie" 'HttpOnly' 'the cookie is out of reach of scripts'
like "$cookie" 'Secure' 'the cookie goes over TLS alone'
like "$cookie" 'SameSite=Strict' 'and not along from other sites'
who=(-H "Cookie: ${cookie%%;*}")
get /arrivals/RO-CJ-01
is "$status" 200 'the desk opens'
like "$body" 'Ioana' 'the desk shows who is on the way'
csrf=$(field csrf) token=$(field token)
form /arrivals intent="$code" people=3 token="$token"
is "$status" 403 'without the token of the session nothing is confirmed'
form /arrivals intent="$code" people=3 csrf="$csrf" token="$token"
is "$status" 303 'confirming leads back to the desk'
form /arrivals intent="$code" people=3 csrf="$csrf" token="$token"
is "$status $(header Idempotency-Replayed)" '303 true' 'a reload confirms nobody twice'
get "$(header Location)"
like "$body" 'Counted: 3 more inside' 'the desk says what was counted'
as nobody
sleep 1.1
get /api/shelters/RO-CJ-01
is "$(json .availability),$(json .projected_availability)" "$((places - 3)),$((left - 3))" 'both numbers moved'
get "/intents/$code"
is "$status" 404 'the ticket has ended'
get /arrivals/RO-CJ-01
is "$status" 401 'the desk is for staff'
checks 'everything agrees'

# --- static pages
get /
is "$status" 200 'the front page'
like "$body" '<form' 'with the search'
like "$(header Content-Type)" '^text/html' 'as HTML'
get /style.css
is "$status $(header Content-Type | cut -d ';' -f 1)" '200 text/css' 'the stylesheet'
with -H 'Accept-Encoding: gzip'
get /style.css
is "$(header Content-Encoding)" gzip 'packed where that is understood'
get /favicon.svg
is "$status" 200 'the icon'
get /robots.txt
is "$status" 200 'robots.txt'
get /nothing-here
is "$status" 404 'an address without anything'
like "$body" '<h1>' 'has a page of its own'
get /..%2f..%2fetc/passwd
like "$status" '^40[04]$' 'nothing outside of www is served'
if [ -e www/openapi.json ]; then
	get /openapi.json
	is "$status $(header Content-Type | cut -d ';' -f 1)" '200 application/json' 'openapi.json'
else
	judge 0 'openapi.json # SKIP not written yet'
fi

# --- HEAD and 304
for path in /api/shelters/RO-CJ-02 '/api/shelters?location=city-CJ' /shelters.csv /style.css; do
	get "$path"
	tag=$(header ETag) length=$size
	with -I
	get "$path"
	is "$status $size $(header Content-Length)" "200 0 $length" "HEAD $path has no body, only its length"
	with -H "If-None-Match: $tag"
	get "$path"
	is "$status $size" '304 0' "304 for $path"
done
get /health
is "$status $(json .status)" '200 ok' 'health'
get '/api/shelters?location=city-CJ&limit=3'
holds '.shelters | length == 3' 'a page of three'
get "/api/shelters?location=city-CJ&limit=3&cursor=$(jq -rn --arg c "$(json .next)" '$c | @uri')"
holds '.shelters | length > 0' 'its cursor leads on'
get '/shelters?q=cluj-napoca'
like "$body" 'RO-CJ-01' 'a town is found by its name'
