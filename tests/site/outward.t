#!/bin/bash
# outward.t - from the officer's request through the whole site to a program and
# a telephone, and what they say back.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/browser/modules.sh
. tests/browser/modules.sh

skip() { echo "1..0 # SKIP $*"; exit 0; }
command -v npm >/dev/null || skip 'no npm'
install_modules || skip 'npm ci did not work: see above'
plan 26
others=()
trap 'kill "${others[@]}" 2>/dev/null; finish' EXIT
listen() # PROGRAM: starts it; $heard is its port
{
	local from
	: >"$work/$1"
	exec {from}< <(exec node "tests/site/$1.mjs" "$work/$1")
	others+=($!)
	read -rt 20 heard <&"$from" || bail "no $1"
}
listen webhook; receiver=http://127.0.0.1:$heard
listen sms; gateway=http://127.0.0.1:$heard
start DEMO=0
token admin --role admin
token officer --role publisher
for pair in net.allow=127.0.0.0/8 sms.mode=messages "sms.url=$gateway" sms.account=AC1 sms.secret=hush sms.from=+40700000000; do
	muster set "${pair%%=*}" "${pair#*=}" >/dev/null || bail "no setting $pair"
done
as admin
shelter RO-CJ-01 '"capacity":10'

hooks() { jq -s length "$work/webhook"; }
hook() { jq -s ".[$1]" "$work/webhook"; }
texts() { jq -s 'map(select(.method == "POST")) | length' "$work/sms"; }
text() { jq -rs "map(select(.method == \"POST\"))[$1] | .$2" "$work/sms"; }
said() { hook "$1" | jq -r .body | base64 -d | jq -r "$2"; }
verified() { hook "$1" | node tests/site/webhook.mjs --verify "$2"; }
publish() # PATH MORE
{
	as officer
	post "$1" "{\"title\":\"Inundații în Mănăștur\",\"message\":\"Plecați spre școală. Luați apă.\",\"severity\":\"Severe\",
		\"urgency\":\"Immediate\",\"certainty\":\"Observed\",\"event\":\"Flood\",\"channels\":[\"inapp\",\"sms\",\"webhook\"],
		\"audience\":{\"locations\":[\"city-CJ\"]},\"language\":\"ro\"${2-}}"
}

# --- who wants to hear

post /api/webhooks "{\"url\":\"$receiver//200\",\"locations\":[\"city-CJ\"]}"
is "$status" 201 'an admin adds a webhook'
hook_id=$(json .id) first=$(json .secret)
as nobody
post /api/subscriptions '{"channel":"sms","address":"0711 111 101","locations":["city-CJ"],"language":"ro"}'
is "$status" 202 'somebody asks for SMS'
is "$(until_is 1 texts)" 1 'the gateway gets one at once'
is "$(text 0 To)" +40711111101 'for that number'
code=$(text 0 Body | grep -o '[0-9]\{6\}' | head -1)
post /api/subscriptions/code "{\"address\":\"+40711111101\",\"code\":\"$code\"}"
is "$status $(json .confirmed)" '200 true' 'the code in it confirms'

# --- an alert

publish /api/alerts
is "$status" 202 'an officer publishes'
alert=$(json .id)
is "$(until_is 1 hooks)" 1 'the program is called'
is "$(hook 0 | jq -r .type)" application/json 'with JSON'
is "$(said 0 .type) $(said 0 .data.id)" "alert.published $alert" 'that tells what happened'
is "$(verified 0 "$first")" 'standardwebhooks svix' 'signed with the secret that was shown'
is "$(until_is 2 texts)" 2 'the telephone gets an SMS'
like "$(text 1 Body)" "^Inundatii in Manastur\. Plecati spre scoala\. $site/alerts/$alert\$" \
	'without the marks that would make it longer, with a link'
is "$(text 1 From) $(($(text 1 ValidityPeriod) > 600))" '+40700000000 1' 'from our number, for as long as it is of use'

# --- what the gateway says back, to the site itself

tally() { sqlite3 "$state/muster.db" "select group_concat(state || ':' || n, ' ') from tally where source = $alert and channel = 2 and n > 0"; }
is "$(until_is '1:1' tally)" '1:1' 'it counts as sent'
callback=$(text 1 StatusCallback)
like "$callback" "^$site/sms/status/" 'the gateway was told where to report'
ask --data 'MessageSid=SM1&MessageStatus=delivered' "$callback"
is "$status $body" '200 ACK/Jasmin' 'and does'
is "$(tally)" '2:1' 'then it counts as delivered'
ask "${callback}0?status=1"
is "$status" 404 'who guesses an address is not heard'

# --- another secret

as admin
post "/api/webhooks/$hook_id/rotate" '{}'
second=$(json .secret)
like "$status $second" '^200 whsec_' 'the admin makes a new secret'
publish "/api/alerts/$alert/update"
is "$(until_is 2 hooks) $(said 1 .type)" '2 alert.updated' 'an update is called out too'
is "$(verified 1 "$second")" 'standardwebhooks svix' 'the new secret verifies it'
is "$(verified 1 "$first")" 'standardwebhooks svix' 'and still the old one'
is "$(verified 0 "$second")" '' 'which the first call never had'

# --- a program that is gone

as admin
patch "/api/webhooks/$hook_id" "{\"url\":\"$receiver//410\"}"
publish /api/alerts
is "$(until_is 3 hooks)" 3 'a program that is gone says so'
enabled() { get "/api/webhooks/$hook_id"; json .enabled; }
as admin
is "$(until_is false enabled)" false 'and is called no more'
post "/api/webhooks/$hook_id/enable" '{}'
is "$(enabled)" true 'until an admin enables it'
