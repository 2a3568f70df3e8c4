#!/bin/bash
# tenants.t - a thousand organisations on one server: at rest they cost files only, and a handler that is
# asked by all of them in turn holds a bounded number of stores.  MANY=50 for a look.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
MANY=${MANY:-1000}
plan 14
start RATE_EXEMPT='127.0.0.1 ::1' CACHE=off
token admin --role admin
shelter RO-CJ-01 '"capacity":10'
as nobody
open_of() { find "/proc/$1/fd" 2>/dev/null | wc -l; }              # descriptors
most_open() { local p n most=0; for p in "${watched[@]}"; do n=$(open_of "$p"); ((n > most)) && most=$n; done; echo "$most"; }
us() { echo "${EPOCHREALTIME/./}"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

mapfile -t watched < <(handlers '*')
few=${#watched[@]}
before=$(most_open)
memory() { local p sum=0 n; for p in "${watched[@]}"; do n=$(awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup"); sum=$((sum + n)); done; echo "$sum"; }
at_first=$(memory)

# --- made, one after the other
since=$(us)
for ((i = 0; i < MANY; i++)); do
	muster tenant add "t$i" --host "t$i.localhost" </dev/null >/dev/null || bail "no tenant $i"
done
took=$((($(us) - since) / 1000))
is "$(muster tenant list | wc -l)" "$MANY" "$MANY tenants are made, in $((took / MANY)) ms each"
mapfile -t now_there < <(handlers '*')
is "${#now_there[@]} $(most_open)" "$few $before" "no process and no descriptor more ($few handlers, $before descriptors at most)"
# The dispatcher looks at each that is new, and closes it again.
opened() { find /proc/[0-9]*/fd -lname "$state/tenants/*" 2>/dev/null | wc -l; }
at_rest() { local i; for ((i = 0; i < 150; i++)); do [ "$(opened)" = 0 ] && break; sleep 1; done; opened; }
is "$(at_rest)" 0 'then nothing of them is open in any process'
size=$(du -sk "$state/tenants" | cut -f 1)
is "$((size / MANY <= 400))" 1 "files of $((size / MANY)) KiB each"

# --- all asked in turn: each for the first time
mapfile -t watched < <(handlers shelters)
before=$(most_open)
for ((i = 0; i < MANY; i++)); do
	printf 'url=http://t%d.localhost:%s/api/shelters\noutput=/dev/null\n' "$i" "$port"
done >"$work/urls"
turn() { curl -sS -w '%{http_code} %{time_starttransfer}\n' -K "$work/urls" >"$work/$1"; }
turn cold
is "$(cut -d ' ' -f 1 "$work/cold" | sort | uniq -c | xargs)" "$MANY 200" 'each answers'
held=$(most_open)
is "$((held - before <= 16 * 6))" 1 "a handler that was asked for $MANY holds $((held - before)) descriptors more"
is "$(($(opened) <= 16 * 6 * ${#watched[@]}))" 1 'and the others are closed again'
turn again
for ((i = 0; i < 200; i++)); do printf 'url=http://t1.localhost:%s/api/shelters\noutput=/dev/null\n' "$port"; done >"$work/urls"
turn warm
cold=$(awk '{ print int($2 * 1e6) }' "$work/again" | median) warm=$(awk '{ print int($2 * 1e6) }' "$work/warm" | median)
is "$((cold < 50000))" 1 "the first answer of a cold one takes $cold us, of a warm one $warm us"
# Who asks for all of them: memory stays, too.
mapfile -t watched < <(handlers '*')
grown=$(($(memory) - at_first))
is "$((grown < 64 * 1024))" 1 "all handlers together have grown by $grown KiB"

# --- then nobody asks
mapfile -t watched < <(handlers shelters)
since=$SECONDS
is "$(at_rest)" 0 "at rest all are closed, by handlers and dispatcher (after $((SECONDS - since)) s)"
is "$(($(most_open) <= before))" 1 'and the handler holds what it held'

# --- writes of many tenants at once
for ((i = 0; i < 8; i++)); do
	secret=$(muster --tenant "t$i" token add w --role admin)
	curl -sS -o /dev/null -H "Authorization: Bearer $secret" -H 'Content-Type: application/json' \
		--data '{"id":"RO-CJ-01","name":"x","capacity":1000}' "http://t$i.localhost:$port/api/shelters"
done
for ((i = 0; i < 800; i++)); do
	printf 'url=http://t%d.localhost:%s/api/intents\noutput=/dev/null\n' $((i % 8)) "$port"
done >"$work/urls"
curl -sS --no-progress-meter -Z --parallel-max 32 -w '%{http_code}\n' -H 'Content-Type: application/json' \
	--data '{"shelter":"RO-CJ-01","people":1}' -K "$work/urls" >"$work/wrote"
is "$(sort "$work/wrote" | uniq -c | xargs)" '800 201' 'eight tenants write at once'
sums=''
for ((i = 0; i < 8; i++)); do sums+=" $(muster --tenant "t$i" kv <<<'ZCARD RO-CJ-01:intents' | grep -o '[0-9]*$')"; done
is "$sums" ' 100 100 100 100 100 100 100 100' 'and each has its own'

# --- gone
for ((i = 0; i < MANY; i++)); do muster tenant delete "t$i" --yes "t$i" || bail "t$i stays"; done
is "$(muster tenant list | wc -l) $(find "$state/tenants" -name 'muster.db*' | wc -l)" '0 0' 'they are deleted one by one'
