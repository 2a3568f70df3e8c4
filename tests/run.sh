#!/bin/bash
# run.sh - runs the tests, layer by layer, and counts.
#
#	tests/run.sh [layer ...]
#
#	units    UNITS/*                cmocka programs, built with sanitizers
#	diff     B/tests/diff/diff      the store against redis-server
#	routes   tests/route/*.t        a handler as plain CGI, no nginx
#	site     tests/site/*.t         the whole site on loopback
#	browser  tests/browser/run.sh   the pages as people see them
#	chaos    tests/chaos/*.t        kills and cuts; only when asked for
#	valgrind tests/unit/valgrind.sh the store's units under memcheck; only when asked for
#
# Every test is a program that speaks TAP.  A crash, a missing plan, fewer
# results than planned, an exit other than 0 and a hang are failures too.
# The last line is "N passed, N failed" (and ", N skipped" when there are any).
#
# B=build  UNITS=build-san/tests/unit  TEST_TIMEOUT=600 (seconds a file)
set -u
cd "$(dirname "$0")/.." || exit 1
export B=${B:-build}
UNITS=${UNITS:-build-san/tests/unit}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM
passed=0 failed=0 skipped=0

files_of()
{
	case $1 in
	units) find tests/unit -maxdepth 1 -name '*.c' -printf "$UNITS/%f\n" | sed 's/\.c$//' | sort ;;
	diff) echo "$B/tests/diff/diff" ;;
	routes) find tests/route -maxdepth 1 -name '*.t' | sort ;;
	site) find tests/site -maxdepth 1 -name '*.t' | sort ;;
	browser) find tests/browser -maxdepth 1 -name run.sh ;;
	valgrind) echo tests/unit/valgrind.sh ;;
	chaos) find tests/chaos -maxdepth 1 -name '*.t' | sort ;;
	*) echo "run.sh: no such layer: $1" >&2; exit 2 ;;
	esac
}

# Reads TAP; shows what failed with all that was said about it; last line:
# "passed failed skipped".
judge()
{
	awk -v rc="$1" '
	function wrong(why) { failures++; print "  not ok - " why }
	/^1\.\.[0-9]+/ {
		plan = substr($1, 4) + 0
		planned++
		if (plan == 0 && tolower($0) ~ /# *skip/)
			skips++
		next
	}
	/^(not )?ok\>?([ \t]|$)/ {
		results++
		talking = 0
		if (tolower($0) ~ /# *skip/) {
			skips++
			print "  " $0
		} else if ($1 == "ok")
			passes++
		else {
			failures++
			talking = 1
			printf "%s  %s\n", before, $0
		}
		before = ""
		next
	}
	{
		last[NR % 20] = $0      # kept for a crash
		if (talking)
			print "    " $0
		else if ($0 !~ /^[ \t]*# *$/)
			before = substr(before "    " $0 "\n", 1, 4000)
	}
	END {
		told = failures
		if (planned != 1)
			wrong("no plan (1..N)")
		else if (results + 0 != plan && (plan || !skips))
			wrong("planned " plan ", came to " results + 0)
		if (rc == 124 || rc == 137)
			wrong("took too long and was ended")
		else if (rc > 128)
			wrong("died of signal " rc - 128)
		else if (rc != 0 && !failures)
			wrong("left with exit code " rc)
		if (failures && !told)
			for (i = NR - 19; i <= NR; i++)
				if (i in last || i % 20 in last)
					print "    | " last[i % 20]
		print passes + 0, failures + 0, skips + 0
	}' "$out"
}

# Runs a file; what came of it lies in DIR/N.* for report().
execute() # DIR/N FILE
{
	local start=$EPOCHREALTIME

	# In braces, or bash would tell of every crash itself.
	{ CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 "${TEST_TIMEOUT:-600}" "$2" >"$1.out" 2>&1 </dev/null
	} 2>/dev/null
	echo "$? $(((${EPOCHREALTIME/./} - ${start/./}) / 1000))" >"$1.end"
	mv "$1.end" "$1.rc"
}

report() # DIR/N FILE
{
	local rc ms report p f s

	read -r rc ms <"$1.rc"
	out=$1.out
	report=$(judge "$rc")
	read -r p f s <<<"${report##*$'\n'}"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-44s %4d ok %7d ms%s\n' "$2" "$p" "$ms" "$( ((f)) && echo "  $f FAILED")"
	[ "$report" = "${report##*$'\n'}" ] || printf '%s\n' "${report%$'\n'*}"
}

# How many at once: what has a store of its own and no clock to mind.
at_once()
{
	case $1 in
	units | routes) nproc ;;
	*) echo 1 ;;
	esac
}

# The browser's part, while it runs beside the site's.
beside() { [ -n "$early" ] && ! [ -e "$dir/browser/0.rc" ] && echo 1 || echo 0; }

# The files of a layer, so many at once; those that are done are told in order.
run_layer() # LAYER FILE...
{
	local layer=$1 most n=0 told=0 file
	local -a list=("${@:2}")

	most=$(at_once "$layer")
	mkdir -p "$dir/$layer"
	for file in "${list[@]}"; do
		while (($(jobs -rp | wc -l) >= most + $(beside))); do wait -n; done
		execute "$dir/$layer/$n" "$file" &
		n=$((n + 1))
		while [ -e "$dir/$layer/$told.rc" ] && ((told < n)); do
			report "$dir/$layer/$told" "${list[told]}"
			told=$((told + 1))
		done
	done
	for ((; told < n; told++)); do
		while ! [ -e "$dir/$layer/$told.rc" ]; do wait -n; done
		report "$dir/$layer/$told" "${list[told]}"
	done
}

[ $# -gt 0 ] || set -- units diff routes site browser
early=
for layer; do
	files=$(files_of "$layer") || exit 2
	[ -z "$files" ] && continue
	# Most of the site's time is waiting: the browser's, which is work, fills it.
	if [ "$layer" = site ] && [[ " $* " == *' browser '* ]]; then
		early=$(files_of browser)
		mkdir -p "$dir/browser"
		execute "$dir/browser/0" "$early" &
	fi
	echo "== $layer"
	if [ "$layer" = browser ] && [ -n "$early" ]; then
		while ! [ -e "$dir/browser/0.rc" ]; do wait -n; done
		report "$dir/browser/0" "$early"
		continue
	fi
	mapfile -t list <<<"$files"
	run_layer "$layer" "${list[@]}"
done

if [ $((passed + failed + skipped)) = 0 ]; then
	echo 'run.sh: no tests found' >&2
	failed=1
fi
echo "$passed passed, $failed failed$( ((skipped)) && echo ", $skipped skipped")"
[ "$failed" = 0 ]
