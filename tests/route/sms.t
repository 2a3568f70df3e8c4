#!/bin/bash
# sms.t - what SMS gateways tell later, in their own forms.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 35
sql() { sqlite3 -cmd '.timeout 5000' "$MUSTER_STATE/muster.db" "$1"; }
token_of() { printf '%s-%s' "$1" "$(b2 "sms-status:$1")"; }
b2() # TEXT: keyed as link.h says, with the tenant's secret
{
	printf %s "$1" | openssl mac -macopt "hexkey:$(sql 'select hex(secret) from tenant')" -macopt size:20 \
		-in - BLAKE2BMAC | tr A-F a-f
}
message() # ID STATE [EPOCH]
{
	sql "insert into outbox (id, destination, channel, lane, state, due, epoch, created, expires, source, recipient,
		payload, target) values ($1, 1, 2, 1, $2, 0, ${3-1}, $now, $now, 9, 1, 1, '+407123456$1');
		insert into tally values (9, 2, $2, 1) on conflict do update set n = n + 1"
}
state() { sql "select state, code, reason from outbox where id = $1"; }
suppressed() { muster kv <<<'HLEN suppressed:sms'; }
callback() { form "/sms/status/$(token_of "$1")" "${@:2}"; }

for id in 10 11 12 13 14 15 16 17; do message $id 1; done
message 20 5
message 21 0 1
message 22 0 0
message 23 8

# --- Messages.json
callback 10 MessageSid=SM1 MessageStatus=sent
is "$status" 200 'a gateway is heard'
is "$(state 10)" '1||' 'a word that is not the end of it changes nothing'
callback 10 MessageSid=SM1 MessageStatus=delivered
is "$(state 10)" '2|0|' 'delivered is the end of it'
callback 10 MessageStatus=sent
callback 10 MessageStatus=undelivered ErrorCode=30005
is "$(state 10)" '2|0|' 'whatever comes after the end changes nothing'
callback 11 MessageStatus=undelivered ErrorCode=30003
is "$(state 11)" '3|30003|unreachable' 'undelivered is a failure with its reason'
is "$(suppressed)" '(integer) 1' 'a number that does not exist gets nothing any more'
callback 12 MessageStatus=failed ErrorCode=30006
is "$(state 12)" '3|30006|no-mobile' 'a landline is told apart'
is "$(suppressed)" '(integer) 2' 'and gets nothing any more, either'
callback 13 MessageStatus=failed ErrorCode=99999
is "$(state 13)" '3|99999|sms-99999' 'an unknown number is kept'
callback 14 MessageStatus=failed ErrorCode=
is "$(state 14)" '3|0|undelivered' 'none at all is no fault'
is "$(sql 'select state, n from tally where source = 9 order by state')" $'0|2\n1|3\n2|1\n3|4\n5|1\n8|1' 'the tally moves along'

# --- others
get "/sms/status/$(token_of 15)?status=8"
is "$(state 15)" '1||' 'Kannel: taken by the network is not the end of it'
get "/sms/status/$(token_of 15)?status=1"
is "$status" 200 'Kannel tells by GET'
is "$(state 15)" '2|0|' 'and 1 is delivered'
get "/sms/status/$(token_of 16)?status=16"
is "$(state 16)" '3|0|undelivered' '16 is refused'
callback 17 id=07033084 level=2 message_status=UNDELIV
is "$(state 17)" '3|0|undelivered' 'Jasmin: UNDELIV is a failure'
is "$body" ACK/Jasmin 'and it gets the answer that it wants'
like "$(header Cache-Control)" no-store 'which nobody keeps'

# --- what was not known to be sent
callback 20 MessageStatus=delivered
is "$(state 20)" '2|0|' 'of an unsure message delivered is believed'
callback 21 MessageStatus=undelivered
is "$(state 21)" '0||' 'one that is still being sent does not fail'
callback 21 MessageStatus=delivered
is "$(state 21)" '2|0|' 'but was delivered where the gateway says so'
callback 22 MessageStatus=delivered
is "$(state 22)" '0||' 'unless it was never tried'
callback 23 MessageStatus=delivered
is "$(state 23)" '8||' 'what was cancelled stays so'

# --- who may
form "/sms/status/12-$(token_of 10 | cut -d- -f2)" MessageStatus=delivered
is "$status" 404 'the token of one message is none for another'
is "$(state 12)" '3|30006|no-mobile' 'and changes nothing'
for wrong in 10 10- "$(token_of 10)0" "0$(token_of 10)" -1 x; do
	form "/sms/status/$wrong" MessageStatus=delivered
	is "$status" 404 "\"${wrong:0:12}…\" is no token"
done
callback 99 MessageStatus=delivered
is "$status" 200 'a message that is no longer kept is no fault of the gateway'
send DELETE "/sms/status/$(token_of 10)" '' ''
is "$status" 405 'nothing else can be done there'
send HEAD "/sms/status/$(token_of 22)?status=1" '' ''
is "$(state 22)" '0||' 'looking changes nothing'
form "/sms/status/$(token_of 12)" $'MessageStatus=\x01'
is "$status" 400 'what is no text is refused'
