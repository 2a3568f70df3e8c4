#!/bin/bash
# rules.t - what holds at every address: refusals, their shape, their status.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 105
token admin --role admin
shelter RO-CJ-01 '"capacity":10'

problem() { holds "keys - [\"type\",\"title\",\"status\",\"detail\",\"errors\"] == [] and .status == $status
	and .type == \"/problems.html#$1\" and (.title | length > 0)" "$2"; }

# --- 404, 405
get /api/shelters/RO-CJ-99
is "$status" 404 'a shelter that is not there is 404'
problem not-found 'and the answer is a problem of RFC 9457'
is "$(header Content-Type)" application/problem+json 'with its media type'
is "$(header Cache-Control)" 'private, no-store' 'and no cache keeps it'
get /shelters/RO-CJ-99
is "$status" 404 'its page is 404 too'
like "$(header Content-Type)" '^text/html' 'and the answer is a page'
for path in shelters/RO-CJ-01/more shelters.xml shelters/ health/x locations/a/b; do
	get "/api/$path"
	is "$status" 404 "there is nothing at /$path"
done
get /api/shelters/..%2f..%2fetc%2fpasswd
is "$status" 404 'a path cannot climb out of its resource'
while read -r method path allow; do
	send "$method" "$path" '' ''
	is "$status $(header Allow)" "405 $allow" "$method $path is 405 and names what works"
done <<'END'
PUT /api/shelters GET, HEAD, POST
OPTIONS /api/shelters/RO-CJ-01 GET, HEAD, PATCH, DELETE
DELETE /api/shelters GET, HEAD, POST
POST /api/shelters.csv GET, HEAD
PATCH /api/locations GET, HEAD
DELETE /api/locations/city-CJ GET, HEAD, POST
GET /api/locations/city-CJ/shelters/RO-CJ-01 DELETE
DELETE /api/arrivals GET, HEAD, POST
GET /api/departures POST
GET /api/shelters/import POST
PATCH /api/session GET, HEAD, POST, DELETE
POST /health GET, HEAD
get /api/shelters GET, HEAD, POST
END
problem method 'a method that does not work is a problem too'
send HEAD /api/shelters/RO-CJ-01 '' ''
is "$status:$body" 200: 'HEAD is a GET without the body'
like "$(header ETag)" '^"[0-9]+"$' 'but with its headers'

# --- 400
for uri in '/api/shelters?q=%zz' '/api/shelters?q=%c3%28' '/api/shelters/%00' '/api/shelters?q=a%01b'; do
	get "$uri"
	is "$status" 400 "an address that is no text is 400: $uri"
done
get "/api/shelters?q=$(printf 'a%.0s' {1..5000})"
is "$status" 400 'an endless address is 400'
get "/api/shelters?$(printf 'need=a&%.0s' {1..300})"
is "$status" 400 'more parameters than anybody needs are 400'
problem malformed 'as a problem'
as admin
for sent in '{"id":' 'null' '[]' '"text"' '{"a":1}x' $'{"a":"\x01"}' $'{"a":"\xff"}' \
	"$(printf '[%.0s' {1..40})"; do
	post /api/shelters "$sent"
	is "$status" 400 "a body that is not a JSON object is 400: ${sent:0:12}"
done
problem malformed 'as a problem'
unlike "${body/\/problems.html}" '/|sqlite|json-c|\.c:' 'that names nothing internal'
send POST /intents application/x-www-form-urlencoded 'shelter=%zz'
is "$status" 400 'a form that cannot be decoded is 400'
like "$body" '<h1>' 'and a page'
send POST /api/intents application/json ''
is "$status" 400 'an empty body is not JSON'
answer=$(printf '{}' | env -i MUSTER_STATE="$MUSTER_STATE" REQUEST_METHOD=POST REQUEST_URI=/api/intents \
	CONTENT_TYPE=application/json CONTENT_LENGTH=100 "$B/cgi-bin/intents")
like "$answer" '^Status: 400' 'a body that ends too early is 400'
answer=$(env -i MUSTER_STATE="$MUSTER_STATE" REQUEST_METHOD=POST REQUEST_URI=/api/intents \
	CONTENT_LENGTH=-1 "$B/cgi-bin/intents" </dev/null)
