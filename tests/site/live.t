#!/bin/bash
# live.t - /events behind the cache and /live through the hub: what is hostile, what dies, what is not installed.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 56
start DEMO=0
token admin --role admin
shelter RO-CJ-01 '"capacity":1000'
as nobody

announce() { post /api/intents '{"shelter":"RO-CJ-01","people":1}'; [ "$status" = 201 ] || bail "not announced: $body"; }
fills() { sleep 1.2; grep -c ' /events 200 .* \(MISS\|EXPIRED\|STALE\|UPDATING\|BYPASS\) ' "$state/log/access.log"; }
cursor() { get /events; sed -n 's/^id: //p' <<<"$body" | tail -1; }
ids() { sed -n 's/^id: //p' <<<"$body" | paste -sd' '; }

# --- the cursor, behind the cache
get '/events?after=0'
is "$status $(header Content-Type)" '200 text/event-stream' 'the events behind a cursor'
like "$body" '"shelter":"RO-CJ-01"' 'are told'
is "$(header Content-Encoding)|$(header Cache-Control)" '|no-store, no-transform' 'unpacked, and kept by nobody on the way'
like "$(for _ in {1..40}; do get '/events?after=0'; sed -n 's/^retry: //p' <<<"$body"; done | sort -u | wc -l)" '^[34]$' \
	'who comes back is told different times, so that all do not come at once'
for i in {1..3000}; do echo "url=$site/events?after=0&x=$i&_=$RANDOM"; echo 'output=/dev/null'; done >"$work/urls"
for ((try = 0; try < 4; try++)); do      # on a busy machine a fill takes longer than the others wait for it
	before=$(fills)
	curl -sS --no-progress-meter -Z --parallel-max 40 -K "$work/urls" -H "Cookie: muster_session=$RANDOM" -H 'Authorization: Bearer x'
	after=$(fills)
	((after - before <= 150)) && break
done
is "$((after - before <= 150))" 1 "3,000 clients with words of their own are a few fills ($((after - before)))"
get '/events?after=0&to=1&channels=availability'
is "$(header Cache-Control)" 'public, max-age=31536000, immutable, no-transform' 'a closed range may be kept for ever'
closed=$body
announce
sleep 1.2
get '/events?after=0&to=1&channels=availability'
is "$(header X-Cache) $([ "$body" = "$closed" ] && echo same)" 'HIT same' 'and is'
get '/events?after=0'
like "$(ids)" '^2 2$' 'of a shelter the latest state is told'
with -H 'Last-Event-ID: 2'
get '/events?after=0'
is "$(ids)" 2 'Last-Event-ID goes before the address'
with -H 'Last-Event-ID: 77'
get '/events'
is "$(sed -n 's/^event: //p; s/^data: //p' <<<"$body" | paste -sd' ')" 'reset {"seq":2}' 'from the future: reset'
get '/events?channels=team-7'
is "$status $(header Content-Type)" '401 application/problem+json' 'a channel that is not for all'
get '/events?channels=nonsense'
is "$status $(header Content-Type)" '404 application/problem+json' 'one that is not there'
post /events '{}'
is "$status" 405 'nobody posts'
with -I
get '/events?after=0'
is "$status $size" '200 0' 'HEAD'
# There is a copy for each time to come back: all of them are asked for.
many() { for i in {1..60}; do echo "url=$site/events?after=0&channels=availability"; echo 'output=/dev/null'; done >"$work/urls"
	curl -sS --no-progress-meter -Z --parallel-immediate --parallel-max 60 --max-time "$1" -K "$work/urls" 2>"$work/none"; }
many 5
mapfile -t victims < <(handlers events)
kill -STOP "${victims[@]}"
sleep 1.2
many 4 &
sleep 0.5
get '/events?after=0&channels=availability'
is "$status $(header X-Cache)" '200 UPDATING' 'while handlers hang, what was last told is told again'
kill -CONT "${victims[@]}"
wait "$!"

# --- the tail
if [ ! -e /usr/lib/nginx/modules/ngx_nchan_module.so ]; then
	for ((i = count; i < 56; i++)); do judge 0 'the tail # SKIP no libnginx-mod-nchan'; done
	exit 0
