#!/bin/bash
# down.t - a handler is dead, hangs or comes back: what people see meanwhile.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 23
start DEMO=0
token admin --role admin
shelter RO-CJ-01 '"capacity":100,"position":{"longitude":23.59,"latitude":46.77}'
as nobody

# --- killed: started again before anybody waits
get /api/shelters/RO-CJ-01
for ((i = 0; i < 5; i++)); do
	# shellcheck disable=SC2046 # one word for each
	kill -KILL $(handlers intents)
	answers() { post /api/intents '{"shelter":"RO-CJ-01","people":1}'; echo "$status"; }
	is "$(until_is 201 answers)" 201 'a killed handler is back'
done
checks 'and nothing was counted half'

# --- down: the handler and whoever starts it again
leader() { for p in $(handlers "$1"); do ps -o ppid= -p "$p"; done | sort -u; }
get /shelters/RO-CJ-01
get '/shelters?near=46.77,23.59'
get /locations
down=$(leader shelters)
pages=$(handlers shelters)
# The leader is stopped: it starts nobody again, and the site does not end.
# shellcheck disable=SC2086 # one word for each
kill -STOP $down && kill -KILL $pages
rm -f "$state/run/shelters.sock"
sleep 1.2
get /shelters/RO-CJ-01
is "$status $(header X-Cache)" '200 STALE' 'a page that somebody saw before is still shown'
like "$body" 'House RO-CJ-01' 'with its words'
get '/shelters?near=46.77,23.59'
is "$status" 200 'so is the search'
get '/shelters?near=40,20'
is "$status" 503 'one that nobody saw is not there'
like "$body" '<h1>' 'the sorry page has words'
like "$body" '112' 'and the number to call'
like "$(header Retry-After)" '^[0-9]+$' 'and says when to come again'
is "$(header Cache-Control)" no-store 'and is not kept'
like "$(header Content-Security-Policy)" "default-src 'none'" 'and guarded'
get /api/shelters/RO-CJ-77
is "$status $(header Content-Type)" '503 application/problem+json' 'under /api/ it is JSON'
holds '.status == 503' 'of RFC 9457'
like "$(header Retry-After)" '^[0-9]+$' 'with the time'
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status" 201 'other handlers go on'
get /
is "$status" 200 'and static pages'

# --- a store that is gone
as admin
mv "$state/muster.db" "$state/away.db"
# shellcheck disable=SC2046 # one word for each
kill -KILL $(handlers health)
sick() { get /health; echo "$status"; }
is "$(until_is 503 sick)" 503 'without a store health says so'
mv "$state/away.db" "$state/muster.db"
is "$(until_is 200 sick)" 200 'and is well when it is back'
# shellcheck disable=SC2086 # one word for each
kill -CONT $down
checks 'everything agrees'
