#!/bin/bash
# run.sh - runs the fuzzers one after the other and says how many inputs they tried.
#
#	RUNS=10000000 tests/fuzz/run.sh [libFuzzer's options]
#
# 9 of 10 go to cli (any bytes as a line), the rest to command (any lines as
# commands), and as many again to text (any text as a post); ONLY=text for one of
# them.  What is found on the way is kept in B/corpus for the next time; an
# input that fails in B/crash.  Again: B/tests/fuzz/command B/crash/FILE
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build-fuzz} RUNS=${RUNS:-10000000}
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || TMPDIR=/dev/shm # a disk's commits would be most of the time
TMPDIR=$(mktemp -d) && export TMPDIR || exit 1
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM
export ASAN_OPTIONS=malloc_context_size=5:quarantine_size_mb=8
total=0 parts=''

fuzz() # NAME RUNS LENGTH
{
	local log=$B/fuzz-$1.log start=$SECONDS n
	mkdir -p "$B/corpus/$1" "$B/crash"
	echo "== fuzz $1: $2 runs"
	if ! "$B/tests/fuzz/$1" -runs="$2" -max_len="$3" -timeout=20 -rss_limit_mb=1024 -malloc_limit_mb=256 \
		-print_final_stats=1 -artifact_prefix="$B/crash/$1-" "${@:4}" \
		"$B/corpus/$1" "tests/fuzz/corpus/$1" 2>"$log"; then
		grep -v '^#' "$log" | tail -60
		echo "fuzz: $1 failed; all it said is in $log"
		exit 1
	fi
	n=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	total=$((total + n)) parts="$parts${parts:+, }$n $1"
	echo "   $(grep -o 'cov: .*corp: [^ ]*' "$log" | tail -1), $((n / (SECONDS - start + 1))) a second"
}

for one in ${ONLY:-cli command text}; do
	case $one in
	cli) fuzz cli $((RUNS - RUNS / 10)) 96 "$@" ;;
	command) fuzz command $((RUNS / 10)) 384 "$@" ;;
	text) fuzz text "$RUNS" 48 -entropic=0 "$@" ;; # weighing features would be a quarter of it
	*) echo "run.sh: no such fuzzer: $one" >&2; exit 2 ;;
	esac
done
echo "fuzz: $total executions ($parts), no crash"
