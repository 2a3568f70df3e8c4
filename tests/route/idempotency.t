#!/bin/bash
# idempotency.t - what is sent twice happens once.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 44
token admin --role admin
token bob --role admin
shelter RO-CJ-01 '"capacity":100'
shelter RO-CJ-02 '"capacity":100'
expected() { get /api/shelters/RO-CJ-01; json .expected; }
keyed() { with "HTTP_IDEMPOTENCY_KEY=$1"; post "${@:2}"; }
four='{"shelter":"RO-CJ-01","people":4}'

# --- with a key
keyed k1 /api/intents "$four"
first=$body place=$(header Location)
is "$status" 201 'a request with a key is done'
keyed k1 /api/intents "$four"
is "$status" 201 'sent again it answers again'
is "$body" "$first" 'the same'
is "$(header Location)" "$place" 'with the same headers'
is "$(header Content-Type) $(header Idempotency-Replayed)" 'application/json true' 'and says that it is a repetition'
is "$(expected)" 4 'and four people are four'
keyed k1 /api/intents '{"shelter":"RO-CJ-01","people":5}'
is "$status $(json '.errors[0].field + " " + .errors[0].code')" '422 Idempotency-Key used' 'the key with another body is refused'
is "$(expected)" 4 'and changes nothing'
keyed k2 /api/intents "$four"
is "$(expected)" 8 'another key is another family'
as admin
keyed k1 /api/intents "$four"
is "$(expected)" 12 'the key of another caller too'
keyed k1 /api/arrivals '{"shelter":"RO-CJ-01","people":1}'
is "$status" 201 'and for another address'
as bob
keyed k1 /api/arrivals '{"shelter":"RO-CJ-01","people":1}'
get /api/shelters/RO-CJ-01
is "$(json .occupancy)" 2 'of one caller each'
keyed k3 /api/shelters '{"id":"RO-CJ-07","name":"New"}'
first=$body
keyed k3 /api/shelters '{"id":"RO-CJ-07","name":"New"}'
is "$status $body" "201 $first" 'a shelter is made once, and a retry learns that it was'
keyed k4 /api/locations/zone-A '{"shelters":["RO-CJ-01"]}'
keyed k4 /api/locations/zone-A '{"shelters":["RO-CJ-01"]}'
is "$status" 201 'an area too'
keyed k5 /api/departures '{"shelter":"RO-CJ-01","people":2}'
keyed k5 /api/departures '{"shelter":"RO-CJ-01","people":2}'
is "$status $(json .occupancy)" '201 0' 'nobody leaves twice'
as nobody
get "${place/api\/}"
code=${place##*/}
as admin
keyed k6 "/api/intents/$code/reject" '{}'
keyed k6 "/api/intents/$code/reject" '{}'
is "$status" 204 'what answered with nothing answers so again'
as nobody
keyed k1 /api/intents "$four"
is "$(json .code)" "$code" 'the first answer stands, even when its intention has ended'

# --- refusals are not kept
keyed k7 /api/intents '{"shelter":"RO-CJ-02","people":0}'
is "$status" 422 'a refused request changed nothing'
keyed k7 /api/intents '{"shelter":"RO-CJ-02","people":1}'
is "$status" 201 'so its key is free'
as admin
keyed k8 /api/departures '{"shelter":"RO-CJ-02","people":1}'
is "$status" 409 'what could not be done'
post /api/arrivals '{"shelter":"RO-CJ-02","people":1}'
keyed k8 /api/departures '{"shelter":"RO-CJ-02","people":1}'
is "$status" 201 'may be tried again'
as nobody

# --- a day
now=$((now + 24 * 3600000 - 1))
keyed k1 /api/intents "$four"
is "$(json .code)" "$code" 'for a day the key is known'
now=$((now + 1))
keyed k1 /api/intents "$four"
unlike "$(json .code)" "$code" 'then it is new'

# --- what is a key
keyed "$(printf 'k%.0s' {1..128})" /api/intents "$four"
is "$status" 201 '128 characters are a key'
keyed "$(printf 'k%.0s' {1..129})" /api/intents "$four"
is "$status $(json '.errors[0].field')" '422 Idempotency-Key' '129 are not'
keyed $'a\tb' /api/intents "$four"
is "$status" 422 'nor what cannot be printed'
keyed 'clé' /api/intents "$four"
is "$status" 422 'nor what is not ASCII'

# --- many at once
before=$(expected)
for _ in {1..8}; do
	{ keyed storm /api/intents "$four"; json .code >>"$state/storm"; } &
done
wait
is "$(sort -u "$state/storm" | wc -l) $(expected)" "1 $((before + 4))" 'eight retries at one moment are one family'

# --- forms: the token of the page
get /shelters/RO-CJ-01
token=$(field token)
like "$token" '^[0-9a-f]{32}$' 'a page has a token for its form'
before=$(expected)
form /intents token="$token" shelter=RO-CJ-01 people=4
ticket=$(header Location)
like "$status $ticket" '^303 /intents/[0-9A-Z]{8}\?done=new$' 'the form leads to its ticket'
is "$(expected)" $((before + 4)) 'four people'
form /intents token="$token" shelter=RO-CJ-01 people=4
is "$status $(header Location) $(expected)" "303 $ticket $((before + 4))" 'a reload leads there again'
form /intents token="$token" shelter=RO-CJ-01 people=6 name=Ana
is "$status $(header Location)" "303 ${ticket/new/again}" 'and so does going back and changing the number'
is "$(expected)" $((before + 4)) 'a family is counted once'
form /intents token="$token" shelter=RO-CJ-02 people=4
is "$(header Location)" "${ticket/new/again}" 'also when it goes back and takes another house'
get "${ticket/new/again}"
like "$body" 'You have this place already' 'which the ticket explains'
ticket=${ticket%\?*}
get "$ticket"
change=$(field token)
form "$ticket" token="$change" _method=PATCH people=6
is "$status $(header Location)" "303 $ticket?done=changed" 'the ticket changes the number'
form "$ticket" token="$change" _method=PATCH people=6
is "$(expected)" $((before + 6)) 'once'
form "$ticket" token="$change" _method=DELETE
is "$status $(header Location)" '303 /shelters/RO-CJ-01?done=cancelled' 'and cancels'
is "$(expected)" "$before" 'which frees the places'
form /intents token="$token" shelter=RO-CJ-01 people=6
like "$(header Location)" 'done=new$' 'an ended ticket is none: the family may come after all'
form /intents token=short shelter=RO-CJ-01 people=1
form /intents token=short shelter=RO-CJ-01 people=2
is "$(expected)" $((before + 9)) 'a token that is none of ours ties nothing together'
form /intents shelter=RO-CJ-01 people=1
form /intents shelter=RO-CJ-01 people=1
is "$(expected)" $((before + 11)) 'nor does none at all'
agrees 'everything agrees'
