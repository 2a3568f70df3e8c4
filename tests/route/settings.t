#!/bin/bash
# settings.t - what an operator sets: from the command line, by page, by JSON.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 55
token admin --role admin
token publisher --role publisher
user eva --role admin
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1"; }
run() { out=$(muster "$@" 2>"$state/said" </dev/null); rc=$? err=$(cat "$state/said"); }

# --- the command
run settings
is $rc 0 'muster settings lists them'
like "$out" 'site.zone +usual .*usual: UTC.*email.mode.*one of: off\|smtp\|file' 'with what is usual, and what can be'
run set site.zone Europe/Bucharest
is "$rc$out$err" 0 'muster set sets one, and says nothing'
run settings
like "$out" 'site.zone +Europe/Bucharest' 'it is listed'
run set site.zone ''
run settings
like "$out" 'site.zone +usual' 'empty takes it back'
while IFS='|' read -r name value words; do
	run set "$name" "$value"
	like "$rc $err" "^1 muster: $name: .*$words.*nothing was changed" "refused: $name $value"
done <<'END'
site.zone|Europe/Nowhere|Europe/Bucharest
site.zone|../../etc/passwd|Europe/Bucharest
site.url|example.org|https://example.org
site.url|ftp://example.org|https://example.org
site.url|https://|https://example.org
site.url|https://a b/|https://example.org
site.url|https://example.org:99999/|https://example.org
site.url|https://ana@example.org/|https://example.org
email.mode|maybe|one of off smtp file
sms.segments|0|from 1 to 10
sms.segments|many|from 1 to 10
END
for good in https://example.org http://127.0.0.1:8080 'http://[::1]:8080/base' https://xn--bcher-kva.example/; do
	run set site.url "$good"
	is $rc 0 "an address: $good"
done
run set no.such thing
like "$rc $err" '^1 .*no setting no.such' 'only what is in the table'
run set one
is $rc 2 'a name and a value are needed'
out=$(printf 'pass word\n' | muster set email.password - 2>&1)
is "$?$out" 0 'a secret is read from standard input'
is "$(muster kv <<<'HGET settings email.password')" '"pass word"' 'without the end of the line'
run settings
unlike "$out" 'pass word' 'and never shown'
like "$out" 'email.password +\*\*\*\*' 'only that it is there'

# --- JSON
for one in nobody publisher; do
	as "$one"
	get /api/settings
	like "$status" '^40[13]$' "settings are for admins: not for $one"
	patch /api/settings '{"site.title":"x"}'
	like "$status" '^40[13]$' "nor to change: $one"
done
as admin
get /api/settings
is "$status $(json -c '.settings[] | select(.name == "email.password") | [.value,.kind]')" '200 ["****","secret"]' 'as JSON, too, a secret is not shown'
is "$(json -c '.settings[] | select(.name == "email.mode") | [.value,.usual,.choices]')" '[null,"off",["off","smtp","file"]]' 'what is not set is null'
patch /api/settings '{"site.title":"Cluj","sms.segments":3,"email.password":null}'
is "$status" 200 'several at once'
is "$(json -c '[.settings[] | select(.value != null) | [.name,.value]]')" \
	'[["site.url","https://xn--bcher-kva.example/"],["site.title","Cluj"],["sms.segments","3"]]' 'null takes one back'
patch /api/settings '{"site.title":"Other","sms.segments":99,"nothing":"x","email.mode":[]}'
is "$status $(json '[.errors[] | .field + ":" + .code] | sort | join(" ")')" \
	'422 email.mode:type nothing:unknown sms.segments:format' 'all faults are told'
get /api/settings
is "$(json -r '.settings[] | select(.name == "site.title") | .value')" Cluj 'and nothing is half done'

# --- the page
sign_in eva
get /settings
is "$status" 200 'there is a page'
like "$body" 'id="site.title"[^>]*value="Cluj"' 'with what is set'
form /settings csrf="$csrf" site.title='<i>Town' email.mode=file email.password=geheim sms.segments=
is "$status $(header Location)" '303 /settings?done=saved' 'it saves'
get '/settings?done=saved'
like "$body" 'Saved.*value="&lt;i&gt;Town"' 'and shows it, escaped'
like "$body" '<option value="file" selected>' 'choices too'
unlike "$body" 'geheim' 'but never a secret'
like "$body" 'One is set. Leave this empty' 'it says that one is set'
form /settings csrf="$csrf" site.title=Town email.password=
is "$(muster kv <<<'HGET settings email.password')" '"geheim"' 'an empty field keeps it'
form /settings csrf="$csrf" remove=email.password email.password=
is "$(muster kv <<<'HGET settings email.password')" '(nil)' 'it can be removed'
form /settings csrf="$csrf" site.title=Other site.zone=Nowhere
is "$status" 422 'a refused form comes back'
like "$body" 'href="#site.zone".*value="Other".*value="Nowhere"' 'with what was typed'
is "$(muster kv <<<'HGET settings site.title')" '"Town"' 'and nothing is changed'
form /settings site.title=Evil
is "$status" 403 'only from our own page'

# --- does it arrive?
form /settings/test csrf="$csrf" channel=email address=eva@example.org
is "$status $(header Location)" '303 /settings?done=test' 'a test may be sent'
is "$(sql 'select target, recipient, state from outbox')" 'eva@example.org|0|0' 'through the outbox'
like "$(sql 'select cast(body as text) from payload' | jq -r .subject)" 'Town: TEST' 'marked as one'
form /settings/test csrf="$csrf" channel=sms address=nonsense
is "$status" 422 'to an address'
as admin
post /api/settings/test '{"channel":"sms","address":"0712345678"}'
is "$status" 202 'as JSON, too'
is "$(grep -c . "$stderr")" 0 'nothing was logged'
