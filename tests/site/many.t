#!/bin/bash
# many.t - one dispatcher for several organisations: each one's messages arrive, whoever else has trouble.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
[ -x "$B/tests/serve/sink" ] || { echo '1..0 # SKIP tests/serve is not built'; exit 0; }
plan 14
MUSTER_STATE=$work/var
muster init >/dev/null
for name in north south broken; do
	muster tenant add "$name" --host "$name.example" >/dev/null || bail "no tenant $name"
done
"$B/tests/serve/sink" 0 "$work/list" >"$work/port" &
sink=$!
dispatcher=''
trap 'kill $dispatcher "$sink" 2>/dev/null; wait; finish' EXIT
until [ -s "$work/port" ]; do sleep 0.05; done
body='' url=http://127.0.0.1:$(<"$work/port")

of() { [ "$1" = default ] && echo "$MUSTER_STATE" || echo "$MUSTER_STATE/tenants/$1"; }
load() { "$B/tests/serve/load" "$(of "$1")" "${@:2}"; }
worker() { "$B/bin/dispatch" --life 60 >/dev/null 2>>"$work/log" & dispatcher=$!; }
arrived() { grep -c " /$1\$" "$work/list"; }
tenants() { awk -v p="/$1" '$4 == p { split($1, id, "_"); print id[2] }' "$work/list" | sort -u | wc -l; }
due() { stat -c %Y "$(of "$1")/due" 2>/dev/null || echo none; }
held() { find "/proc/$dispatcher/fd" -lname "*/tenants/$1/muster.db" 2>/dev/null | wc -l; }
is_due_later() { [ "$(due "$1")" != none ] && [ "$(due "$1")" -gt "$(date +%s)" ] && echo yes; }

# Broken while nobody looks: it must not matter to others.
echo nonsense >"$(of broken)/muster.db"
rm -f "$(of broken)"/muster.db-*

for name in default north south; do load "$name" put 20 "$url/$name"; done
worker
for name in default north south; do is "$(until_is 20 arrived "$name")" 20 "$name: its messages arrive"; done
is "$(tenants north)$(tenants south)" 11 'each under its own name'
like "$(cat "$work/log")" 'tenant broken: the store cannot be opened' 'the log says which store is broken'

# At rest.
is "$(until_is yes is_due_later north)" yes 'who rests is due later'
is "$(until_is 0 held north)" 0 'and its store is not open'
load north each 20 "$url/ring" 20 >"$work/sent"
is "$(until_is 20 arrived ring)" 20 'what is written then arrives'
slow=$(awk 'NR == FNR { at[$1] = $2; next } $1 in at && $4 == "/ring" && $3 - at[$1] > 500000' "$work/sent" "$work/list" | wc -l)
is "$slow" 0 'at once'

# A flood for somebody who never answers.
load south put 2000 "$url/silent"
sleep 0.5
load north each 20 "$url/beside" 20 >"$work/sent"
is "$(until_is 20 arrived beside)" 20 "one's flood for the dead holds up no other"
slow=$(awk 'NR == FNR { at[$1] = $2; next } $1 in at && $4 == "/beside" && $3 - at[$1] > 500000' "$work/sent" "$work/list" | wc -l)
is "$slow" 0 'not for half a second'

# Killed, and written to while nobody listens.
{ kill -KILL "$dispatcher" && wait "$dispatcher"; } 2>/dev/null
load north put 5 "$url/alone"
worker
is "$(until_is 5 arrived alone)" 5 'what nobody heard of is found'

touch "$(of north)/suspended"
load north put 5 "$url/suspended"
sleep 2
is "$(arrived suspended)" 0 'who is suspended sends nothing'
rm "$(of north)/suspended"
load north put 1 "$url/suspended"
is "$(until_is 6 arrived suspended)" 6 'until that is over'
