#!/bin/bash
# suppress.t - the operator says who gets nothing any more.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 19
run() # [STATUS] WANTED, then the command line; what it said is in $out
{
	out=$(muster "${@:2}" 2>&1)
	is $? "$1" "exit $1: muster ${*:2}"
}
muster init >/dev/null
kept() { muster kv <<<"HLEN suppressed:$1"; }

run 0 suppress email Ana@Example.org
is "$(kept email)" '(integer) 1' 'an address is suppressed'
run 0 suppress email ana@example.org --why complaint
is "$(kept email)" '(integer) 1' 'in any spelling it is the same'
run 0 suppress email
like "$out" '^complaint +muster suppress +.*1 suppressed$' 'the list says why and by whom'
unlike "$out$(sqlite3 "$MUSTER_STATE/muster.db" .dump)" '[Aa]na' 'and holds no address'
run 0 suppress sms '+40 712 345 678' --why opted-out
is "$(kept sms)" '(integer) 1' 'a number, too'
run 0 unsuppress email ANA@example.org
is "$(kept email)" '(integer) 0' 'it may be written to again'
run 1 unsuppress email ana@example.org
like "$out" 'not suppressed' 'but only once'
for line in 'suppress' 'suppress fax 1' 'suppress webhook https://x.example' 'suppress email nobody' \
	'suppress email a@b.example --why mood' 'unsuppress email'; do
	# shellcheck disable=SC2086
	run 2 $line
done
