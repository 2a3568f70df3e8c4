#!/bin/bash
# live.t - ten thousand open pages while the hub is reloaded, its worker killed, and all of it killed: nobody misses
# anything, nobody gets anything twice.  First as pages that listen, then as pages that poll.
#
#	PAGES=10000      how many; fewer where no process may have so many files
#	FUZZ=60          seconds of what is no id
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
plan 20
[ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] || { echo '# without libnginx-mod-nchan only the polling half means much'; }
ulimit -n "$(ulimit -Hn)"
pages=${PAGES:-10000} most=$(($(ulimit -n) - 4000))
[ "$most" -ge "$pages" ] || pages=$most
echo "# $pages pages; a process may have $(ulimit -n) files"
start DEMO=0 WORKERS=4
token admin --role admin
token publisher --role publisher
for i in 1 2 3 4 5; do shelter "RO-CJ-0$i" '"capacity":1000000'; done

announce() { as nobody; post /api/intents "{\"shelter\":\"RO-CJ-0$1\",\"people\":1}"; [ "$status" = 201 ] || bail "not announced: $body"; }
alert() { as publisher; post /api/alerts '{"title":"Flood","message":"Go up.","severity":"Severe","urgency":"Immediate",
	"certainty":"Observed","event":"Flood","channels":["inapp"],"audience":{"locations":["country-RO"]}}'
	[ "$status" = 202 ] || bail "no alert: $body"; as nobody; }
hub() { cat "$state/run/live/nginx.pid" 2>/dev/null; }
workers() { cat "/proc/$1/task/$1/children" 2>/dev/null; }
memory() { local pid sum=0 kb; for pid in $(workers "$1"); do read -r _ kb _ < <(grep ^Pss: "/proc/$pid/smaps_rollup"); sum=$((sum + kb)); done; echo "$sum"; }
calls() { sleep 1.2; grep ' /events ' "$state/log/access.log" | grep -vc ' HIT '; }
deaths() { grep -c 'exited on signal' "$state/log/hub.log" "$state/log/error.log" | cut -d: -f2 | paste -sd+ | bc; }

# What every page must have in the end: the log itself says it.
truth()
{
	curl -s "$site/events?after=0&channels=alerts" | sed -n 's/^data: //p' | jq -s -r '"\(length) \(map(.seq) | add // 0)"' | tr '\n' ' '
	curl -s "$site/events?after=0&channels=availability" | sed -n 's/^data: //p' |
		jq -s -r '[range(0; 6) as $i | (map(select(.shelter == "RO-CJ-0\($i)")) | last.projected_availability // -1)] | join(" ")'
}
settle() { echo "wait $(truth)" >&"${crowd[1]}"; read -r body <&"${crowd[0]}" || bail 'the crowd has gone'; }
begin() # KIND
{
	coproc crowd { exec "$B/tests/chaos/live" "$1" "$port" "$pages"; }
	crowd_pid=$!
	for ((tries = 0; tries < 30; tries++)); do
		settle
		[ "$1" = poll ] || [ "$(json .streams)" = "$pages" ] && break
		sleep 1
	done
}
finish_crowd() { kill "$crowd_pid"; wait "$crowd_pid" 2>/dev/null; }

quiet()
{
	local before
	before=$(calls)
	for i in 1 2 3 4 5; do announce "$i"; done
	alert
	settle
	is "$(json .have)" "$pages" "$1: an alert and five changes reach all"
	echo "# $1: the last one had them $(json .latest_ms) ms after; handler calls: $(($(calls) - before))"
}
stormy()
{
	local before n=0 end=$((SECONDS + 14))
	before=$(calls)
	(
		sleep 1; kill -HUP "$(hub)"
		sleep 4; workers "$(hub)" | xargs -r kill -KILL
		sleep 4; { hub; workers "$(hub)"; } | xargs -r kill -KILL
	) 2>/dev/null &
	while [ $SECONDS -lt $end ]; do
		announce $((n % 5 + 1))
		((n++ % 15 == 7)) && alert
		sleep 0.2
	done
	wait "$!"
	settle
	is "$(json .have)" "$pages" "$1: $n changes and alerts reach all, through a reload, a killed worker, a killed hub"
	is "$(json .doubled)" 0 'nobody applied one twice'
	is "$(json .resets)" 0 'nor had to begin anew'
	echo "# $1: all had them $(json .ms) ms after the last; worst $(json .latest_ms) ms; handler calls: $(($(calls) - before)); $body"
}

# --- as pages that listen
hub_before=$(memory "$(hub)") front_before=$(memory "$(cat "$state/run/nginx.pid")")
begin tail
is "$(json .streams)" "$pages" 'all listen'
is "$(json .have)" "$pages" 'and know what was before'
hub_kb=$(($(memory "$(hub)") - hub_before)) front_kb=$(($(memory "$(cat "$state/run/nginx.pid")") - front_before))
echo "# memory a page: hub $((hub_kb * 1024 / pages)) bytes, front $((front_kb * 1024 / pages)) bytes"
is "$((hub_kb * 1024 / pages < 20000 && front_kb * 1024 / pages < 40000))" 1 'for some kilobytes each'
quiet tail
stormy tail
is "$(($(json .opened) > 2 * pages))" 1 'all were cut off, more than once'
finish_crowd

# --- as pages that poll
begin poll
is "$(json .have)" "$pages" 'all poll'
quiet poll
stormy poll
is "$(json .odd)" 0 'none was refused'
finish_crowd
as nobody
get /health
is "$status" 200 'the site is well'

# --- what is no id
until_is 200 curl -s --max-time 0.5 -o "$work/none" -w '%{http_code}' "$site/live" >/dev/null
died=$(deaths) worker=$(workers "$(hub)")
"$B/tests/chaos/live" fuzz "$port" "${FUZZ:-60}" >"$work/fuzz" &
one=$!
"$B/tests/chaos/live" fuzz "$port" "${FUZZ:-60}" >"$work/fuzz2"
wait "$one"
body=$(cat "$work/fuzz")
echo "# $(json .sent) hostile requests, twice"
is "$(($(json .sent) > ${FUZZ:-60} * 20))" 1 'thousands of ids that are none'
is "$(workers "$(hub)")" "$worker" 'the worker of the hub lives on'
is "$(deaths)" "$died" 'nobody has died of them'
like "$(sed -n '/signal 11\|assert/p' "$state/log/hub.log" "$state/log/error.log")" '^$' 'nor of anything else but our kills'
stop TERM
is "$stopped" 0 'the site ends'
