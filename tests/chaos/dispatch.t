#!/bin/bash
# dispatch.t - the dispatcher is killed while it ends intentions: the next one goes on, nothing is ended half.
#
#	ROUNDS=4     times 300 intentions
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
rounds=${ROUNDS:-4}
plan $((rounds * 4 + 1))
MUSTER_STATE=$work/var
muster init >/dev/null
awk 'BEGIN { print "name,county,capacity"; for (i = 0; i < 60; i++) printf "School %d,CJ,500\n", i }' >"$work/list.csv"
muster import "$work/list.csv" --country RO --status open >/dev/null || bail 'no shelters'
now=1800000000000

cgi() # METHOD PATH BODY
{
	printf %s "$3" | env -i MUSTER_STATE="$MUSTER_STATE" MUSTER_NOW=$now REQUEST_METHOD="$1" REQUEST_URI="/api/$2" \
		CONTENT_TYPE=application/json CONTENT_LENGTH="${#3}" "$B/cgi-bin/${2%%/*}" | tail -1
}
for ((round = 1; round <= rounds; round++)); do
	for ((i = 0; i < 300; i++)); do
		cgi POST intents "{\"shelter\":\"RO-CJ-$(printf %02d $((i % 60 + 1)))\",\"people\":$((i % 5 + 1))}" >"$work/answer"
	done
	is "$(cgi GET locations/city-CJ '' | jq -r '.availability - .projected_availability')" 900 'hundreds of people are on their way'
	now=$((now + 3 * 60 * 60 * 1000))
	kills=0 wrong=0
	for ((tries = 0; tries < 200; tries++)); do
		MUSTER_NOW=$now "$B/bin/dispatch" &
		sleep "0.0$(printf %02d $((RANDOM % 12)))"
		kill -KILL $! 2>/dev/null
		wait $! 2>/dev/null && break
		kills=$((kills + 1))
		[[ $(muster check) =~ \ 0\ differences$ ]] || wrong=$((wrong + 1))
	done
	is "$wrong" 0 "after each of $kills kills everything agrees"
	MUSTER_NOW=$now "$B/bin/dispatch"
	is "$(cgi GET locations/city-CJ '' | jq -r '.availability - .projected_availability')" 0 'in the end all places are free again'
	like "$(muster check)" ' 0 intentions, .* 0 differences$' 'and no intention is left'
done
like "$(cat "$work/var/live/head.json")" '^\{"sequence":[0-9]+,"heads":\{.*\}\}$' 'and the head file is whole'
