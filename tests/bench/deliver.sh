#!/bin/bash
# deliver.sh - deliveries a second, beside libcurl alone and beside BullMQ; how
# soon after its commit a message arrives; what an idle dispatcher costs.
#
# All three post the same body with the headers of a signed webhook to the same
# sink, 64 at once, in interleaved rounds.  A rate is that of the arrivals at
# the sink, from the first to the last; the ratio is the median of the rounds'.
#
#	ROUNDS=5  N=20000 (a side and round)  BULL_N=10000  LATENCY=500  IDLE=20 (s)
#
# Exit 1 when a target is missed.  The figures also go to build/bench-deliver.json.
set -u
cd "$(dirname "$0")/../.." || exit 1
ROUNDS=${ROUNDS:-5} N=${N:-20000} BULL_N=${BULL_N:-10000} LATENCY=${LATENCY:-500} IDLE=${IDLE:-20}
B=$(cd "${B:-build}" && pwd) || exit 1
dir=$(mktemp -d "$B/bench.XXXXXX") || exit 1
export MUSTER_STATE=$dir/state MODULES=$B/bench-modules/
sink='' redis='' worker='' missed=0

# shellcheck disable=SC2317 # called by the trap
cleanup()
{
	trap '' EXIT INT TERM
	for pid in $sink $redis $worker; do kill "$pid" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
fatal() { echo "deliver: $*" >&2; exit 1; }

"$B/bin/muster" init >/dev/null || fatal 'no store'
"$B/tests/serve/sink" 0 "$dir/list" >"$dir/port" &
sink=$!
until [ -s "$dir/port" ]; do sleep 0.05; done
url=http://127.0.0.1:$(<"$dir/port")/hook

# --- BullMQ, where npm and redis-server are

have_bull=1
mkdir -p "$MODULES" && cp tests/bench/package.json tests/bench/package-lock.json tests/bench/.npmrc "$MODULES" &&
	(cd "$MODULES" && { cmp -s package-lock.json node_modules/.installed ||
		{ npm ci --ignore-scripts >npm.log 2>&1 && cp package-lock.json node_modules/.installed; }; }) || have_bull=0
if ((have_bull)) && command -v redis-server >/dev/null; then
	redis-server --port 0 --unixsocket "$dir/redis.sock" --dir "$dir" --save '' --appendonly yes --appendfsync everysec \
		--daemonize no >"$dir/redis.log" 2>&1 &
	redis=$!
else
	have_bull=0
	echo '# BullMQ is left out: npm or redis-server is missing'
fi

# --- one run: COUNT COMMAND...; the rate of its arrivals

rate()
{
	sleep 0.3                # the list is written every 50 ms
	: >"$dir/list"
	"${@:2}" >>"$dir/out" 2>&1 || fatal "$2: $(tail -n 3 "$dir/out")"
	sleep 0.3
	awk -v want="$1" '{ ids[$1] = 1; t = $3; if (NR == 1) first = t }
		END { if (NR != want || length(ids) != want) { print NR, "arrivals," , length(ids), "ids" > "/dev/stderr"; exit 1 }
		printf "%.0f\n", NR * 1e6 / (t - first) }' "$dir/list" || fatal "$2: not all arrived once"
}
bare() { rate "$N" "$B/tests/bench/bare" "$url" "$N"; }
ours()
{
	"$B/tests/serve/load" "$MUSTER_STATE" put "$1" "$url"
	rate "$1" "$B/bin/dispatch" --once
}
bull()
{
	node tests/bench/bull.mjs "$dir/redis.sock" "$url" fill "$BULL_N" || fatal 'BullMQ: fill'
	rate "$BULL_N" node tests/bench/bull.mjs "$dir/redis.sock" "$url" work "$BULL_N"
}
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
column() { awk -v c="$1" '{ print $c }' "$dir/rounds" | median; }

"$B/tests/serve/load" "$MUSTER_STATE" put 2000 "$url" && "$B/bin/dispatch" --once 2>>"$dir/out"   # the window opens
for ((round = 1; round <= ROUNDS; round++)); do
	b=$(bare) && o=$(ours "$N") || exit 1
	q=0
	((have_bull)) && { q=$(bull) || exit 1; }
	awk -v b="$b" -v o="$o" -v q="$q" 'BEGIN { print b, o, q, o / b, q ? o / q : 0 }' >>"$dir/rounds"
	printf 'round %d  libcurl alone %6d/s   dispatcher %6d/s   BullMQ %6d/s\n' "$round" "$b" "$o" "$q"
done

# --- from commit to arrival, one message after the other, and what idling costs

"$B/bin/dispatch" --life 3600 2>>"$dir/out" &
worker=$!
sleep 1
: >"$dir/list"
"$B/tests/serve/load" "$MUSTER_STATE" each "$LATENCY" "$url" 4 >"$dir/sent"
sleep 1
read -r arrived p50 p99 <<<"$(awk 'NR == FNR { at[$1] = $2; next } $1 in at { print ($3 - at[$1]) / 1000 }' "$dir/sent" "$dir/list" |
	sort -g | awk '{ v[NR] = $1 } END { print NR, v[int((NR + 1) / 2)], v[int(NR * 0.99)] }')"
sleep 4                          # the last checkpoint
cpu() { awk '{ print $14 + $15 }' "/proc/$worker/stat"; }
written() { awk '/^write_bytes/ { print $2 }' "/proc/$worker/io"; stat -c '%Y %s' "$MUSTER_STATE"/muster.db*; }
before=$(cpu) files=$(written)
sleep "$IDLE"
idle=$(awk -v t=$(($(cpu) - before)) -v hz="$(getconf CLK_TCK)" -v s="$IDLE" 'BEGIN { print 100 * t / hz / s }')
writes=no
[ "$files" = "$(written)" ] || writes=yes

# --- verdict

target()                         # NAME VALUE TEST TARGET
{
	if awk "BEGIN { exit !($2 $3) }"; then
		printf '%-40s %10s   ok: %s\n' "$1" "$2" "$4"
	else
		printf '%-40s %10s   MISSED: %s\n' "$1" "$2" "$4"
		missed=1
	fi
}
echo
to_bare=$(column 4) to_bull=$(column 5)
target 'deliveries/s to libcurl alone' "$to_bare" '>= 0.4' '>= 0.4'
((have_bull)) && target 'deliveries/s to BullMQ' "$to_bull" '>= 3' '>= 3'
[ "$arrived" = "$LATENCY" ] || fatal "$arrived of $LATENCY arrived"
target 'commit to arrival, p50, ms' "$p50" '<= 5' '<= 5 ms'
printf '%-40s %10s\n' 'commit to arrival, p99, ms' "$p99"
target 'idle, % of a core' "$idle" '< 0.2' '< 0.2'
target 'idle, written in that time' "\"$writes\"" '== "no"' 'nothing'
printf '{"bare":%s,"dispatch":%s,"bullmq":%s,"to_bare":%s,"to_bullmq":%s,"p50_ms":%s,"p99_ms":%s,"idle_percent":%s}\n' \
	"$(column 1)" "$(column 2)" "$(column 3)" "$to_bare" "$to_bull" "$p50" "$p99" "$idle" >"$B/bench-deliver.json"
exit $missed
