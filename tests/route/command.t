#!/bin/bash
# command.t - the operator's command, and the dispatcher that cron starts.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 125
said=$state/said
run() # [STATUS] WANTED, then the command line; what it said is in $out and $err
{
	out=$(MUSTER_NOW=$now "$B/bin/muster" "${@:2}" 2>"$said" </dev/null)
	rc=$? err=$(cat "$said") body="$out $err"
	is $rc "$1" "exit $1: muster ${*:2}"
}

# --- help and misuse
run 0 --help
like "$out" '^usage: muster .*init.*import.*user add.*token add.*check' 'help lists the commands'
for command in init import user token check 'user add' 'token add'; do
	# shellcheck disable=SC2086
	run 0 $command --help
	like "$out" "^usage: muster ${command%% *}" "which help themselves: $command"
done
for line in '' nonsense --nonsense --state 'init now' 'import' 'import a b' 'import --country ROM x' 'import --format xls x' \
	'import --status busy x' 'import --colour x' user 'user add' 'user add x' 'user del x --role admin' \
	'user add x --role king' 'user add Ana --role admin' 'user add a/b --role admin' 'token add x' 'token add x y --role admin' \
	'check it' 'user add x --role admin --shelter'; do
	# shellcheck disable=SC2086
	run 2 $line
	like "$err" 'usage: muster' 'and is told how'
	[ -z "$out" ] || echo '# on standard output:' "$out"
done

# --- init
MUSTER_STATE=$state/new/deep
run 1 check
like "$err" 'no database.*init' 'without a database it says what to do'
run 0 init
is "$(sqlite3 "$MUSTER_STATE/muster.db" 'pragma journal_mode')" wal 'init makes one, with its directories'
run 0 init
run 0 check
is "${out##*$'\n'}" '0 shelters, 0 intentions, 0 ledger entries, 0 alerts: 0 differences' 'an empty one agrees'
run 0 --state "$state/other" init
[ -f "$state/other/muster.db" ]
is $? 0 '--state goes before MUSTER_STATE'
: >"$state/file"
run 1 --state "$state/file/x" init
mkdir "$state/junk" && echo junk >"$state/junk/muster.db"
run 1 --state "$state/junk" check
unlike "$err" 'usage' 'what is no database is no mistake of the command line'

# --- users and tokens
MUSTER_STATE=$state/var
token admin --role admin
shelter RO-CJ-01 '"capacity":10'
run 0 user add ana --role manager --role publisher --shelter RO-CJ-01
like "$out" '^[a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}$' 'a password is made and shown once'
password=$out
sign_in ana
is "$status" 200 'and signs in'
run 1 user add ana --role admin
like "$err" 'ana is there already; nothing was changed' 'a name is taken once'
run 1 user add eva --role manager --shelter RO-CJ-77
like "$err" 'no shelter RO-CJ-77' 'a shelter must be there'
run 0 user add eva --role manager
muster user add short --role admin <<<'too short' 2>/dev/null
is $? 2 'nine characters are no password'
muster user add long --role admin <<<'ten chars!'
is $? 0 'ten are'
run 0 token add importer --role admin
like "$out" '^[0-9a-f]{64}$' 'a token is shown once'
run 0 token add importer --role manager --shelter RO-CJ-01
run 1 token add other --role manager --shelter RO-CJ-77
unlike "$out" '[0-9a-f]{64}' 'none without its shelter'

# --- import
list=$state/list.csv
printf 'name,county,capacity\nScoala,CJ,10\nBad,CJ,many\n' >"$list"
run 1 import --country RO "$list"
like "$err" 'row 3: .*nothing was changed' 'a list with faults changes nothing, and says why'
run 0 import --country RO --partial "$list"
like "$out" '^1 created, 0 updated, 0 unchanged, 1 skipped' 'unless good rows are to be kept'
run 0 import --country RO --partial --dry-run --status open "$list"
like "$out" '^would be: 0 created, 0 updated, 1 unchanged, 1 skipped' 'or only looked at'
run 1 import --country RO "$state/nothing.csv"
run 1 import --country RO "$state"
run 1 import --country RO --format json "$list"
: >"$state/empty.csv"
run 1 import --country RO "$state/empty.csv"
if [ -f share/demo/shelters.csv ]; then
	run 0 import --country RO share/demo/shelters.csv
	like "$out" '0 skipped' 'the list that comes with the program is good'
