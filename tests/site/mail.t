#!/bin/bash
# mail.t - e-mails from the outbox through a real relay (exim: STARTTLS, AUTH)
# to a mailbox, read back by an independent parser.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/site/exim.sh
. tests/site/exim.sh
# shellcheck source=tests/browser/modules.sh
. tests/browser/modules.sh

skip() { echo "1..0 # SKIP $*"; exit 0; }
why=$(exim_missing)
[ -z "$why" ] || skip "$why"
command -v npm >/dev/null || skip 'no npm'
install_modules || skip 'npm ci did not work: see above'
plan 34

state=$(mktemp -d "$B/site.XXXXXX") || exit 1
states+=("$state") MUSTER_STATE=$state
relay=$state/relay
mkdir "$relay"
chmod 755 "$state"                       # for the relay's own user
trap 'exim_stop; finish' EXIT
exim_start "$relay" || bail 'exim does not start'
NOW=1795849800123 body=''

muster init >/dev/null || bail 'no database'
settings()
{
	local pair
	for pair in "$@"; do printf 'HSET settings "%s" "%s"\n' "${pair%%=*}" "${pair#*=}"; done | muster kv >/dev/null
}
settings site.url=https://muster.example.org email.mode=smtp "email.relay=smtp://127.0.0.1:$exim_port" \
	email.tls=required "email.ca=$relay/tls.crt" email.user=muster 'email.password=pass word' \
	'email.from=Alerte în Cluj, \"de probă\" <alerts@example.org>' 'email.bounces=bounce+{id}@example.org'
dispatch() { MUSTER_NOW=$1 "$B/bin/dispatch" --once; }
sql() { sqlite3 "$state/muster.db" "$@"; }
tenant=$(sql 'select id from tenant')

