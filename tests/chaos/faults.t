#!/bin/bash
# faults.t - the disk fails at many calls of each kind, the power at many writes, memory at many allocations.
#
#	FAULTS=60    calls of each kind; all: every one (an hour or more; TEST_TIMEOUT=7200)
set -u
B=${B:-build}
export FAULTS=${FAULTS:-60} CMOCKA_MESSAGE_OUTPUT=STDOUT
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

judge() # NUMBER PID NAME WORDS
{
	local verdict=ok

	wait "$2" || verdict='not ok' bad=1
	grep '^#' "$out/$3"
	echo "$verdict $1 - $4"
	[ "$verdict" = ok ] || grep -v '^#' "$out/$3" | sed 's/^/# /' | tail -40
}

bad=0
echo 1..2
"$B/tests/unit/fault_test" >"$out/fault" 2>&1 &
fault=$!
"$B/tests/unit/memory_test" >"$out/memory" 2>&1 &
memory=$!
judge 1 "$memory" memory 'memory that runs out ends the process, not the data'
judge 2 "$fault" fault 'whatever call fails: told, undone, mended; a power cut takes nothing back'
exit "$bad"
