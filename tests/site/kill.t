#!/bin/bash
# kill.t - handlers are killed every 50 to 200 ms while people announce, change, cancel and arrive.
#
#	LOAD=10      seconds of it
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 9
start RATE_EXEMPT=127.0.0.0/8
token admin --role admin
shelter RO-CJ-01 '"capacity":100000'
shelter RO-CJ-02 '"capacity":100000,"position":{"longitude":23.59,"latitude":46.77}'
shelter RO-CJ-03 '"capacity":60'
shelter RO-B-01

TOKEN=${tokens[admin]} node tests/site/load.mjs run "$site" "${LOAD:-10}" 8 "$work/memory" \
	RO-CJ-01 RO-CJ-02 RO-CJ-03 RO-B-01 >"$work/told" 2>"$work/failed" &
people=$!
kills=0
while kill -0 "$people" 2>/dev/null && [ "$SECONDS" -lt $((${LOAD:-10} + 5)) ]; do
	mapfile -t victims < <(handlers intents; handlers arrivals; handlers '*')
	[ "${#victims[@]}" -gt 0 ] && kill -KILL "${victims[RANDOM % ${#victims[@]}]}" 2>/dev/null && kills=$((kills + 1))
	sleep "0.$(printf %03d $((50 + RANDOM % 150)))"
done
wait "$people"
is "$?$(cat "$work/failed")" 0 'everybody was answered in the end'
body=$(cat "$work/told") head=''
echo "# $kills kills; $body"
is "$((kills > ${LOAD:-10} * 2))" 1 'a process was killed several times a second'
holds '.odd == []' 'nobody was told something odd'
holds '.announced > 100 and .cancelled > 20 and .changed > 20 and .arrived > 20 and .walked > 20' 'there was something to lose'
live=$(json .live)
body=$(node tests/site/load.mjs verify "$site" "$work/memory")
holds '.lost == [] and .changed == []' 'every acknowledged announcement is there, with its people'
holds '.back == [] and .gone > 20' 'everything acknowledged as ended is gone'
holds '.numbers == []' 'both counters of every shelter are what was acknowledged'
said=$(muster check)
like "$said" ' 0 differences$' 'muster check passes'
like "$said" " $live intentions" 'and no intention is there that nobody was told of'
