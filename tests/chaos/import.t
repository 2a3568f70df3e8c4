#!/bin/bash
# import.t - muster import is killed at random moments: the old state or the new one, never half.
#
#	ROUNDS=30    kills of each kind
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
rounds=${ROUNDS:-30}
plan 8
list() # ROWS MORE-PLACES: a list of shelters
{
	awk -v rows="$1" -v more="$2" 'BEGIN {
		print "name,county,town,lat,lon,capacity,features"
		for (i = 0; i < rows; i++)
			printf "School %d,%s,Dej,%.4f,%.4f,%d,%s\n", i, i % 2 ? "CJ" : "B", 46 + i / 10000, 23 + i / 20000,
			    i % 90 + more, i % 3 ? "step-free;pets" : "showers"
	}'
}
list 3000 1 >"$work/old.csv"
list 3500 2 >"$work/new.csv"
fresh() { rm -rf "${work:?}/var"; MUSTER_STATE=$work/var; muster init >/dev/null; }

# "3000 shelters 136500 places" as everybody sees it; "none" before the first.
is_now()
{
	env -i MUSTER_STATE="$MUSTER_STATE" REQUEST_METHOD=GET REQUEST_URI=/api/locations/country-RO "$B/cgi-bin/locations" |
		tail -1 | jq -r 'if .shelters then "\(.shelters) shelters \(.capacity) places" else "none" end'
}
bring() { muster import "$work/$1.csv" --country RO >"$work/out" 2>&1; }

# Starts an import and kills it within about the time that it takes.
cut_import() # FILE
{
	local ms=$((RANDOM % (took * 11 / 10 + 1)))
	bring "$1" &
	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
	pkill -KILL -P $! 2>/dev/null
	wait $!
}

fresh
start_ms=$((${EPOCHREALTIME/./} / 1000))
bring old || bail "no import: $(cat "$work/out")"
took=$((${EPOCHREALTIME/./} / 1000 - start_ms))
old=$(is_now)
bring new
new=$(is_now)
like "$old" '^3000 shelters [0-9]+ places$' "an import takes $took ms"
like "$new" '^3500 shelters [0-9]+ places$' 'and a newer list changes it'

half=0 wrong=0 done_anyway=0 killed=0
for ((round = 0; round < rounds; round++)); do
	fresh
	cut_import old
	case $(is_now) in
	none) killed=$((killed + 1)) ;;
	"$old") done_anyway=$((done_anyway + 1)) ;;
	*) half=$((half + 1)) ;;
	esac
	[[ $(muster check) =~ \ 0\ differences$ ]] || wrong=$((wrong + 1))
done
is "$half" 0 "of $rounds first imports none is there half ($killed killed before, $done_anyway after)"
is "$wrong" 0 'and everything agrees each time'

fresh
bring old
half=0 wrong=0 changed=0
for ((round = 0; round < rounds; round++)); do
	cut_import new
	case $(is_now) in
	"$old") ;;
	"$new") changed=$((changed + 1)) ;;
	*) half=$((half + 1)) ;;
	esac
	[[ $(muster check) =~ \ 0\ differences$ ]] || wrong=$((wrong + 1))
	[ "$(is_now)" = "$old" ] || { fresh; bring old; }
done
is "$half" 0 "of $rounds newer lists none is there half ($changed came through)"
is "$wrong" 0 'and everything agrees each time'
bring new
is "$(is_now)" "$new" 'afterwards an import goes through as ever'
checks 'and everything agrees'
