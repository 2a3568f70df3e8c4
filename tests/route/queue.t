#!/bin/bash
# queue.t - muster queue: the outbox at a terminal.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 43
db=$MUSTER_STATE/muster.db
sql() { sqlite3 "$db" "$1" || bail "sql: $1"; }
q() { said=$(muster queue "$@" 2>&1); code=$?; }
states() { sql 'select group_concat(state, " ") from (select state from outbox order by id)'; }

q
is "$code" 0 'an empty outbox is told of'
like "$said" 'never run' 'and that nobody sends'
sql "insert into destination (id, channel, name) values (1, 1, 'smtp://relay:587'), (2, 2, 'https://sms.example')"
sql "insert into outbox (id, destination, channel, lane, state, due, created, expires, source, recipient, payload, target, finished, code, reason, detail) values
	(1, 1, 1, 0, 0, $now - 4000, $now - 400000, $now + 9000, 7, 1, 0, 'ana@example.org', null, null, null, null),
	(2, 1, 1, 1, 4, 0, $now - 9000, 0, 7, 2, 0, 'ion@example.org', $now - 2, 421, 'timeout', 'slow' || char(27) || '[2J' || char(10) || 'x'),
	(3, 2, 2, 1, 3, 0, $now, 0, 8, 3, 0, '+40712345678', $now - 1, 400, 'http-400', null),
	(4, 2, 2, 1, 5, 0, $now, 0, 8, 4, 0, '+40712345679', $now - 3, 0, 'unsure', null),
	(5, 1, 1, 1, 1, 0, $now, 0, 8, 5, 0, 'eva@example.org', $now - 4, 250, null, null)"
sql "insert into tally select source, channel, state, count(*) from outbox group by 1, 2, 3"
sql "insert into attempt values (2, $now - 5000, 421, 'busy', 'later')"
muster kv <<<"SET dispatcher:beat $((now - 5000))" >/dev/null

# --- seeing
q
like "$said" 'seen 5 s ago\.' 'when the dispatcher was seen'
like "$said" 'email +dead +1' 'how many messages are in which state'
like "$said" '1 +sms +failed +http-400 \(answer 400\)' 'why letters are dead'
like "$said" 'oldest that is due \(urgent\) waits for 4 s' 'how long the oldest waits'
unlike "$said" 'STATE +WIDTH' 'destinations that answer are no news'
sql "update destination set disabled = 'gone' where id = 2"
q
like "$said" '2 +disabled .*sms\.example .*gone' 'one that is off is'
muster kv <<<"SET dispatcher:beat $((now - 500000))" >/dev/null
q
like "$said" 'NOT at work' 'so is a dispatcher that is not at work'
q shape
like "$said" 'relay:587 +1 +0 +0 +1 +0' 'what waits, by age'
q dead
is "$(wc -l <<<"$said") $(cut -d' ' -f1 <<<"$said" | xargs)" '3 3 2 4' 'dead letters, the latest first'
like "$said" '\+40…678' 'with so much of the address that one knows whose it is'
unlike "$said" '712345' 'and no more'
q dead --channel sms --limit 1
is "${said%% *} $(wc -l <<<"$said")" '3 1' 'of a channel, so many'
q dead --reason timeout
is "${said%% *}" 2 'of a reason'
q show 2
like "$said" 'created.*busy 421 later.*dead +timeout 421 slow \[2J x' 'one, with all that happened'
unlike "$said" $'\e' 'nothing in it commands the terminal'
name=${said%% *}
q show "$name"
is "${said%% *}" "$name" 'also by its name'
q show 99
is "$code" 1 'one that is not there is a failure'
q destinations
like "$said" '1 +open +4\.0 +smtp://relay:587' 'where messages go'

# --- doing
before=$(states)
for wrong in 'retry' 'retry --resaon timeout' 'retry --reason' 'retry --all --reason timeout' 'retry --state sent' 'retry --channel fax' 'retry 1 2' \
	'dead --all' 'dead --limit 0' 'shape x' 'gone' 'cancel'; do
	# shellcheck disable=SC2086
	q $wrong
	is "$code" 2 "queue $wrong is no command"
done
is "$(states)" "$before" 'and changes nothing'
q retry 5
is "$code $(states)" "1 $before" 'what was sent is not sent again'
q retry 2
is "$code $(states)" '0 0 0 3 5 1' 'a dead letter is'
q retry --channel sms --reason http-400
is "$said $(states)" '1 messages are sent again 0 0 0 5 1' 'or those of a reason'
sql "with recursive i (i) as (select 1 union all select i + 1 from i where i < 2500) insert into outbox (destination, channel, lane, state, due,
	created, expires, source, recipient, payload, target, finished, reason) select 1, 1, 1, 4, 0, 0, 0, 9, i, 0, 'x@example.org', i, 'busy' from i;
	insert into tally values (9, 1, 4, 2500)"
q retry --all
is "$said" '2501 messages are sent again' 'or all, however many'
q cancel 1
is "$code $(sql 'select state from outbox where id = 1')" '0 8' 'one that waits is cancelled'
q cancel 1
is "$code" 1 'once'
q enable 2
is "$code $(sql 'select count(*) from destination where disabled is not null')" '0 0' 'a destination is on again'
q enable 9
is "$code" 1 'one that is not there is not'
q --help
like "$said" 'usage: muster queue' 'and it tells how it is used'
agrees 'tallies agree with the messages'