like "$answer" '^Status: 400' 'a length that is none is 400'

# --- 413, 415
big="{\"name\":\"$(printf 'a%.0s' {1..66000})\"}"
post /api/shelters "$big"
is "$status" 413 'more than 64 KiB is 413'
problem too-large 'as a problem'
send POST /shelters application/x-www-form-urlencoded "$big"
is "$status" 413 'in a form too'
for type in text/plain multipart/form-data application/x-www-form-urlencoded application/xml ''; do
	send POST /api/intents "$type" '{"shelter":"RO-CJ-01","people":1}'
	is "$status" 415 "JSON sent as '$type' is 415"
done
problem media-type 'as a problem'
send POST /intents application/json '{"shelter":"RO-CJ-01","people":1}'
is "$status" 415 'a form target takes forms alone'
send POST /api/intents 'application/json; charset=utf-8' '{"shelter":"RO-CJ-01","people":1}'
is "$status" 201 'a charset beside the type does no harm'

# --- 422
post /api/intents '{"shelter":"RO-CJ-77","people":0,"phone":"call me","name":7,"needs":[1]}'
is "$status" 422 'what is understood and wrong is 422'
problem invalid 'as a problem'
is "$(json '[.errors[].field] | sort | join(" ")')" 'name needs people phone shelter' 'that collects every fault'
holds '[.errors[] | keys] | unique == [["code","field","message"]]' 'each with field, code and message'
is "$(json '[.errors[] | .field + ":" + .code] | sort | join(" ")')" \
	'name:type needs:type people:range phone:format shelter:unknown' 'with a code for programs'
get '/api/shelters?limit=0&near=north&seats=-1&radius=0&cursor=x'
is "$status" 422 'a search that makes no sense is 422'
is "$(json '[.errors[].field] | sort | join(" ")')" 'cursor limit near radius seats' 'and every fault of it is told'
post /api/shelters '{"id":"x"}'
is "$(json '[.errors[].field] | sort | join(" ")')" 'id name' 'also when a shelter is made'

# --- 503
full=$MUSTER_STATE MUSTER_STATE=$state/none
for path in /api/shelters /api/shelters/RO-CJ-01 /api/locations /shelters.csv /api/arrivals /api/session /health; do
	get $path
	is "$status $(header Retry-After)" '503 2' "without a database $path is 503 and says when to try again"
done
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status $(json .type)" '503 /problems.html#store' 'and so is a change'
[ -e "$state/none" ]
is $? 1 'of which nothing is left behind'
unlike "$head$body" "$state" 'and nobody is told where the database should be'
mkdir "$state/none" && echo 'not a database' >"$state/none/muster.db"
get /api/shelters
is "$status" 503 'a file that is no database is 503'
MUSTER_STATE=$full

# --- what a problem's type leads to
while IFS='|' read -r code title type; do
	grep -q "id=\"$type\"><h2>$code: $title<" www/problems.html
	is $? 0 "/problems.html#$type explains it"
done < <(sed -n 's/^\t\[ERR_.*{ \([0-9]*\), "\(.*\)", "\(.*\)" },$/\1|\2|\3/p' lib/base/err.c)

# --- a value cannot become a header
inject='%0d%0aSet-Cookie:%20x=1'
for uri in "/shelters?q=a$inject" "/arrivals?shelter=RO$inject" "/intents?code=K7M2$inject" "/intents/K7M2$inject" \
	"/locations/city$inject" "/session?next=/a$inject" "/shelters/RO-CJ-01$inject"; do
	get "$uri"
	unlike "$head" $'\nSet-Cookie' "no header out of ${uri%%"$inject"*}"
done
post /api/intents $'{"shelter":"RO-CJ-01","people":1,"name":"a\\r\\nSet-Cookie: x=1"}'
unlike "$head" 'Set-Cookie' 'nor out of a body'
with HTTP_HOST=$'evil.example\r\nX: "><script>'
get "/intents/$(json .code)"
unlike "$head$body" '<script>|evil' 'nor out of a Host that is none'