else
	skip 2 'no demo list'
fi

# --- check
as nobody
post /api/intents '{"shelter":"RO-CJ-01","people":4}'
code=$(json .code)
as admin
post /api/arrivals '{"shelter":"RO-CJ-01","people":2}'
run 0 check
db=$MUSTER_STATE/muster.db
sqlite3 "$db" 'pragma wal_checkpoint(truncate)' >/dev/null
cp "$db" "$state/good"
while IFS='|' read -r what sql; do
	cp "$state/good" "$db"
	sqlite3 "$db" "$(sed "s/ID(\([^)]*\))/(select id from key where name = cast('\1' as blob))/g; s/CODE/$code/g" <<<"$sql")"
	out=$(muster check 2>&1)
	is "$? $(grep -c 'RO-CJ-01\|intents\|location' <<<"$out" | sed 's/[1-9][0-9]*/told/')" '1 told' "check finds $what"
done <<'END'
another number inside|update hash set value = 3 where key = ID(RO-CJ-01) and field = cast('occupancy' as blob)
another number on the way|update hash set value = 5 where key = ID(RO-CJ-01) and field = cast('expected' as blob)
another capacity|update hash set value = 11 where key = ID(RO-CJ-01) and field = cast('capacity' as blob)
another counter|update key set value = 99 where id = ID(RO-CJ-01-availability)
no counter|delete from key where id = ID(RO-CJ-01-projected)
another place in a ranking|update ranking set score = 99 where key = ID(city-CJ-availability) and member = cast('RO-CJ-01' as blob)
a card that tells something else|update string set value = cast(replace(cast(value as text), '"name":"', '"name":"M') as blob) where key = ID(RO-CJ-01:card)
an entry of the ledger that is gone|delete from hash where key = ID(RO-CJ-01:ledger) and field = (select min(field) from hash where key = ID(RO-CJ-01:ledger))
an intention of more people|update hash set value = 7 where key = ID(intent:CODE) and field = cast('people' as blob)
an intention that nothing will end|delete from ranking where key = ID(intents:expiring)
a member that a location forgot|delete from member where key = ID(city-CJ) and member = cast('RO-CJ-01' as blob)
a shelter that is listed and not there|delete from key where id = ID(RO-CJ-01)
END
cp "$state/good" "$db"
run 0 check
muster kv <<<'ZADD posts:org 5 5' >/dev/null
like "$(muster check; echo "= $?")" 'posts:org holds post 5, which does not belong there.*1 differences.*= 1$' \
	'check looks at posts'
cp "$state/good" "$db"

# --- dispatch
out=$("$B/bin/dispatch" --help)
is "$? ${out:0:6}" '0 usage:' 'dispatch helps as well'
"$B/bin/dispatch" now >/dev/null
is $? 2 'and takes nothing'
MUSTER_STATE=$state/none "$B/bin/dispatch" 2>"$said"
is $(($? > 0)) 1 'without a state directory it fails'
like "$(cat "$said")" '^[0-9T:Z-]+ dispatch: ' 'with a line for the log'
now=$((now + 7200000))
mkdir -p "$MUSTER_STATE/dispatch"
( flock 9; dispatch; echo $? >"$said" ) 9>>"$MUSTER_STATE/dispatch/primary"
is "$(cat "$said")" 0 'a second one sees the first at work and leaves'
get /api/shelters/RO-CJ-01
is "$(json .expected)" 4 'without doing anything'
dispatch
get /api/shelters/RO-CJ-01
is "$(json .expected)" 0 'alone it does its work'
is "$(sqlite3 "$db" "select count(*) from outbox")" 0 'all of it'
is "$(sqlite3 "$db" "select count(*) from key where expires <= $now") $(sqlite3 "$db" 'select count(*) from trash')" '0 0' \
	'and leaves nothing to sweep'
run 0 check
unlike "$(cat "$stderr")" "$password|$code|${tokens[admin]}" 'no secret is in the log'
