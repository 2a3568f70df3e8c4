#!/bin/bash
# tenants.sh - one dispatcher for many organisations: what those at rest cost, and
# how soon after its commit a message arrives where one or a hundred are at work.
#
#	TENANTS=1000  IDLE=60 (s)  ACTIVE=100  EACH=20 (messages of each)
#
# Exit 1 when a target is missed.
set -u
cd "$(dirname "$0")/../.." || exit 1
TENANTS=${TENANTS:-1000} IDLE=${IDLE:-60} ACTIVE=${ACTIVE:-100} EACH=${EACH:-20}
B=$(cd "${B:-build}" && pwd) || exit 1
dir=$(mktemp -d "$B/bench.XXXXXX") || exit 1
export MUSTER_STATE=$dir/state
sink='' worker='' missed=0

# shellcheck disable=SC2317 # called by the trap
cleanup()
{
	trap '' EXIT INT TERM
	for pid in $sink $worker; do kill "$pid" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
fatal() { echo "tenants: $*" >&2; exit 1; }
target()                         # NAME VALUE TEST TARGET
{
	if awk "BEGIN { exit !($2 $3) }"; then
		printf '%-44s %10s   ok: %s\n' "$1" "$2" "$4"
	else
		printf '%-44s %10s   MISSED: %s\n' "$1" "$2" "$4"
		missed=1
	fi
}

"$B/bin/muster" init >/dev/null || fatal 'no store'
"$B/bin/muster" tenant add t1 --host t1.example >/dev/null || fatal 'no tenant'
for ((i = 2; i <= TENANTS; i++)); do
	mkdir "$MUSTER_STATE/tenants/t$i" && cp "$MUSTER_STATE/tenants/t1/muster.db" "$MUSTER_STATE/tenants/t$i/"
done
"$B/tests/serve/sink" 0 "$dir/list" >"$dir/port" &
sink=$!
until [ -s "$dir/port" ]; do sleep 0.05; done
url=http://127.0.0.1:$(<"$dir/port")

cpu() { awk '{ print $14 + $15 }' "/proc/$worker/stat"; }
open() { find "/proc/$worker/fd" -mindepth 1 | wc -l; }
at_rest() { find "$MUSTER_STATE/tenants" -name due | wc -l; }
ms() { awk -v t="$1" -v hz="$(getconf CLK_TCK)" 'BEGIN { print 1000 * t / hz }'; }
start() { "$B/bin/dispatch" --life 3600 2>>"$dir/out" & worker=$!; }
settle()
{
	until [ "$(at_rest)" = "$TENANTS" ]; do sleep 0.2; done
	sleep 1
}

# --- at rest

start
settle
printf '%-44s %10s\n' "first look at $TENANTS tenants, ms of a core" "$(ms "$(cpu)")"
before=$(cpu)
sleep "$IDLE"
target "idle with $TENANTS tenants, % of a core" \
	"$(awk -v t=$(($(cpu) - before)) -v hz="$(getconf CLK_TCK)" -v s="$IDLE" 'BEGIN { print 100 * t / hz / s }')" '< 0.3' '< 0.3'
target 'descriptors open' "$(open)" '< 30' '< 30'
kill "$worker" && wait "$worker"
start
sleep 3
target 'a next dispatcher begins, ms of a core' "$(ms "$(cpu)")" '< 500' '< 500'

# --- at work

arrival()                        # N: from the commit to the arrival, ms: "count p50 p99 max"
{
	local pids=() most=0 n
	sleep 0.3
	: >"$dir/list"
	for ((i = 1; i <= $1; i++)); do
		"$B/tests/serve/load" "$MUSTER_STATE/tenants/t$i" each "$2" "$url/t$i" "$3" >"$dir/sent.$i" &
		pids+=($!)
	done
	for ((i = 0; i < 200; i++)); do
		n=$(open)
		((n > most)) && most=$n
		kill -0 "${pids[-1]}" 2>/dev/null || break
		sleep 0.1
	done
	wait "${pids[@]}"
	sleep 2
	echo "$most" >"$dir/most"
	# All are copies of one store, so ids repeat: the path tells whose it is.
	for ((i = 1; i <= $1; i++)); do sed "s|\$| /t$i|" "$dir/sent.$i"; done |
		awk 'NR == FNR { at[$3 $1] = $2; next } ($4 $1) in at { print ($3 - at[$4 $1]) / 1000; delete at[$4 $1] }' - "$dir/list" |
		sort -g | awk '{ v[NR] = $1 } END { print NR, v[int((NR + 1) / 2)], v[int(NR * 0.99)], v[NR] }'
}
read -r n p50 p99 max <<<"$(arrival 1 500 4)"
[ "$n" = 500 ] || fatal "$n of 500 arrived"
target 'one at work: commit to arrival, p50, ms' "$p50" '<= 5' '<= 5'
printf '%-44s %10s %10s\n' '  p99 and longest, ms' "$p99" "$max"
read -r n p50 p99 max <<<"$(arrival "$ACTIVE" "$EACH" 500)"
[ "$n" = $((ACTIVE * EACH)) ] || fatal "$n of $((ACTIVE * EACH)) arrived"
target "$ACTIVE at work: commit to arrival, p50, ms" "$p50" '<= 50' '<= 50'
printf '%-44s %10s %10s\n' '  p99 and longest, ms' "$p99" "$max"
target '  descriptors open at most' "$(<"$dir/most")" '< 700' '< 700'
exit $missed
