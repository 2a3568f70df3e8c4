#!/bin/bash
# import.t - lists of shelters brought in from files.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 43
token admin --role admin
as admin
bring() { send POST "/api/shelters/import${1:+?$1}" "$2" "$3"; }
told() { json '[.created,.updated,.unchanged,.skipped] | join(" ")'; }
csv=$'name,county,town,capacity,status\nScoala 1,CJ,Cluj-Napoca,100,open\nScoala 2,CJ,Turda,,\n'

# --- all or nothing
bring country=RO text/csv "$csv"
is "$status $(told)" '200 2 0 0 0' 'a list makes shelters'
holds 'keys == ["created","errors","skipped","unchanged","updated","warnings"]' 'and the answer counts them'
is "$(header Cache-Control)" 'private, no-store' 'for nobody else'
get /api/shelters/RO-CJ-01
holds '.name == "Scoala 1" and .capacity == 100 and .place == "Cluj-Napoca" and .status == "open"' 'as the list has them'
get /api/shelters/RO-CJ-02
holds '.capacity == null and .status == "standby"' 'unknown stays unknown, and opens when somebody says so'
bring country=RO text/csv "$csv"
is "$status $(told)" '200 0 0 2 0' 'the same list again changes nothing'
bring 'country=RO&status=closed' text/csv $'name,county\nScoala 3,CJ\n'
get /api/shelters/RO-CJ-03
holds '.status == "closed"' 'the status of new ones may be told'
faulty=$'name,county,capacity\nGood,CJ,5\nBad,CJ,many\n,CJ,7\n'
bring country=RO text/csv "$faulty"
is "$status $(header Content-Type)" '422 application/problem+json' 'a list with faults is refused'
holds '.type == "/problems.html#invalid" and .status == 422 and .skipped == 2' 'as a problem'
is "$(json -c '[.errors[].row]')" '[3,4]' 'that tells each row'
holds '.errors | all(.message | length > 10)' 'and why'
get '/api/shelters?location=city-CJ'
is "$(json '.shelters | length')" 3 'and nothing was brought in'
bring 'country=RO&partial=1' text/csv "$faulty"
is "$status $(told) $(json -c '[.errors[].row]')" '200 1 0 0 2 [3,4]' 'partial=1 keeps the good rows'
bring 'country=RO&dry_run=1' text/csv $'name,county\nScoala 9,CJ\n'
is "$status $(told)" '200 1 0 0 0' 'dry_run=1 tells what would be'
get '/api/shelters?location=city-CJ'
is "$(json '.shelters | length')" 4 'and does it not'
bring 'country=RO&dry_run=1' text/csv "$faulty"
is "$status $(json -c '[.errors[].row]')" '200 [3,4]' 'with its faults'

# --- what is a list
bring '' text/csv "$csv"
is "$status" 422 'a list that does not say its country needs one'
bring 'country=ROU' text/csv "$csv"
is "$status $(json '.errors[0].field')" '422 country' 'of two letters'
bring 'country=RO&status=busy' text/csv "$csv"
is "$status $(json '.errors[0].field')" '422 status' 'a status is one of four'
bring country=RO text/csv ''
is "$status $(json '.errors[0].field')" '422 body' 'nothing is no list'
bring country=RO application/json '{"name":"x"}'
is "$status $(json .type)" '400 /problems.html#malformed' 'an object is no list'
bring country=RO application/geo+json '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[23.6,46.8]},"properties":{"name":"Geo","county":"CJ"}}]}'
is "$status $(told)" '200 1 0 0 0' 'GeoJSON is'
bring country=RO application/json '[{"name":"Json","county":"CJ","lat":46.7,"lon":23.5}]'
is "$status $(told)" '200 1 0 0 0' 'and so is an array of objects'
bring country=RO application/geo+json "$csv"
is "$status" 400 'what says that it is JSON must be'
bring country=RO text/csv $'name,county\n"never closed,CJ\n'
is "$status" 400 'a quote without an end is no CSV'
like "$(json .detail)" 'line 2' 'and the answer says where'
for type in text/plain application/xml application/x-www-form-urlencoded ''; do
	bring country=RO "$type" "$csv"
	is "$status" 415 "a list as '$type' is 415"
done
answer=$(env -i MUSTER_STATE="$MUSTER_STATE" REQUEST_METHOD=POST REQUEST_URI=/api/shelters/import \
	CONTENT_TYPE=text/csv CONTENT_LENGTH=67108865 "$B/cgi-bin/import" </dev/null)
like "$answer" '^Status: 413' 'more than 64 MiB is 413'
big="name,county,remarks"$'\n'"Big,CJ,$(printf 'x%.0s' {1..60000})"$'\n'"Big 2,CJ,$(printf 'y%.0s' {1..60000})"$'\n'
bring 'country=RO&dry_run=1' text/csv "$big"
is "$status" 200 'more than other bodies may have is fine'
bring country=RO text/csv $'name,county,remarks\n<script>alert(1)</script>,CJ,"a\r\nSet-Cookie: x=1"\n'
unlike "$head$body" 'Set-Cookie|<script>' 'hostile cells stay cells'
agrees 'everything agrees'

# --- people inside are the door's business
post /api/arrivals '{"shelter":"RO-CJ-01","people":9}'
as nobody
post /api/intents '{"shelter":"RO-CJ-01","people":3}'
as admin
bring country=RO text/csv "${csv/,100,/,120,}"
is "$(told)" '0 1 1 0' 'a newer list updates'
get /api/shelters/RO-CJ-01
holds '.capacity == 120 and .occupancy == 9 and .expected == 3 and .projected_availability == 108' \
	'and leaves those inside and on their way alone'
agrees 'everything agrees'

# --- real lists
lists=../shared/data/fixtures
if [ -f $lists/romania-cluj.csv ]; then
	MUSTER_STATE=$state/real
	muster init >/dev/null
	token admin --role admin
	as admin
	real=$(cat $lists/romania-cluj.csv; echo .) real=${real%.}
	bring 'country=RO&partial=1' text/csv "$real"
	is "$status" 200 'a real list comes in'
	rows=$(json .created)
	[ "$rows" -gt 50 ]
	is "$?" 0 'most of its rows'
	get '/shelters.csv'
	is "$(grep -c '^RO-CJ-' <<<"$body")" "$rows" 'and goes out'
	bring 'country=RO&partial=1' text/csv "$real"
	is "$(json '[.created,.updated,.unchanged] | join(" ")')" "0 0 $rows" 'again, it changes nothing'
	get '/api/shelters?q=cluj-napoca&limit=5'
	is "$(json '.shelters | length')" 5 'its towns are found'
	agrees 'everything agrees'
else
	skip 6 'no shared data'
fi
