#!/bin/bash
# deliver.t - dispatchers and writers are killed all the time, receivers fail: every message arrives, under one id.
#
# Twice the same messages to the same kind of receiver (a fifth of them meets a
# fault: a 500, a connection dropped before or after it took the message, a late
# answer, silence): once undisturbed, once with the dispatcher that works killed
# every 100 to 500 ms while an heir waits, and whoever writes the messages too.
# Then a quiet destination beside one with a long queue that never answers.
#
#	MESSAGES=20000   FLOOD=1000000   QUIET=300
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
messages=${MESSAGES:-20000} flood=${FLOOD:-1000000} quiet=${QUIET:-300}
plan 12
sinks=() workers=() writer='' breaker=''

cleanup()
{
	kill -KILL "${workers[@]}" $writer $breaker 2>/dev/null
	kill "${sinks[@]}" 2>/dev/null
	finish
}
trap cleanup EXIT

new_sink()                       # NAME [FAULTS]: $url
{
	"$B/tests/serve/sink" 0 "$work/$1.log" "${2:-0}" >"$work/$1.port" &
	sinks+=($!)
	until [ -s "$work/$1.port" ]; do sleep 0.05; done
	url=http://127.0.0.1:$(<"$work/$1.port")/hook
}
new_store()
{
	MUSTER_STATE=$work/$1
	muster init >/dev/null || bail 'no store'
}
worker()                         # one more dispatcher: it works, or waits
{
	"$B/bin/dispatch" --life 600 2>>"$work/dispatch.log" &
	workers+=($!)
}
left() { "$B/tests/serve/load" "$MUSTER_STATE" left 2>/dev/null || echo '?'; }
ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# The messages are written while they are sent.
write_all()                      # URL
{
	"$B/tests/serve/load" "$MUSTER_STATE" chaos "$messages" "$1" "${1}2" 2>>"$work/load.log"
}
wait_for_all()                   # LOG; at most 5 minutes
{
	local n=0
	while ((n++ < 3000)); do
		[ "$(left)" = 0 ] && break
		sleep 0.1
	done
}

# What the list of a sink says: "arrived doubled ids-too-many"
account()                          # NAME
{
	sleep 0.2                # the list is written every 50 ms
	awk '{ seen[$2]++; if (!(($1, $2) in pair)) { pair[$1, $2] = 1; ids[$2]++ } }
		END { for (n in seen) { arrived++; doubled += seen[n] - 1; many += ids[n] - 1 }
		print arrived + 0, doubled + 0, many + 0 }' "$work/$1.log"
}
end_workers()
{
	kill -TERM "${workers[@]}" 2>/dev/null
	wait "${workers[@]}" 2>/dev/null
	workers=()
}

# --- undisturbed

new_store calm
new_sink calm 20
started=$(ms)
worker
write_all "$url"
wait_for_all
calm=$(($(ms) - started))
end_workers
read -r arrived doubled many <<<"$(account calm)"
echo "# undisturbed: $messages messages in $calm ms, $doubled twice"
is "$arrived" "$messages" 'undisturbed, every message arrives'
is "$many" 0 'each under one id'

# --- with kills

new_store wild
new_sink wild 20
pause() { sleep "0.$((1 + RANDOM % 4))$((RANDOM % 10))"; }
kills=0 writer_kills=0
started=$(ms)
worker
worker                           # the heir
while :; do                      # until a writer has come to its end
	write_all "$url" &
	writer=$!
	(pause; kill -KILL "$writer" $(pgrep -P "$writer")) 2>/dev/null &
	breaker=$!
	pause
	kill -KILL "${workers[0]}" && kills=$((kills + 1))
	wait "${workers[0]}" 2>/dev/null
	workers=("${workers[@]:1}")
	worker
	wait "$writer" 2>/dev/null && break
	writer_kills=$((writer_kills + 1))
done 2>/dev/null
while [ "$(left)" != 0 ] && (($(ms) - started < 300000)); do
	pause
	kill -KILL "${workers[0]}" && kills=$((kills + 1))
	wait "${workers[0]}" 2>/dev/null
	workers=("${workers[@]:1}")
	worker
done 2>/dev/null
wild=$(($(ms) - started))
end_workers
read -r arrived doubled many <<<"$(account wild)"
echo "# with $kills kills of dispatchers, $writer_kills of writers: $wild ms, $doubled twice"
is "$arrived" "$messages" 'with all the kills, none is lost'
is "$many" 0 'and every one that came twice came under the same id'
in_time=$((wild <= 3 * calm))
is "$in_time" 1 "it took no more than three times as long ($wild ms, $calm ms)"
is "$((kills >= 5))" 1 "the dispatcher was killed again and again ($kills times)"
is "$((writer_kills >= 1))" 1 "and the writers too ($writer_kills times)"
like "$(muster check)" ' 0 differences$' 'the store is whole'
is "$(find "$MUSTER_STATE/dispatch" -name 'own.*' | wc -l)" 0 'and no file of a dead dispatcher is left'

# --- a noisy neighbour

new_store noisy
new_sink silent
silent=${url%/hook}/silent
new_sink quiet
"$B/tests/serve/load" "$MUSTER_STATE" put "$flood" "$silent" || bail 'no flood'
worker
sleep 2
"$B/tests/serve/load" "$MUSTER_STATE" each "$quiet" "$url" 10 >"$work/sent"
for ((n = 0; n < 100; n++)); do
	[ "$(wc -l <"$work/quiet.log")" -ge "$quiet" ] && break
	sleep 0.1
done
read -r n p50 p99 max <<<"$(awk 'NR == FNR { at[$1] = $2; next } $1 in at { print $3 - at[$1] }' "$work/sent" "$work/quiet.log" |
	sort -n | awk '{ v[NR] = $1 } END { print NR, v[int((NR + 1) / 2)], v[int(NR * 0.99)], v[NR] }')"
echo "# beside $flood rows that nobody answers: p50 $p50 us, p99 $p99 us, max $max us"
is "$n" "$quiet" 'beside a destination that never answers, all of another arrive'
is "$((p99 < 50000))" 1 "within 50 ms of their commit, 99 of 100 ($p99 us)"
is "$(wc -l <"$work/silent.log")" 0 'and the silent one took none'
end_workers
