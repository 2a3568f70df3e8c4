#!/bin/bash
# places.t - two hundred announce at once for the last fifty places.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 15
start DEMO=0
token admin --role admin
shelter RO-CJ-01 '"capacity":80,"occupancy":30,"position":{"longitude":23.59,"latitude":46.77}'
shelter RO-CJ-02 '"capacity":500,"position":{"longitude":23.60,"latitude":46.77}'
as nobody

# N requests at once, each with its number for #; their statuses: "50x201 150x409".
at_once() # N URL [CURL ARGUMENTS]
{
	for ((i = 1; i <= $1; i++)); do
		printf 'url = "%s"\noutput = "%s/answer.%d"\n' "${2//\#/$i}" "$work" "$i"
	done >"$work/config"
	curl -sS --no-progress-meter -Z --parallel-immediate --parallel-max "$1" -K "$work/config" -w '%{http_code}\n' "${@:3}" |
		sort | uniq -c | awk '{ printf "%s%sx%s", (NR > 1 ? " " : ""), $1, $2 }'
}
json_body=(-H 'Content-Type: application/json')
numbers() { get "/api/shelters/RO-CJ-01?$RANDOM"; json '"\(.occupancy) \(.expected) \(.availability) \(.projected_availability)"'; }

is "$(numbers)" '30 0 50 50' 'there are 50 places'
is "$(at_once 200 "$site/api/intents" "${json_body[@]}" --data '{"shelter":"RO-CJ-01","people":1}')" \
	'50x201 150x409' '200 announcements at once end with 50 kept and 150 refused'
is "$(numbers)" '30 50 50 0' 'the counters are exact'
codes=$(cat "$work"/answer.* | jq -r 'select(.code) | .code' | sort -u)
is "$(wc -w <<<"$codes")" 50 'fifty have a code of their own'
is "$(cat "$work"/answer.* | jq -r 'select(.status == 409) | .alternatives[0].id' | sort | uniq -c | tr -s ' ')" \
	' 150 RO-CJ-02' 'and the others are told where there is room'
as admin
get /api/arrivals/RO-CJ-01
is "$(json '[.intents[].code] | sort | join("\n")')" "$codes" 'the desk expects exactly those with a code'
checks 'everything agrees'

# --- fifty cancel at once, while fifty others come
as nobody
for code in $codes; do echo "url = \"$site/api/intents/$code\""; done >"$work/cancel"
is "$(curl -sS --no-progress-meter -Z --parallel-max 50 -K "$work/cancel" -X DELETE -w '%{http_code}\n' | sort | uniq -c | tr -s ' ')" \
	' 50 204' 'fifty cancel at once'
is "$(numbers)" '30 0 50 50' 'and all places are free again'

# --- the same request many times at once
is "$(at_once 60 "$site/api/intents" "${json_body[@]}" -H 'Idempotency-Key: one-family' --data '{"shelter":"RO-CJ-01","people":4}')" \
	'60x201' 'one request sent sixty times is answered sixty times'
is "$(cat "$work"/answer.[1-9] "$work"/answer.[1-5][0-9] "$work"/answer.60 | jq -r .code | sort -u | wc -l)" 1 'with one code'
is "$(numbers)" '30 4 50 46' 'and keeps four places'
like "$(at_once 60 "$site/intents" --data 'shelter=RO-CJ-01&people=3&token=0123456789abcdef0123456789abcdef')" \
	'^60x303$' 'one form sent sixty times leads on sixty times'
is "$(numbers)" '30 7 50 43' 'and keeps three places'
checks 'everything agrees'
