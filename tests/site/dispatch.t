#!/bin/bash
# dispatch.t - dispatchers one after the other: who works, who waits, how they hand over and end.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
[ -x "$B/tests/serve/sink" ] || { echo '1..0 # SKIP tests/serve is not built'; exit 0; }
plan 14
MUSTER_STATE=$work/var
muster init >/dev/null
"$B/tests/serve/sink" 0 "$work/list" >"$work/port" &
sink=$!
pids=()
trap 'kill "${pids[@]}" "$sink" 2>/dev/null; finish' EXIT
until [ -s "$work/port" ]; do sleep 0.05; done
body='' url=http://127.0.0.1:$(<"$work/port")

load() { "$B/tests/serve/load" "$MUSTER_STATE" "$@"; }
worker() { "$B/bin/dispatch" --life "$1" >/dev/null 2>>"$work/log" & pids+=($!); }
owners() { find "$MUSTER_STATE" -path '*/dispatch/own.*' | wc -l; }
works()                          # the one of them that has its owner's file open
{
	local pid
	for pid in "${pids[@]}"; do
		[[ $(readlink "/proc/$pid/fd/"* 2>/dev/null) = */own.* ]] && echo "$pid"
	done
}
lives() { kill -0 "$1" 2>/dev/null && echo yes || echo no; }
beat() { muster kv <<<'GET dispatcher:beat' | tr -dc 0-9; }
arrived() { awk '{ print $1 }' "$work/list" | sort -u | wc -l; }
twice() { awk '{ print $1 }' "$work/list" | sort | uniq -d | wc -l; }

worker 3
until_is 1 owners >/dev/null
worker 60
worker 60
sleep 0.5
worker 60
wait "${pids[3]}"
is "$?" 0 'while one works and two wait, the fourth leaves'
is "$(lives "${pids[1]}")$(lives "${pids[2]}")" yesyes 'and the two go on waiting'

# Over the end of the first one's life a message each 20 ms.
load each 150 "$url/hook" 20 >"$work/sent"
is "$(until_is no lives "${pids[0]}")" no 'the first one ends when its life is over'
is "$(until_is 150 arrived)" 150 'meanwhile everything arrives'
is "$(twice)" 0 'nothing of it twice'
slow=$(awk 'NR == FNR { at[$1] = $2; next } $1 in at && $3 - at[$1] > 1000000' "$work/sent" "$work/list" | wc -l)
is "$slow" 0 'and none waits for a second'
is "$(owners)" 1 'one owner is left'
like "$(beat)" '^[0-9]{13}$' 'its beat can be read'

# A kill: the heir takes over at once what was claimed.
load put 4 "$url/silent"
waiting() { load left; }
heir_works() { grep -q 'taken up' "$work/log" && echo yes; }
sleep 0.5
killed=$(works)
{ kill -KILL "$killed" && wait "$killed"; } 2>/dev/null
until_is yes heir_works >/dev/null
like "$(cat "$work/log")" '4 claims of a dispatcher that was killed are taken up' 'an heir takes up the claims of a killed one'

# TERM: what cannot end within some seconds is given back.
worked=$(works)
kill -TERM "$worked"
wait "$worked"
is "$?" 0 'asked to end, it does so in order'
is "$(owners)$(waiting)" 04 'gives its claims back, and loses none'
"$B/bin/dispatch" --help | grep -q -- --once
is "$?" 0 'the help names --once'

# A message that is under way when they die, one after the other.
die_six_times()                  # SIGNAL WANT COLUMN: the message's state when that column is so
{
	local n
	MUSTER_STATE=$work/$1
	muster init >/dev/null
	load put 1 "$url/silent"
	for ((n = 1; n <= 6; n++)); do
		worker 60
		until_is "$n" row epoch >/dev/null
		{ kill "-$1" "${pids[-1]}" && wait "${pids[-1]}"; } 2>/dev/null
	done
	worker 60
	until_is "$2" row "$3" >/dev/null
	row 'state, reason' | tr '|' ' '
	{ kill -KILL "${pids[-1]}" && wait "${pids[-1]}"; } 2>/dev/null
}
row() { sqlite3 "$MUSTER_STATE/muster.db" "select $1 from outbox"; }
is "$(die_six_times SEGV 4 state)" '4 poison' 'a message that dispatchers crash at is not tried for ever'
is "$(die_six_times KILL 7 epoch)" '0 ' 'but one that they were killed at, by somebody, is'
