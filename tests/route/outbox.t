#!/bin/bash
# outbox.t - what an operator sees of the outbox, and what he can do about it.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 74
token admin --role admin
token officer --role publisher
user ana --role admin
db=$MUSTER_STATE/muster.db
sql() { sqlite3 "$db" "$1" || bail "sql: $1"; }

# message STATE CHANNEL SOURCE REASON TARGET: one that came to this; 3 failed tries.
message()
{
	local channel state id
	case $2 in email) channel=1 ;; sms) channel=2 ;; webhook) channel=3 ;; esac
	case $1 in waiting) state=0 ;; sent) state=1 ;; delivered) state=2 ;; failed) state=3 ;; dead) state=4 ;; unsure) state=5 ;; expired) state=6 ;; esac
	id=$(sql "insert into outbox (destination, channel, lane, state, due, epoch, tries, created, expires, source, recipient, payload, target,
		finished, code, reason) values ($channel, $channel, 0, $state, $now, 3, 3, $now - 60000, $now + 3600000, $3, 7, 0, '$5',
		iif($state, $now + $3, null), 500, nullif('$4', '')); select last_insert_rowid();
		insert into tally values ($3, $channel, $state, 1) on conflict do update set n = n + 1")
	echo "$id"
}
sql "insert into destination (id, channel, name) values (1, 1, 'smtp://relay:587'), (2, 2, 'https://sms.example'), (3, 3, 'https://hook.example:443')"
dead=$(message dead email 1 timeout ana.pop@example.org)
failed=$(message failed sms 2 http-400 +40712345678)
unsure=$(message unsure sms 3 unsure +40712345679)
expired=$(message expired webhook 4 expired 'https://user:pass@hook.example/secret/path?key=1')
waits=$(message waiting email 5 '' ion@example.org)
sent=$(message sent email 6 '' eva@example.org)
sql "insert into attempt values ($dead, $now - 50000, 0, 'dns', 'no such host'), ($dead, $now + 1, 500, 'timeout', '<b>slow</b>')"

# --- who
as nobody
get /api/outbox
is "$status" 401 'nobody sees it without a name'
as officer
get /api/outbox
is "$status" 403 'nor does who publishes'
post /api/outbox/retry '{"all":true}'
is "$status" 403 'nor can he send again'
as admin

# --- lists
get '/api/outbox?state=dead'
is "$(json '[.messages[].id] | join(" ")')" "$expired $unsure $failed $dead" 'all dead letters, the latest first, whichever they are'
is "$(json '.messages[3] | [.channel, .state, .lane, .to, .destination, .source, .tries, .code, .reason] | join("|")')" \
	'email|dead|urgent|a…@example.org|smtp://relay:587|1|3|500|timeout' 'with what became of each'
like "$(json '.messages[0].name')" '^msg_[a-z0-9]{8}_[0-9]+$' 'and the name that other sides know'
unlike "$body" 'ana\.pop|40712345678|secret|pass' 'and no address'
is "$(json '[.messages[].to] | join(" ")')" 'https://hook.example/… +40…679 +40…678 a…@example.org' 'but so much that one knows whose it is'
get '/api/outbox?state=dead&limit=3'
is "$(json '[.messages[].id] | join(" ")')" "$expired $unsure $failed" 'page by page'
get "/api/outbox?state=dead&limit=3&cursor=$(json .next)"
is "$(json '[.messages[].id] | join(" ")') $(json .next)" "$dead null" 'over all states of it'
get '/api/outbox?state=dead&channel=sms'
is "$(json '[.messages[].id] | join(" ")')" "$unsure $failed" 'of a channel'
get '/api/outbox?state=dead&reason=timeout'
is "$(json '[.messages[].id] | join(" ")')" "$dead" 'of a reason'
get '/api/outbox?state=dead&source=3'
is "$(json '[.messages[].id] | join(" ")')" "$unsure" 'of an alert'
get '/api/outbox'
is "$(json '[.messages[].id] | join(" ")')" "$waits" 'what waits, where nothing is said'
get '/api/outbox?state=sent'
is "$(json '[.messages[].id] | join(" ")')" "$sent" 'what was sent'
is "$(json '[.counts[] | select(.channel == "sms") | .n] | add')" 2 'and how many there are of all'
for bad in state=gone channel=fax source=x cursor=1 limit=x; do
	get "/api/outbox?$bad"
	is "$status" 422 "$bad is refused"
done

# --- one
get "/api/outbox/$dead"
is "$(json '[.timeline[] | .what] | join(" ")')" 'created failed failed dead' 'one message has a timeline'
is "$(json '.timeline[1] | [.at, .reason, .detail] | join("|")')" "$((now - 50000))|dns|no such host" 'of each try, with what was said'
name=$(json .name)
get "/api/outbox/$name"
is "$(json .id)" "$dead" 'it is found by its name too'
get /api/outbox/msg_otherone_1
is "$status" 404 'that of another tenant is not'
get /api/outbox/99
is "$status" 404 'nor is one that does not exist'
get "/api/outbox/$waits"
is "$(json '.timeline[-1].what')" due 'what waits is due'

