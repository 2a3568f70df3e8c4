#!/bin/bash
# limits.t - how much one address may ask, and how much may be sent.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 18
start RATE_EXEMPT='127.0.0.1 ::1'
token admin --role admin
shelter RO-CJ-01 '"capacity":100000'
as nobody

# The statuses of N equal requests from an address, counted: "60x201 40x429".
many() # N ADDRESS PATH [CURL ARGUMENTS]
{
	curl -sS --no-progress-meter -Z --parallel-max 20 --interface "$2" -o /dev/null -w '%{http_code}\n' "${@:4}" "$site$3?[1-$1]" |
		sort | uniq -c | awk '{ printf "%s%sx%s", (NR > 1 ? " " : ""), $1, $2 }'
}
announce=(-H 'Content-Type: application/json' --data '{"shelter":"RO-CJ-01","people":1}')

is "$(many 150 127.0.0.1 /api/intents "${announce[@]}")" 150x201 'an exempt address announces as often as it will'
said=$(many 150 127.0.0.2 /api/intents "${announce[@]}")
like "$said" '^[4-9][0-9]x201 [0-9]+x429$' "another is held back after a burst ($said)"
# Five a second are free again: ask until there is none.
too_often() { for ((i = 0; i < 60; i++)); do with --interface "$1"; "${@:2}"; [ "$status" = 429 ] && return; done; }
too_often 127.0.0.2 post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status $(header Content-Type)" '429 application/problem+json' 'as JSON under /api/'
holds '.status == 429' 'of RFC 9457'
like "$(header Retry-After)" '^[0-9]+$' 'and told when to come again'
too_often 127.0.0.2 form /intents shelter=RO-CJ-01 people=1
is "$status $(header Content-Type | cut -d ';' -f 1)" '429 text/html' 'a page elsewhere'
like "$(header Retry-After)" '^[0-9]+$' 'told when to come again too'
with --interface 127.0.0.2
get /api/shelters/RO-CJ-01
is "$status" 200 'reading goes on meanwhile'
with --interface 127.0.0.3
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status" 201 'and so do others'
said=$(many 60 127.0.0.4 /api/intents/00000000)
like "$said" '[0-9]+x429' "codes are not to be guessed ($said)"
like "$(many 45 127.0.0.1 /api/intents/00000000)" '^3[0-3]x404' 'by an exempt address neither: wrong codes are counted'
get /api/intents/00000000
is "$status" 429 'and then it waits'
said=$(many 60 127.0.0.5 /api/session -H 'Content-Type: application/json' --data '{"name":"x","password":"y"}')
like "$said" '[0-9]+x429' "nor passwords ($said)"
said=$(many 200 127.0.0.6 /sms/status/1-0 --data MessageStatus=delivered)
is "$said" 200x404 'a gateway may tell of hundreds of SMS at once'

# --- sizes
head -c 66000 /dev/zero | tr '\0' a >"$work/large"
with --data-binary "@$work/large" -H 'Content-Type: application/json'
get /api/intents
is "$status $(header Content-Type)" '413 application/problem+json' 'more than 64 KiB is too much'
with --data-binary "@$work/large" -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked'
get /api/intents
is "$status" 413 'also when it does not say so before'
printf '{"shelter":"RO-CJ-01","people":1,"needs":"%s"}' "$(head -c 60000 /dev/zero | tr '\0' a)" >"$work/most"
with --data-binary "@$work/most" -H 'Content-Type: application/json'
get /api/intents
is "$status" 422 'less is looked at'
as admin
{ echo 'name,county,capacity'; for ((i = 0; i < 6000; i++)); do echo "School of the long name $i,CJ,$i"; done; } >"$work/list.csv"
with --data-binary "@$work/list.csv" -H 'Content-Type: text/csv'
get '/api/shelters/import?country=RO'
is "$status $(json .created)" '200 6000' 'a list of shelters may be larger'
