#!/bin/bash
# metrics.t - figures for Prometheus: their format, their truth, and who may read them.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 25
token admin --role admin
db=$MUSTER_STATE/muster.db
sql() { sqlite3 "$db" "$1" || bail "sql: $1"; }
from() { with REMOTE_ADDR="$1"; get /metrics; }
value() { grep -v '^#' <<<"$body" | grep -F "$1 " | sed 's/.* //'; }

# The text format 0.0.4, line by line: what is wrong with it; nothing where all is well.
judged() { awk '
	function bad(why) { print NR ": " why ": " $0; n++ }
	/^# HELP / { if ($3 in help) bad("help twice"); help[$3] = 1; next }
	/^# TYPE / { if ($3 in type || !($3 in help)) bad("type"); if ($4 !~ /^(gauge|counter|histogram|summary|untyped)$/) bad("kind"); type[$3] = 1; last = $3; next }
	/^#/ { bad("comment") }
	{
		if ($0 !~ /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\n"])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\[\\n"])*")*\})? (-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?|NaN|[+-]Inf)$/) bad("form")
		metric = $0; sub(/[{ ].*/, "", metric); if (metric != last) bad("not under its name")
		series = $0; sub(/ [^ ]*$/, "", series); if (series in seen) bad("twice"); seen[series] = 1
	}
	END { if (!NR) print "nothing" }'; }

from 192.0.2.1
is "$status" 403 'figures are for this machine only'
for address in 10.0.0.1 ::ffff:192.0.2.1 2001:db8::1 128.0.0.1 1270.0.0.1 localhost ''; do
	from "$address"
	is "$status" 403 "not for '$address'"
done
from ::1
is "$status" 200 'by IPv6 too'
from 127.0.0.1
is "$status $(header Content-Type)" '200 text/plain; version=0.0.4; charset=utf-8' 'they are of a type that Prometheus knows'
is "$(printf %s "$body" | judged)" '' 'and of its format where there is nothing yet'
unlike "$body" dispatcher_beat 'a dispatcher that never ran has no age'
is "$(value muster_shelters)" 0 'nothing is 0'

as admin
shelter RO-CJ-01 '"capacity":5'
as nobody
post /api/intents '{"shelter":"RO-CJ-01","people":2}'
sql "insert into destination (id, channel, name, width, open_until) values (1, 1, 'smtp://relay', 7.5, 0), (2, 3, 'https://a\"b\\c', 1, $now + 9000)"
sql "insert into outbox (destination, channel, lane, state, due, created, expires, source, recipient, payload, target, finished, reason) values
	(1, 1, 0, 0, $now - 2500, 0, 0, 1, 1, 0, 't', null, null), (2, 3, 0, 4, 0, 0, 0, 1, 1, 0, 't', 1, 'od\"d' || char(10) || 'x\\y')"
sql "insert into tally values (1, 1, 0, 1), (1, 3, 4, 1)"
muster kv <<<"SET dispatcher:beat $((now - 61500))" >/dev/null
from 127.0.0.1
is "$(printf %s "$body" | judged)" '' 'the format holds whatever the words are'
is "$(value muster_shelters) $(value muster_intents)" '1 1' 'shelters and intentions are counted'
is "$(value 'muster_outbox_messages{channel="email",state="waiting"}')" 1 'messages by channel and state'
is "$(value 'muster_outbox_oldest_seconds{lane="urgent"}')" 2.500 'how long the oldest waits'
is "$(value 'muster_outbox_oldest_seconds{lane="bulk"}')" 0.000 'by lane'
is "$(value 'muster_dead_letters{channel="webhook",state="dead",reason="od\"d\nx\\y"}')" 1 'dead letters by reason'
is "$(value 'muster_destination_open{destination="smtp://relay",channel="email"}')" 1 'a destination that takes messages'
is "$(value 'muster_destination_open{destination="https://a\"b\\c",channel="webhook"}')" 0 'and one that does not'
is "$(value 'muster_destination_window{destination="smtp://relay",channel="email"}')" 7.500 'and how many at once'
is "$(value muster_dispatcher_beat_seconds)" 61.500 'when the dispatcher was seen'
is "$(value 'muster_events_head{channel="availability"}')" "$(value muster_sequence)" 'the last event'
[ "$(value muster_database_bytes)" -gt 1000 ] && [ "$(value muster_wal_bytes)" -ge 0 ]
judge $? 'and how large the database is'
