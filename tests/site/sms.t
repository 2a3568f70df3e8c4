#!/bin/bash
# sms.t - SMS from the outbox to a gateway that speaks Messages.json, whatever
# becomes of the line; and what the gateway tells later.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
command -v node >/dev/null || { echo '1..0 # SKIP no node'; exit 0; }
plan 28

state=$(mktemp -d "$B/site.XXXXXX") || exit 1
states+=("$state") MUSTER_STATE=$state body='' NOW=$(date +%s%3N)
muster init >/dev/null || bail 'no database'
: >"$work/seen"
exec {from}< <(exec node tests/site/sms.mjs "$work/seen")
gateway=$!
trap 'kill $gateway 2>/dev/null; finish' EXIT
read -rt 20 port <&"$from" || bail 'the gateway does not start'

kv() { printf '%s\n' "$@" | muster kv; }
sql() { sqlite3 -cmd '.timeout 5000' "$state/muster.db" "$@"; }
settings() { local pair; for pair in "$@"; do kv "HSET settings ${pair%%=*} \"${pair#*=}\"" >/dev/null; done; }
settings sms.mode=messages "sms.url=http://127.0.0.1:$port" sms.account=AC1 sms.secret=hush sms.from=+40700000000 \
	site.url=https://muster.example

queue() # NUMBER TEXT [LANE]: the message's id
{
	jq -nc --arg text "$2" '{text: $text, language: "ro", urgent: false}' >"$work/payload"
	sql "insert or ignore into destination (channel, name) values (2, 'sms:http://127.0.0.1:$port');
		insert into payload (created, body) values ($NOW, cast(readfile('$work/payload') as blob));
		insert into outbox (destination, channel, lane, due, created, expires, source, recipient, payload, target)
			values ((select min(id) from destination), 2, ${3-1}, 1, $NOW, $NOW + 3600000, 1, 1,
			(select max(id) from payload), '$1');
		select max(id) from outbox;"
}
# What the retry schedule says is proved elsewhere: here it is due at once.
dispatch() { sql 'update outbox set due = 1 where state = 0; update destination set open_until = 0'; "$B/bin/dispatch" --once; }
outcome() { sql "select state || ' ' || coalesce(code, '-') || ' ' || coalesce(reason, '-') from outbox where id = $1"; }
tries() { sql "select group_concat(reason, ' ') from attempt where message = $1"; }
seen() { jq -rs "$1" "$work/seen"; }
sent() { jq -rs --arg to "$1" 'map(select(.To == $to) | .method) | join(" ")' "$work/seen"; }

# ---- what goes well

id=$(queue +40711111101 'Evacuați zona Mănăștur')
dispatch || bail 'the dispatcher failed'
is "$(outcome "$id")" '1 201 -' 'the gateway takes a message'
like "$(sql "select reference from outbox where id = $id")" '^SM[0-9a-f]{32}$' 'and its name for it is kept'
is "$(seen '.[0] | [.method, .path, .user, .type] | join(" ")')" \
	'POST /2010-04-01/Accounts/AC1/Messages.json AC1:hush application/x-www-form-urlencoded' 'a form, signed in'
is "$(seen '.[0] | [.To, .From, .Body] | join("|")')" '+40711111101|+40700000000|Evacuați zona Mănăștur' 'with what was written'
is "$(seen '.[0].ValidityPeriod | tonumber | . > 3500 and . <= 3600')" true 'of use for as long as the message is'
callback=$(seen '.[0].StatusCallback')
like "$callback" "^https://muster.example/sms/status/$id-[0-9a-f]{40}\$" 'and where to tell of it'

# ---- what it tells later

cgi() # PATH FORM: what the program answers
{
	printf %s "$2" | env -i MUSTER_STATE="$state" REQUEST_METHOD=POST REQUEST_URI="$1" CONTENT_LENGTH=${#2} \
		CONTENT_TYPE=application/x-www-form-urlencoded REMOTE_ADDR=192.0.2.1 HTTP_HOST=muster.example HTTPS=on \
		"$B/cgi-bin/sms" | sed -n '1s/Status: \([0-9]*\).*/\1/p'
}
is "$(cgi "${callback#https://muster.example}" 'MessageStatus=sent')" 200 'the gateway may tell'
is "$(cgi "${callback#https://muster.example}" 'MessageStatus=delivered') $(outcome "$id")" '200 2 0 -' 'that it arrived'
is "$(cgi "${callback#https://muster.example}0" 'MessageStatus=failed') $(outcome "$id")" '404 2 0 -' 'and nobody else'

# ---- when the line breaks

for kind in '02 closed' '03 reset'; do
	number=+407111111${kind% *}
	id=$(queue "$number" 'Apă potabilă la școală')
	dispatch
	is "$(outcome "$id") $(sent "$number")" '0 0 unsure POST' "taken, then ${kind#* }: nobody knows"
	dispatch
	is "$(outcome "$id")" '1 200 -' 'the gateway is asked, and has it'
	is "$(sent "$number")" 'POST GET' 'so that it is not sent again'
done
id=$(queue +40711111104 'Apă')
dispatch
dispatch
is "$(outcome "$id")" '0 200 not-there' 'closed and not taken: the gateway does not have it'
dispatch
is "$(outcome "$id") $(sent +40711111104)" '1 201 - POST GET POST' 'so that it is sent again'
is "$(tries "$id")" 'unsure not-there' 'which its timeline tells'

# Between two of the same text only the time tells them apart.
sql "update outbox set created = created - 86400000 where id = $id"
id=$(queue +40711111101 'Evacuați zona Mănăștur')
dispatch
is "$(outcome "$id") $(sent +40711111101)" '1 201 - POST POST' 'the same text to the same number is another message'

# ---- what it refuses

id=$(queue +40711111105 Test)
dispatch
due=$(sql "select due from outbox where id = $id") now=$(date +%s%3N)
is "$(outcome "$id") $((due > now + 100000))" '0 429 too-many 1' 'too much to do: not before it wants to be asked'
dispatch
is "$(outcome "$id")" '1 201 -' 'then it takes it'
id=$(queue +40711111106 Test)
dispatch
is "$(outcome "$id")" '3 400 opted-out' 'who has opted out there'
is "$(kv 'HLEN suppressed:sms')" '(integer) 1' 'is remembered here'
id=$(queue +40711111106 Test 0)
dispatch
is "$(outcome "$id") $(sent +40711111106)" '7 0 opted-out POST' 'and is never written to again, whatever it is'

# ---- who sends it dies

id=$(queue +40711111107 Moarte)
"$B/bin/dispatch" --once &
doomed=$!
number() { sent +40711111107; }
is "$(until_is POST number)" POST 'a dispatcher that waits for a silent gateway'
kill -9 $doomed
wait $doomed 2>/dev/null
"$B/bin/dispatch" --once
is "$(outcome "$id") $(sent +40711111107)" '1 200 - POST GET' 'dies: the next one asks before it sends'

# ---- files

settings sms.mode=file
id=$(queue +40711111101 'Adăpost')
dispatch
is "$(outcome "$id")" '1 0 -' 'in development it is a file'
is "$(cat "$state/sent/"*.sms | tail -1)" Adăpost 'that can be read'
