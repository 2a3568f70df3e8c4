#!/bin/bash
# valgrind.sh - the unit tests of the store under memcheck: no invalid access, nothing undefined, no leak.
#
#	valgrind.sh [NAME ...]    only these: valgrind.sh zset_test
#
# The programs are the plain build's, in $B; a fork is watched too.  "Possibly lost" is no fault: in a child
# that ends in the middle of things SQLite has only pointers into its pages.
set -u
cd "${0%/*}/../.." || exit 1
B=${B:-build}

# Those that include a header of lib/store, or one that does.
store_units()
{
	local header pattern='store.h|collections.h|workload.h'

	for header in lib/store/*.h; do
		pattern+="|${header##*/}"
	done
	grep -lE "^#include \"(${pattern//./\\.})\"" tests/unit/*_test.c | sed 's|.*/||; s|\.c$||'
}

[ $# -gt 0 ] || mapfile -t names < <(store_units)
[ $# -eq 0 ] || names=("$@")
out=$(mktemp)
trap 'rm -f "$out"' EXIT
bad=0 count=0
echo "1..${#names[@]}"
for name in "${names[@]}"; do
	count=$((count + 1))
	if FAULTS=1 SECS=3 WORST_MS=60000 CMOCKA_MESSAGE_OUTPUT=STDOUT valgrind --quiet --error-exitcode=99 \
		--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
		"$B/tests/unit/$name" >"$out" 2>&1 </dev/null; then
		echo "ok $count - $name"
	else
		bad=$((bad + 1))
		echo "not ok $count - $name"
		grep -E '^==|FAILED|ERROR|error:' "$out" | head -60 | sed 's/^/# /'
	fi
done
[ "$bad" = 0 ]
