#!/bin/bash
# life.t - starting, ending, two at once, and what is written down of people.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 26

# Processes that hold a file of this state open: all of a site's write a log.
alive() { find /proc/[0-9]*/fd -lname "$1/*" 2>/dev/null | cut -d / -f 3 | sort -u | wc -l; }

# --- two side by side
start DEMO=0
one=$state one_site=$site one_pid=$pid
token admin --role admin
shelter RO-CJ-01 '"capacity":10'
start DEMO=1
get /api/shelters/RO-CJ-05
is "$status" 200 'the second has its example shelters'
site=$one_site
get /api/shelters/RO-CJ-05
is "$status" 404 'the first was started without (DEMO=0)'
get /api/shelters/RO-CJ-01
is "$status $(json .capacity)" '200 10' 'and has its own'
get /locations
is "$status" 200 'its other pages answer too'
like "$(cat "$one/run.out")" 'sign in as admin with the password [a-z0-9-]+' 'the first start says the password once'
is "$(grep -rlE "$(grep -o 'password [a-z0-9-]*' "$one/run.out" | cut -d ' ' -f 2)" "$one" --include='*' | grep -cv run.out)" 0 'and keeps it nowhere'
env PORT=$((port + 1)) STATE="$one" DEMO=0 nginx/run.sh >"$work/second" 2>&1
is "$?" 1 'one state is for one site'
like "$(cat "$work/second")" 'in use' 'and says why'
env PORT="$port" STATE="$work/third" DEMO=0 nginx/run.sh >"$work/second" 2>&1
is "$?" 1 'so is one port'
like "$(cat "$work/second")" 'port .* in use' 'and says why'
get /health
is "$status" 200 'the first goes on'

# --- what is written down
who=(-A 'Curious/1.0')
get '/shelters?near=46.771,23.592&q=Strada+Secreta'
post /api/intents '{"shelter":"RO-CJ-01","people":1,"name":"Ioana Secreta","phone":"0712345678"}'
code=$(json .code)
for path in "/intents/$code" "/api/intents/$code" "/intents?code=$code" "//intents/$code" "/%69ntents/$code"; do get "$path"; done
get "/intents/ZZZZZZZZ"
sleep 1.5                                # nginx writes each second
log=$(cat "$one"/log/*.log "$one/run.out")
like "$log" ' GET /shelters 200 ' 'the access log says what was asked'
like "$log" ' 127.0.0.0 ' 'by which network'
unlike "$log" '127\.0\.0\.1 ' 'not by whom'
unlike "$log" '46\.771|Secreta|near=' 'no position and no search'
unlike "$log" "$code" 'no code'
unlike "$log" '0712345678|Curious' 'no phone, no browser'

# --- the end
pid=$one_pid
is "$(( $(alive "$one") > 8 ))" 1 'a site is a handful of processes'
stop INT
is "$stopped" 0 'Ctrl-C ends it with 0'
is "$(alive "$one")" 0 'no process stays'
is "$(find "$one" -type s | wc -l)" 0 'no socket stays'
state=$one MUSTER_STATE=$one
checks 'and its numbers agree'
again DEMO=0
is "$(grep -c password "$one/run.out")" 0 'the second start says no password'
get "/api/intents/$code"
is "$status $(json .people)" '200 1' 'and has all that was there'
stop TERM
is "$stopped" 0 'TERM ends it with 0 too'
is "$(alive "$one")$(find "$one" -type s | wc -l)" 00 'and leaves nothing either'
