#!/bin/bash
# letter.t - from the gate to the mailbox and out again: somebody asks for
# alerts, confirms, gets one and its Update through a real relay, and leaves by
# one click.
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
plan 28

start DEMO=0
relay=$state/relay
mkdir "$relay"
chmod 755 "$state"                       # for the relay's own user
trap 'exim_stop; finish' EXIT
exim_start "$relay" || bail 'exim does not start'
for pair in email.mode=smtp "email.relay=smtp://127.0.0.1:$exim_port" email.tls=required "email.ca=$relay/tls.crt" \
	email.user=muster 'email.from=Alerte Cluj <alerts@example.org>' site.url=https://muster.example; do
	muster set "${pair%%=*}" "${pair#*=}" >/dev/null || bail "$pair cannot be set"
done
muster set email.password - <<<'pass word' >/dev/null
token admin --role admin
token vera --role publisher
shelter RO-CJ-01 '"capacity":300'

letters() { body=$(node tests/site/letters.mjs "$relay/mail/new" "$1"); }
count_of() { grep -lsi "^Envelope-to: $1" "$relay"/mail/new/* | wc -l; }
last() { jq -r ".[-1]$1" <<<"$body"; }
alert='"event":"Flood","severity":"Severe","urgency":"Immediate","certainty":"Observed","channels":["inapp","email"]'

# --- asking
as nobody
post /api/subscriptions '{"channel":"email","address":"Ana.Pop@example.net","locations":["city-CJ"],"language":"ro","min_severity":"Minor"}'
is "$status" 202 'somebody asks for alerts'
is "$(until_is 1 count_of Ana.Pop@example.net)" 1 'a mail comes'
letters Ana.Pop@example.net
is "$(last .list) $(last .language)" 'null ro' 'that is of no list yet, in the language asked for'
link=$(last .text | grep -o 'https://muster.example/subscriptions/[0-9a-f]*' | head -1)
like "$link" '/subscriptions/[0-9a-f]{40}$' 'with a link'
like "$(last .html)" "href=\"$link\"" 'in both of its forms'
form "${link#https://muster.example}" confirm=1
is "$status" 303 'which confirms'

# --- an alert
as vera
post /api/alerts "{$alert,\"title\":\"Inundații în Mănăștur\",\"message\":\"Apa crește.\\n\\n.Urcați la etaj.\",
	\"audience\":{\"locations\":[\"city-CJ\"]}}"
is "$status" 202 'an officer publishes an alert'
first=$(json -r .id)
is "$(until_is 2 count_of Ana.Pop@example.net)" 2 'it is in the mailbox'
letters Ana.Pop@example.net
like "$(last .subject)" 'Inundații în Mănăștur' 'with its title'
like "$(last .text)" $'Apa crește.\n\n.Urcați la etaj.' 'its words, every dot of them'
like "$(last .html)" 'Urcați la etaj' 'also as HTML'
is "$(last .importance)" high 'marked as important'
like "$(last .id)" '^<msg_[a-z0-9]+_[0-9]+@example.org>$' 'under the name of the message'
way=$(last .list)
like "$way" '^https://muster.example/subscriptions/[0-9]+-[0-9a-f]{40}/unsubscribe$' 'with a way out'
is "$(last .click)" 'List-Unsubscribe=One-Click' 'of one click'
like "$(last .text)$(last .html)" "${way%/unsubscribe}.*${way%/unsubscribe}" 'and one to change it'
unlike "$body" '\{unsubscribe\}' 'no mark is left'

post "/api/alerts/$first/update" "{$alert,\"title\":\"Apa scade\",\"message\":\"Rămâneți acasă.\"}"
is "$status" 202 'an Update'
is "$(until_is 3 count_of Ana.Pop@example.net)" 3 'comes to who got the first'
letters Ana.Pop@example.net
like "$(last .subject)" 'Apa scade' 'with its own words'
is "$(json -r 'map(.id) | unique | length')" 3 'each mail has a name of its own'

# --- and out again
as nobody
get "${way#https://muster.example}"
is "$status" 200 'a scanner follows the link'
post /api/subscriptions '{"channel":"email","address":"nobody@example.net","locations":["city-CJ"]}'
is "$status" 202 'somebody mistypes an address'
sup() { muster suppress email | tail -1; }
is "$(until_is '1 suppressed' sup)" '1 suppressed' 'which is not written to again'
form "${way#https://muster.example}" List-Unsubscribe=One-Click
is "$status" 200 'one click'
as vera
post /api/alerts "{$alert,\"title\":\"Nobody gets this\",\"message\":\"x\",\"audience\":{\"locations\":[\"city-CJ\"]}}"
is "$status" 202 'the next alert'
waiting() { sqlite3 -cmd '.timeout 5000' "$state/muster.db" "select count(*) from outbox where state = 0"; }
is "$(until_is 0 waiting) $(until_is 3 count_of Ana.Pop@example.net)" '0 3' 'is not for who has left'
unlike "$(cat "$state"/log/*.log)" 'Ana.Pop|pass word' 'no address and no password is in a log'