# --- again
post "/api/outbox/$dead/retry" '{}'
is "$status $(json .state) $(json .tries) $(json .due_at)" "200 waiting 0 $now" 'a dead letter is sent again at once'
is "$(json '[.timeline[] | .what] | join(" ")')" 'created failed failed due' 'its past stays'
post "/api/outbox/$dead/retry" '{}'
is "$status" 409 'but not twice'
post "/api/outbox/$sent/retry" '{}'
is "$status" 409 'nor what was sent'
like "$body" 'it is sent' 'and it is said why'
post /api/outbox/99/retry '{}'
is "$status" 404 'nor what there is not'

# --- many
for bad in '{}' '{"resaon":"timeout"}' '{"all":true,"chanel":"sms"}' '{"all":true,"reason":"timeout"}' '{"all":"yes"}' '{"all":false}' '{"reason":""}' \
	'{"channel":"sms","reason":null}' '{"source":null,"state":"dead"}' '{"state":"sent"}' '{"state":"waiting"}' '{"channel":"fax"}' '{"source":0}'; do
	post /api/outbox/retry "$bad"
	is "$status" 422 "$bad sends nothing again"
done
is "$(sql 'select count(*) from outbox where state in (3, 4, 5, 6)')" 3 'not one'
post /api/outbox/retry '{"channel":"sms","reason":"http-400"}'
is "$status $(json .requeued) $(json .more)" '200 1 false' 'dead letters are sent again by channel and reason'
is "$(sql "select state from outbox where id = $failed")" 0 'those, and no others'
post /api/outbox/retry '{"all":true}'
is "$(json .requeued) $(sql 'select count(*) from outbox where state > 2')" '2 0' 'or all of them, if that is said'
sql "with recursive i (i) as (select 1 union all select i + 1 from i where i < 1500) insert into outbox (destination, channel, lane, state, due,
	created, expires, source, recipient, payload, target, finished, reason) select 1, 1, 0, 4, 0, 0, 0, 9, i, 0, 'x@example.org', i, 'busy' from i;
	insert into tally values (9, 1, 4, 1500)"
post /api/outbox/retry '{"source":9}'
is "$(json .requeued) $(json .more)" '1000 true' 'a thousand in a step'
post /api/outbox/retry '{"source":9}'
is "$(json .requeued) $(json .more)" '500 false' 'and then the rest'
get '/api/outbox?state=waiting&source=9&limit=1'
is "$(json '.messages[0].expires_at')" "$((now + 86400000))" 'they have a day'

# --- out
del "/api/outbox/$waits"
is "$status $(json .state) $(json .reason)" '200 cancelled operator' 'what waits is cancelled'
del "/api/outbox/$waits"
is "$status" 409 'once'
dead=$(message dead email 10 timeout zed@example.org)
del "/api/outbox/$dead"
is "$status $(json .state) $(json .reason)" '200 cancelled timeout' 'a dead letter is put away, with the reason of its death'
del "/api/outbox/$sent"
is "$status" 409 'what was sent stays as it is'

# --- shape and destinations
get /api/outbox/shape
is "$(json '.shape[] | select(.destination == 1) | .total')" 1501 'what waits is counted by destination'
is "$(json '.shape[] | select(.destination == 2) | .by_age | length')" 7 'and age'
sql "update destination set open_until = $now + 20000, trips = 2, failing_since = $now - 5000 where id = 1; update destination set disabled = 'gone' where id = 3"
get /api/outbox/destinations
is "$(json '[.destinations[] | .state] | join(" ")')" 'disabled open paused' 'destinations say how they are'
post /api/outbox/destinations/1/enable '{}'
is "$status $(json .state) $(json .failing_since)" '200 open null' 'one that is paused is tried at once'
post /api/outbox/destinations/3/enable '{}'
is "$(json .state) $(json .disabled)" 'open null' 'one that is off is on'
post /api/outbox/destinations/9/enable '{}'
is "$status" 404 'one that is not there is not'

# --- pages
sql "update destination set disabled = 'gone' where id = 3"
message dead email 11 timeout '<i>@example.org' >/dev/null
message failed sms 12 http-400 +40712345670 >/dev/null
sign_in ana
get /outbox
is "$status" 200 'the outbox is a page'
like "$body" 'Switched off: gone' 'that says which destination is off'
like "$body" 'no answer in time' 'why letters are dead'
like "$body" 'The dispatcher is not at work' 'and that nobody sends'
form /outbox/retry csrf="$csrf" token="$(field token)" state=dead channel=email reason=timeout
is "$status $(header Location)" '303 /outbox?done=1' 'whose button sends them again'
form /outbox/retry csrf="$csrf" reasn=timeout all=1
is "$status" 422 'and no other field does'
get '/outbox?state=dead'
like "$body" '\+40…670' 'dead letters have a list'
one=$(sql "select id from outbox where state = 3")
get "/outbox/$one"
like "$body" 'What happened' 'and a page each'
form "/outbox/$one" csrf="$csrf" _method=DELETE
is "$status $(sql "select state from outbox where id = $one")" '303 8' 'whose button puts it away'
sql "insert or replace into key (name, type, value) select cast('dispatcher:beat' as blob), 1, $now where 0"
get "/outbox/$dead"
unlike "$body" '<b>slow|<i>@' 'what others said is never markup'
agrees 'tallies agree with the messages'
