#!/bin/bash
# webhooks.t - programs that hear of alerts: kept by admins.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 71
token admin --role admin
token publisher --role publisher
user eva --role admin
shelter RO-CJ-01 '"capacity":10'
shelter RO-TM-01 '"capacity":10'
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1"; }
kv() { muster kv <<<"$*"; }
hook='{"url":"https://Hooks.example.org/in?x=1","locations":["city-CJ"],"min_severity":"Severe"}'

# --- who may
for one in nobody publisher; do
	as "$one"
	post /api/webhooks "$hook"
	like "$status" '^40[13]$' "only admins make one: not $one"
	get /api/webhooks
	like "$status" '^40[13]$' "or see them: not $one"
	get /webhooks
	like "$status" '^40[13]$' "nor their page: not $one"
done
as admin

# --- made
post /api/webhooks "$hook"
is "$status" 201 'an admin makes one'
is "$(header Location)" /api/webhooks/1 'at an address of its own'
secret=$(json .secret)
like "$secret" '^whsec_[A-Za-z0-9+/]{43}=$' 'its secret is shown'
is "$(json -c '[.id,.url,.locations,.min_severity,.enabled,.disabled,.last_failure,.failing_since]')" \
	'[1,"https://Hooks.example.org/in?x=1",["city-CJ"],"Severe",true,null,null,null]' 'it is on at once'
get /api/webhooks/1
is "$status $(json 'has("secret")')" '200 false' 'and never again'
get /api/webhooks
is "$(json -c '[.webhooks[].id, (.webhooks[0]|has("secret")), .next]')" '[1,false,null]' 'nor in the list'
is "$(kv ZSCORE subscribers:city-CJ 1)" '"1"' 'alerts for its places concern it'
is "$(kv ZSCORE within:country-RO 1)" '"1"' 'those for the country too'
post /api/webhooks "$hook"
is "$status $(json '.errors[0] | .field + " " + .code')" '422 url used' 'an address is one webhook'
while IFS='|' read -r field bad; do
	post /api/webhooks "$bad"
	is "$status $(json '[.errors[].field] | join(" ")')" "422 $field" "refused: $bad"
done <<'END'
url locations|{}
url|{"url":"ftp://example.org/","locations":["city-CJ"]}
url|{"url":"example.org","locations":["city-CJ"]}
url|{"url":"https://ana:x@example.org/","locations":["city-CJ"]}
url|{"url":"https://example.org:22/","locations":["city-CJ"]}
url|{"url":"https://exa mple.org/","locations":["city-CJ"]}
locations|{"url":"https://b.example.org/","locations":[]}
locations|{"url":"https://b.example.org/","locations":["city-XX"]}
locations|{"url":"https://b.example.org/","locations":["Cluj"]}
locations|{"url":"https://b.example.org/","locations":"city-CJ"}
min_severity|{"url":"https://b.example.org/","locations":["city-CJ"],"min_severity":3}
END
is "$(kv GET subscriptions)" '"1"' 'and nothing of it is kept'
with HTTP_IDEMPOTENCY_KEY=k1; post /api/webhooks '{"url":"https://c.example.org/","locations":["country-RO"]}'
second=$(json -c '[.id,.secret]')
with HTTP_IDEMPOTENCY_KEY=k1; post /api/webhooks '{"url":"https://c.example.org/","locations":["country-RO"]}'
is "$status $(json -c '[.id,.secret]')" "201 $second" 'a repeated call makes no second one'
get '/api/webhooks?limit=1'
is "$(json -c '[[.webhooks[].id], .next]')" '[[1],"1"]' 'lists have pages'
get "/api/webhooks?limit=1&cursor=$(json .next)"
is "$(json -c '[[.webhooks[].id], .next]')" '[[2],null]' 'that end'
get '/api/webhooks?cursor=x'
is "$status" 422 'a cursor is one of ours'

# --- changed
patch /api/webhooks/1 '{"locations":["city-TM","city-TM"]}'
is "$status $(json -c '[.locations,.min_severity,.url,has("secret")]')" \
	'200 [["city-TM"],"Severe","https://Hooks.example.org/in?x=1",false]' 'a part may be changed'