fi
hub() { cat "$state/run/live/nginx.pid" 2>/dev/null; }
worker() { local -a w; read -ra w 2>/dev/null <"/proc/$(hub)/task/$(hub)/children"; echo "${w[0]-}"; }
listen() # NAME ARGUMENT…
{
	curl -sN --max-time 40 -D "$work/$1.head" -o "$work/$1" "${@:2}" "$site/live?channels=availability" 2>/dev/null &
	listener=$!
	until_is ': hi' head -1 "$work/$1" >/dev/null 2>&1
}
heard() { grep -c "\"projected_availability\":$2" "$work/$1"; }
up() { curl -s --max-time 0.5 -o "$work/none" -w '%{http_code}' "$site/live"; }
until_is 1 sh -c "test -e $state/run/live/nginx.pid && echo 1" >/dev/null
listen a
announce
is "$(until_is 1 heard a 998)" 1 'what happens is heard'
is "$(sed -n 's/^event: //p' "$work/a" | sort -u | grep -c availability)" 1 'on its channel'
line=$(sed -n 's/^data: //p' "$work/a" | grep '"shelter"' | head -1)
is "$(jq -c '[.seq, .prev]' <<<"$line")" '[3,2]' 'with the id before it'
head=$(tr -d '\r' <"$work/a.head")
like "$(header Content-Type)" '^text/event-stream' 'as an event stream'
is "$(header Cache-Control)|$(header X-Accel-Buffering)" 'no-store, no-transform|no' 'that nobody on the way may hold back'
like "$(header Content-Security-Policy)" "default-src 'none'" 'with our headers'
is "$(header Access-Control-Allow-Origin)$(header Access-Control-Allow-Credentials)" '' 'for no other site'
is "$(until_is 1 grep -c '"heads"' "$work/a")" 1 'a tick says that one still hears, and how far all are'
for how in 'channels=nonsense 404' 'channels=team-1 401' 'channels=staff 401' 'channels=tick 404' 'channels=../pub/alerts 404' \
	'channels=availability%2f..%2f..%2fstatus 404'; do
	with --max-time 3
	get "/live?${how% *}"
	is "$status" "${how#* }" "/live?${how% *}"
done
as admin
with --max-time 3
get '/live?channels=team-1'
is "$status" 404 'also for who is signed in, as long as there are no teams'
as nobody
with --max-time 3
post '/live' '{}'
is "$status" 405 'nobody posts to it'
for path in /pub/alerts /status /sub/alerts /.live /.live-auth /events/auth; do
	get "$path"
	is "$status" 404 "$path is not reached from outside"
done

# --- ids that kill nchan reach nothing
first=$(worker)
for id in 1:0 '1795342413:[1],0,0' -1 '1:' ':' '0:0' '99999999999:9' '1:[' $'1:0\t' '1:-1,-,-'; do
	curl -s --max-time 0.3 -o /dev/null -H "Last-Event-ID: $id" "$site/live?channels=posts&last_event_id=$(jq -rn --arg i "$id" '$i|@uri')"
	curl -s --max-time 0.3 -o /dev/null -H 'If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT' -H "If-None-Match: $id" "$site/live?channels=posts"
done
is "$(worker)" "$first" 'hostile ids, as header, in the address and as dates: the worker lives'
announce
is "$(until_is 1 heard a 997)" 1 'and who listens hears on'
is "$(grep -c nchan "/proc/$(cat "$state/run/nginx.pid")/maps")" 0 'the public nginx does not have the module'

# --- the hub dies
kill -KILL "$first"
wait "$listener"
is "$?" 0 'its worker is killed: streams end'
sleep 0.3
listen b
announce
is "$(until_is 1 heard b 996)" 1 'and begin anew at once'
kill -KILL "$(hub)" "$(worker)"
wait "$listener"
get /health
is "$status" 200 'the whole hub is killed: the site stays'
get "/events?after=4"
is "$status $(ids)" '200 5 5' 'what happens is in the log all the same'
announce
is "$(until_is 200 up)" 200 'it is started again'
listen c
announce
is "$(until_is 1 heard c 994)" 1 'and tells on'
get /events?after=4
is "$(ids)" '7 7' 'nothing is missing'
like "$(cat "$state/run.out")" 'hub ended' 'the operator is told'
stop TERM
is "$stopped" 0 'the end of the site is the end of it'
wait "$listener" 2>/dev/null
is "$(find "$state/run" -name '*.sock' -o -name '*.pid' | wc -l)" 0 'nothing is left lying'

# --- without it
again LIVE=off
get /live
is "$status $(header Content-Type)" '404 application/problem+json' 'where there is no hub there is no tail'
announce
get '/events?after=7'
is "$(ids)" '8 8' 'and /events tells all'
is "$(until_is 8 sh -c "jq .heads.availability $state/live/head.json")" 8 'as does the head file'
get /s/head.json
is "$status $(header Cache-Control)" '200 public, max-age=1, stale-while-revalidate=30, stale-if-error=600' 'which every CDN may hold'
stop TERM

# --- a backup is put back
cp "$state/muster.db" "$work/backup"
cp "$state/muster.db-wal" "$work/backup-wal" 2>/dev/null
again LIVE=off
announce
given=$(cursor)
stop TERM
rm -f "$state/muster.db-wal" "$state/muster.db-shm"
cp "$work/backup" "$state/muster.db"
muster restored >/dev/null
again LIVE=off
get "/events?after=$given"
like "$body" 'event: reset' 'after a backup was put back who has later cursors reads anew'
announce
beyond() { echo "$(($(cursor) > given + 1000000))"; }    # an answer may be a second old
is "$(until_is 1 beyond)" 1 'and no number is given out twice'