# A message as the fan-out writes it; its id.  A subscription of the same number.
queue() # ADDRESS RECIPIENT PAYLOAD-FILE
{
	muster kv <<<"HSET subscription:$2 channel email" >/dev/null
	sql "insert or ignore into destination (channel, name) values (1, 'smtp://127.0.0.1:$exim_port');
		insert into payload (created, body) values ($NOW, cast(readfile('$3') as blob));
		insert into outbox (destination, channel, lane, due, created, expires, source, recipient, payload, target)
			values ((select id from destination where name = 'smtp://127.0.0.1:$exim_port'), 1, 1, $NOW, $NOW,
			$NOW + 86400000, 1, $2, (select max(id) from payload), '$1');
		select max(id) from outbox;"
}
outcome() { sql "select state || ' ' || coalesce(code, '-') || ' ' || coalesce(reason, '-') from outbox where id = $1"; }
tries() { sql "select group_concat(code || ' ' || reason) from attempt where message = $1"; }
breathe() { sql 'update destination set open_until = 0'; }
in_mailbox() { grep -lsi "^Envelope-to: $1" "$relay"/mail/new/* | wc -l; }
mailed() { until_is "$1" in_mailbox "$2"; }

# ---- fifty mails, five of a kind

jq -n '[
	{subject: "Inundații: evacuați zona Mănăștur", text: "Plecați acum.\n.\n..două puncte\nFrom here on\nspre  școală \n\n{unsubscribe}\n",
		html: "<p lang=\"ro\">Plecați <b>acum</b> &amp; repede. <a href=\"{unsubscribe}\">Dezabonare</a>", language: "ro", urgent: true, list: true},
	{subject: "避難所が開きました — 川崎市の全ての住民は避難所へ移動してください。水と毛布を持参すること", text: "避難してください\n{unsubscribe}",
		html: "<p>避難</p><p>{unsubscribe}</p>", language: "ja", list: true},
	{subject: ("The bridge over the Someș at Gilău is closed to all traffic until further notice; use the ring road " * 2 | rtrimstr(" ")),
		text: ("A line that is far longer than any mail may have, and has a word at its end. " * 20), html: ("<p>" + ("x" * 3000) + "</p>"), language: "en", list: true},
	{subject: "=?UTF-8?Q?not_encoded?= = plain", text: "a=3Db\ttab \t\n--=_msg\n", html: "<p>a=3Db</p>", language: "en", list: true},
	{subject: "🌊 Tsunami 🚨", text: "🌊", html: "<p>🌊</p>", language: "en", urgent: true, list: true}
]' >"$work/payloads"
: >"$work/mails"
for ((i = 1; i <= 50; i++)); do
	jq -c ".[$((i % 5))]" "$work/payloads" >"$work/payload"
	jq -c --arg name "msg_${tenant}_$(queue "reader$i@example.net" "$i" "$work/payload")" --arg to "reader$i@example.net" \
		--argjson n "$i" '{name: $name, to: $to, recipient: $n, payload: .}' "$work/payload" >>"$work/mails"
done
jq -s --argjson now "$NOW" '{site: "https://muster.example.org", domain: "example.org", created: $now, mails: .,
	from: {name: "Alerte în Cluj, \"de probă\"", address: "alerts@example.org"}}' "$work/mails" >"$work/expected"

dispatch "$NOW" || bail 'the dispatcher failed'
is "$(sql 'select count(*), min(state), max(state) from outbox')" '50|1|1' 'the relay took all of them'
is "$(sql 'select count(distinct reference) from outbox')" 50 'and the name that it gave to each is kept'
settled() { find "$relay/mail/new" -type f | wc -l; }
is "$(until_is 50 settled)" 50 'they are in the mailbox'
FIRST=$((count + 1)) node tests/site/mail.mjs "$relay/mail/new" "$work/expected" | tee "$work/tap"
count=$((count + $(grep -c '^\(not \)\?ok' "$work/tap")))
connections=$(grep -c 'SMTP connection from' "$relay/log/main")
is "$((connections < 50))" 1 "and mails share connections ($connections)"

# ---- what goes wrong

cp "$work/payload" "$work/one"
echo grey1 >"$relay/grey"
id=$(queue grey1@example.net 101 "$work/one")
dispatch "$NOW"
is "$(outcome "$id") $(tries "$id")" '0 451 greylisted 451 greylisted' 'a greylisted mail waits'
dispatch $((NOW + 30000))
is "$(tries "$id")" '451 greylisted' 'and is not tried at once'
: >"$relay/grey"
dispatch $((NOW + 120000))
is "$(outcome "$id")" '1 250 -' 'later it is taken'

echo twice1 >"$relay/twice"
id=$(queue twice1@example.net 102 "$work/one")
dispatch "$NOW"
like "$(tries "$id")" '^451 ' 'one that is deferred behind its body waits too'
: >"$relay/twice"
breathe
dispatch $((NOW + 120000))
is "$(mailed 1 twice1@example.net)" 1 'and arrives'
first=$(sed -n 's/.*deferred //p' "$relay/log/main" "$relay"/log/reject 2>/dev/null | grep -o '<msg_[^>]*>' | head -1)
is "$(grep -h '^Message-ID' "$(grep -li 'Envelope-to: twice1' "$relay"/mail/new/*)")" "Message-ID: <msg_${tenant}_$id@example.org>" \
	'under the name of the message'
is "$first" "<msg_${tenant}_$id@example.org>" 'which it had at the first try'

id=$(queue nobody1@example.net 103 "$work/one")
dispatch "$NOW"
is "$(outcome "$id")" '3 550 no-such-user' 'a reader whom nobody knows is a failure for good'
id=$(queue Nobody1@Example.net 103 "$work/one")
dispatch "$NOW"
is "$(outcome "$id")" '7 0 hard-bounce' 'and is not written to again'
is "$(grep -ci 'rejected RCPT <nobody1' "$relay/log/main")" 1 'the relay was not asked again'
is "$(sql .dump | grep -ci "suppressed.*nobody1")" 0 'the list of them holds no address'

id=$(queue blocked1@example.net 104 "$work/one")
dispatch "$NOW"
is "$(outcome "$id")" '3 550 policy' 'what the relay minds about us is a failure'
id=$(queue blocked1@example.net 104 "$work/one")
dispatch "$NOW"
is "$(outcome "$id")" '3 550 policy' 'that suppresses nobody'

muster kv <<<'DEL subscription:105' >/dev/null
id=$(queue gone@example.net 105 "$work/one")
muster kv <<<'DEL subscription:105' >/dev/null
dispatch "$NOW"
is "$(outcome "$id")" '7 0 unsubscribed' 'who has unsubscribed meanwhile gets nothing'

settings email.password=wrong
id=$(queue auth@example.net 106 "$work/one")
breathe
dispatch "$NOW"
is "$(outcome "$id") $(tries "$id")" '0 535 auth 535 auth' 'a wrong password costs the reader nothing'
settings 'email.password=pass word' email.ca=/etc/ssl/certs/ca-certificates.crt
breathe
dispatch $((NOW + 120000))
like "$(tries "$id")" '535 auth,0 tls|535 auth,220 tls' 'nor does a certificate that nobody vouches for'
settings "email.ca=$relay/tls.crt"
breathe
dispatch $((NOW + 1200000))
is "$(outcome "$id")" '1 250 -' 'with both set right it goes out'
