#!/bin/bash
# instance.t - every process of a site is killed at once, again and again, while people write to it.
#
#	ROUNDS=8     how often
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
rounds=${ROUNDS:-8}
plan $((rounds * 2 + 7))
start RATE_EXEMPT=127.0.0.0/8
token admin --role admin
shelter RO-CJ-01 '"capacity":100000'
shelter RO-CJ-02 '"capacity":100000,"position":{"longitude":23.59,"latitude":46.77}'
shelter RO-CJ-03 '"capacity":60'

kill_all()
{
	local p all=("$pid")
	while read -r p _; do all+=("-$p"); done <"$state/run/pids"
	kill -KILL -- "${all[@]}" 2>/dev/null
	wait "$pid" 2>/dev/null
	unset "running[$pid]"
}

TOKEN=${tokens[admin]} node tests/site/load.mjs run "$site" $((rounds * 6)) 8 "$work/memory" RO-CJ-01 RO-CJ-02 RO-CJ-03 \
	>"$work/told" 2>"$work/failed" &
people=$!
for ((round = 1; round <= rounds; round++)); do
	sleep "$((1 + RANDOM % 2)).$((RANDOM % 10))"
	kill_all
	said=$(muster check)
	like "$said" ' 0 differences$' "killed $round times: muster check passes on what is left"
	again RATE_EXEMPT=127.0.0.0/8 PORT="$port"
	get /health
	is "$status" 200 'and a start on the same state is well'
done
wait "$people"
is "$?$(cat "$work/failed")" 0 'everybody was answered in the end'
body=$(cat "$work/told") head=''
echo "# $body"
holds '.odd == []' 'nobody was told something odd'
live=$(json .live)
body=$(node tests/site/load.mjs verify "$site" "$work/memory")
holds '.lost == [] and .changed == []' 'every acknowledged announcement is there, with its people'
holds '.back == [] and .gone > 20' 'everything acknowledged as ended is gone'
holds '.numbers == []' 'both counters of every shelter are what was acknowledged'
said=$(muster check)
like "$said" ' 0 differences$' 'muster check passes'
like "$said" " $live intentions" 'and no intention is there that nobody was told of'