is "$(kv ZSCORE subscribers:city-CJ 1) $(kv ZSCORE subscribers:city-TM 1)" '(nil) "1"' 'and alerts follow'
patch /api/webhooks/1 '{"url":"https://new.example.org/"}'
is "$status $(json .url)" '200 https://new.example.org/' 'the address may'
unlike "$(json .secret)" "^($secret|null)\$" 'it gets another secret: the next receiver need not know the old one'
post /api/webhooks '{"url":"https://Hooks.example.org/in?x=1","locations":["city-CJ"]}'
is "$status" 201 'the old address is free again'
patch /api/webhooks/1 '{"url":"https://c.example.org/"}'
is "$status" 422 'another one'\''s is not'
patch /api/webhooks/1 '{"enabled":false}'
is "$status $(json -c '[.enabled,.disabled,.disabled_at]')" "200 [false,\"turned off by admin\",$now]" 'it can be turned off'
patch /api/webhooks/1 '{"enabled":"no"}'
is "$status" 422 'by yes or no'
post /api/webhooks/1/enable ''
is "$status $(json -c '[.enabled,.disabled]')" '200 [true,null]' 'and on'
before=$secret
post /api/webhooks/1/rotate ''
secret=$(json .secret)
like "$status $secret" '^200 whsec_' 'a new secret can be made'
unlike "$secret" "^$before\$" 'it is new'
is "$(json .previous_secret_until)" $((now + 86400000)) 'the one before it signs beside it for a day'
post /api/webhooks/1/test ''
is "$status $(sql 'select channel, recipient, target, state from outbox')" '202 3|1|https://new.example.org/|0' 'a test goes through the outbox'
is "$(sql 'select cast(body as text) from payload' | jq -c '[.type,.data.message]')" '["test","TEST. This is not an alert."]' 'and says that it is one'
sql "update outbox set state = 4, finished = $now, code = 500, reason = 'http-500'"
get /api/webhooks/1
is "$(json -c .last_failure)" "{\"at\":$now,\"code\":500,\"reason\":\"http-500\"}" 'what failed last is told'
sql "update destination set failing_since = $((now - 60000))"
get /api/webhooks/1
is "$(json .failing_since)" $((now - 60000)) 'and since when nobody answers'
for path in /api/webhooks/9 /api/webhooks/x /api/webhooks/1x; do
	get "$path"
	is "$status" 404 "nothing at $path"
done
del /api/webhooks/1
is "$status" 204 'it is deleted'
get /api/webhooks/1
is "$status" 404 'and gone'
is "$(kv HLEN webhook:1) $(kv ZSCORE webhooks 1) $(kv HLEN subscription:1)" '(integer) 0 (nil) (integer) 0' 'with its secret'

# --- pages
sign_in eva
get /webhooks
is "$status" 200 'there is a page'
like "$body" 'https://c.example.org/.*country-RO' 'with all of them'
form /webhooks csrf="$csrf" url=https://d.example.org/ locations='Cluj, country-RO' min_severity=Moderate
is "$status" 201 'the form makes one'
like "$body" 'whsec_[A-Za-z0-9+/=]+.*not shown again' 'the secret stands on the answer'
id=$(header Location) id=${id##*/}
like "$body" 'value="city-CJ, country-RO"' 'people write names of places'
get "/webhooks/$id"
unlike "$body" 'whsec_' 'and never again'
form "/webhooks/$id" csrf="$csrf" _method=PATCH url=https://d.example.org/ locations=Timiș min_severity=Extreme
is "$status $(header Location)" "303 /webhooks/$id?done=changed" 'the form changes it'
form "/webhooks/$id" csrf="$csrf" _method=PATCH url=nonsense locations=Atlantis min_severity=Extreme
is "$status" 422 'a refused form comes back'
like "$body" 'href="#url".*href="#locations".*value="nonsense".*value="Atlantis"' 'with what was typed'
form "/webhooks/$id/rotate" csrf="$csrf"
like "$status $body" '^200 .*whsec_.*24 hours' 'a new secret is shown once, too'
form "/webhooks/$id/rotate"
is "$status" 403 'only from our own page'
form /webhooks csrf="$csrf" url='https://e.example.org/<b>' locations=Cluj min_severity=Moderate
like "$status $body" 'problem|422' 'markup in an address is refused'
unlike "$body" '<b>Cluj|/<b>"' 'or escaped'
form "/webhooks/$id" csrf="$csrf" _method=DELETE
is "$status $(header Location)" '303 /webhooks?done=deleted' 'the button deletes it'
get '/webhooks?done=deleted'
like "$body" 'is deleted' 'and says so'
form "/webhooks/$id/enable" csrf="$csrf"
is "$status" 404 'what is gone cannot be turned on'
unlike "$(muster check)" 'subscri|webhook|address' 'and all indexes agree'
is "$(grep -c . "$stderr")" 0 'nothing was logged'
