#!/bin/bash
# subscriptions.t - who gets alerts: asked, confirmed, changed, ended.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 130
token admin --role admin
shelter RO-CJ-01 '"capacity":10,"place":"Dej"'
shelter RO-TM-01 '"capacity":10'
shelter UA-KV-01 '"capacity":10'
as nobody
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1"; }
messages() { sql 'select count(*) from outbox'; }
mail() { sql "select cast(body as text) from payload order by id desc limit 1"; }          # the last message
words() { mail | jq -r .text; }
link() { words | grep -o 'subscriptions/[0-9a-f]\{40\}$' | head -1; }                       # a link to confirm
kv() { muster kv <<<"$*"; }
wish() { # ADDRESS [MORE]
	post /api/subscriptions "{\"channel\":\"email\",\"address\":\"$1\",\"locations\":[\"city-CJ\"]${2-}}"; }
from() { more=("REMOTE_ADDR=$1"); }
subscribe() { from "192.0.2.$((RANDOM % 200 + 10))"; wish "$1" "${2-}"; form "/$(link)"
	own=$(header Location) own=${own%%\?*} own=${own#/}; }

# --- asked by e-mail
wish ana.pop@Example.ORG ',"min_severity":"Severe","language":"ro","quiet_from":"22:00","quiet_to":"7:00","zone":"Europe/Bucharest"'
is "$status" 202 'anybody may ask for alerts'
like "$(json .message)" 'If this address' 'and is told nothing about the address'
first=$body$head
is "$(header Cache-Control)" 'private, no-store' 'which no cache keeps'
is "$(messages)" 1 'one message goes out'
is "$(sql 'select target, lane, source, recipient, state from outbox')" 'ana.pop@example.org|1|0|0|0' 'to that address'
is "$(sql 'select expires - due from outbox')" 86400000 'of no use after a day'
is "$(mail | jq -c '[keys, .urgent, .list, .language]')" \
	'[["html","language","list","subject","text","urgent"],false,false,"ro"]' 'in the language that was asked for'
like "$(words)" 'http://127.0.0.1:8080/subscriptions/[0-9a-f]{40}' 'with a link'
like "$(mail | jq -r .html)" '<a href="http://127.0.0.1:8080/subscriptions/[0-9a-f]{40}">' 'that can be pressed'
confirm=$(link)
unlike "$(sql '.dump key hash string')" "$(printf %s "${confirm#*/}" | od -An -tx1 | tr -d ' \n')" 'the link stands nowhere but in the message'
is "$(kv KEYS 'subscriber*')" '(empty array)' 'nobody is subscribed yet'

# --- confirmed
get "/$confirm"
is "$status" 200 'the link shows a page'
like "$body" 'Confirm your alerts.*a\*\*\*@example.org.*Cluj.*Serious danger, and worse.*Română.*22:00 to 07:00, Europe/Bucharest' \
	'with what was asked for'
like "$body" 'Critical alerts still come' 'and what quiet hours do not hold back'
get "/$confirm"
get "/api/$confirm"
is "$(json -c '[.address,.confirmed,.min_severity,.token]')" '["a***@example.org",false,"Severe",null]' 'programs may look too'
is "$(kv KEYS 'subscriber*')" '(empty array)' 'looking changes nothing: scanners follow links'
form "/$confirm"
is "$status" 303 'pressing Confirm does'
own=$(header Location) own=${own#/}
like "$own" '^subscriptions/1-[0-9a-f]{40}\?done=confirmed$' 'and leads to a page of its own'
own=${own%%\?*}
is "$(kv HGET subscription:1 address)" '"ana.pop@example.org"' 'the address is kept'
get "/$confirm"
is "$status" 404 'a link works once'
form "/$confirm"
is "$status" 404 'also to confirm'
like "$body" 'This link is not in use' 'and says so'

# --- what is asked for a known address looks the same
wish ANA.POP@example.org
is "$status" 202 'asked again for the same address'
is "$body$head" "$first" 'the answer is the same, byte by byte'
is "$(messages)" 2 'as is the number of messages'
like "$(words)" "already.*/subscriptions/1-[0-9a-f]{40}.*/subscriptions/1-[0-9a-f]{40}/unsubscribe" \
	'only who reads it learns that it is known, and how to change or end it'
unlike "$body" 'already' 'never who asked'
wish other@example.org
unlike "$(words)" 'already|unsubscribe' 'a new address reads nothing of that'
writes() { sql 'select (select count(*) from key) || " " || (select count(*) from hash) || " " || (select count(*) from outbox) || " " || (select count(*) from payload)'; }
before=$(writes)
wish new@example.org
read -r k h o p <<<"$(writes)"; read -r bk bh bo bp <<<"$before"; fresh="$((k - bk)) $((h - bh)) $((o - bo)) $((p - bp))"
subscribe known@example.org
before=$(writes)
wish known@example.org
read -r k h o p <<<"$(writes)"; read -r bk bh bo bp <<<"$before"
is "$((k - bk + 1)) $((h - bh)) $((o - bo)) $((p - bp))" "$fresh" 'as much is written for a known address as for a new one (its counter is there)'

# --- no bombs
for i in 1 2 3 4 5; do wish victim@example.org; done
is "$status" 202 'asked five times the answer stays'
is "$(sql "select count(*) from outbox where target = 'victim@example.org'")" 3 'but an address gets three messages a day'
wish VICTIM@EXAMPLE.org
is "$(sql "select count(*) from outbox where lower(target) = 'victim@example.org'")" 3 'in whatever case it is written'
now=$((now + 86400000 + 1))
wish victim@example.org
is "$(sql "select count(*) from outbox where target = 'victim@example.org'")" 4 'the next day another'
for i in {1..30}; do from 198.51.100.7; wish "n$i@example.org"; done
is "$status" 202 'a network may ask 30 times an hour'
from 198.51.100.7; wish n31@example.org
is "$status" 429 'and no more'
like "$(header Retry-After)" '^[0-9]+$' 'it hears when'
from 198.51.100.8; wish n32@example.org
is "$status" 202 'others may'

# --- what is no wish
while IFS='|' read -r fields bad; do
	post /api/subscriptions "$bad"
	is "$status $(json '[.errors[].field] | join(" ")')" "422 $fields" "refused: $bad"
done <<'END'
channel address locations|{}
address|{"channel":"email","locations":["city-CJ"]}
address|{"channel":"email","address":"ana","locations":["city-CJ"]}
address|{"channel":"email","address":"ana@example","locations":["city-CJ"]}
address|{"channel":"email","address":"ana@bücher.example","locations":["city-CJ"]}
address|{"channel":"sms","address":"112","locations":["city-CJ"]}
address|{"channel":"sms","address":"ana@example.org","locations":["city-CJ"]}
channel|{"channel":"webhook","address":"https://example.org/","locations":["city-CJ"]}
channel|{"channel":"pigeon","address":"ana@example.org","locations":["city-CJ"]}
locations|{"channel":"email","address":"ana@example.org"}
locations|{"channel":"email","address":"ana@example.org","locations":[]}
locations|{"channel":"email","address":"ana@example.org","locations":["city-XX"]}
locations|{"channel":"email","address":"ana@example.org","locations":["RO-CJ-01"]}
locations|{"channel":"email","address":"ana@example.org","locations":"city-CJ"}
min_severity|{"channel":"email","address":"ana@example.org","locations":["city-CJ"],"min_severity":"bad"}
language|{"channel":"email","address":"ana@example.org","locations":["city-CJ"],"language":"xx"}
quiet_to|{"channel":"email","address":"ana@example.org","locations":["city-CJ"],"quiet_from":"22:00"}
quiet_from|{"channel":"email","address":"ana@example.org","locations":["city-CJ"],"quiet_from":"25:00","quiet_to":"07:00"}
quiet_to|{"channel":"email","address":"ana@example.org","locations":["city-CJ"],"quiet_from":"22:00","quiet_to":"7:5"}
zone|{"channel":"email","address":"ana@example.org","locations":["city-CJ"],"zone":"Europe/Nowhere"}
zone|{"channel":"email","address":"ana@example.org","locations":["city-CJ"],"zone":"../../etc/passwd"}
END

# --- its page
from 203.0.113.1; wish dan@example.org ',"locations":["city-CJ"]'; form "/$(link)"
own=$(header Location) own=${own#/} own=${own%%\?*}
get "/$own"
is "$status" 200 'who has the link sees what they get'
unlike "$body" 'dan@example' 'without the whole address'
get "/api/$own"
is "$(json -c '[.channel,.address,.locations,.min_severity,.language,.quiet_from,.quiet_to,.confirmed]')" \
	'["email","d***@example.org",["city-CJ"],"Moderate","en",null,null,true]' 'as JSON too'
patch "/api/$own" '{"locations":["country-RO","city-TM","city-TM"],"quiet_from":"23:30","quiet_to":"06:15"}'
is "$status $(json -c '[.locations,.quiet_from,.quiet_to,.min_severity]')" \
	'200 [["country-RO","city-TM"],"23:30","06:15","Moderate"]' 'they may change it in part'
patch "/api/$own" '{"quiet_from":null,"quiet_to":null}'
is "$(json -c '[.locations,.quiet_from]')" '[["country-RO","city-TM"],null]' 'null takes quiet hours back'
for clock in 7 07 7:00 07.00; do
	patch "/api/$own" "{\"quiet_from\":\"22:30\",\"quiet_to\":\"$clock\"}"
	is "$(json .quiet_to)" 07:00 "a time as people write it: $clock"
done
for clock in 24 7: :30 7:60 07:00:00 -1 7h noon; do
	patch "/api/$own" "{\"quiet_from\":\"22:30\",\"quiet_to\":\"$clock\"}"
	is "$status" 422 "no time of day: $clock"
done
patch "/api/$own" '{"locations":[]}'
is "$status" 422 'but not the last place'
patch "/api/$own" '{"address":"eva@example.org"}'
is "$status $(json .errors[0].code)" '422 read-only' 'nor the address: that one must be asked'
form "/$own" _method=PATCH locations=city-CJ min_severity=Extreme language=ro quiet_from=21:00 quiet_to=08:00 zone=Asia/Tokyo
is "$status $(header Location)" "303 /$own?done=changed" 'the form does the same'
get "/$own"
like "$body" 'value="Extreme" checked|value="Extreme"[^>]*checked' 'and shows it'
like "$body" 'value="21:00".*value="08:00".*value="Asia/Tokyo"' 'quiet hours and zone too'
form "/$own" _method=PATCH min_severity=Extreme language=ro quiet_from=nine quiet_to=08:00 zone=Asia/Tokyo
is "$status" 422 'a refused form comes back'
like "$body" 'href="#locations".*href="#quiet_from".*<details open>.*value="nine"' 'with all its faults, and what was typed'
get "/$own?q=timi"
like "$body" 'value="city-TM"' 'a place is found by its name'
get "/subscriptions/1-$(printf '0%.0s' {1..40})"
is "$status" 404 'a made-up token opens nothing'
get "/subscriptions/2-${own##*-}"
is "$status" 404 'nor does one for another number'

# --- a test
before=$(messages)
form "/$own/test"
is "$status $(header Location)" "303 /$own?done=test" 'who gets alerts may ask for a test'
is "$(messages)" "$((before + 1))" 'which is sent'
like "$(mail | jq -r .subject)" 'TEST' 'and says that it is one'
get "/$own?done=test"
like "$body" 'class="done" role="status">.*Test of .*It is on its way' 'what becomes of it stands on the page'
sql 'update outbox set state = 1, finished = 1 where id = (select max(id) from outbox)'
get "/$own"
like "$body" 'The mail server has accepted it' 'in honest words'
form "/$own/test"; form "/$own/test"; form "/$own/test"
is "$status" 429 'three an hour are enough'

# --- ended
as nobody
get "/$own/unsubscribe"
is "$status" 200 'the link of each message shows a button'
get "/api/$own"
is "$status" 200 'and changes nothing by being looked at'
waiting=$(sql "select count(*) from outbox where state = 0 and recipient > 0")
like "$waiting" '^[1-9]' 'something waits to be sent'
send POST "/$own/unsubscribe" application/x-www-form-urlencoded 'List-Unsubscribe=One-Click'
is "$status" 200 'a mail program ends it in one step, without a cookie'
is "$(header Location)" '' 'without a redirect'
get "/$own"
is "$status" 404 'it is ended'
is "$(sql "select count(*) from outbox where state = 0 and recipient > 0")" 0 'what waited is not sent'
unlike "$(sql .dump)" "$(printf %s dan@example.org | od -An -tx1 | tr -d ' \n')" 'and no key holds the address any more'
send POST "/$own/unsubscribe" application/x-www-form-urlencoded 'List-Unsubscribe=One-Click'
is "$status" 200 'twice is once'
subscribe multi@example.org
send POST "/$own/unsubscribe" 'multipart/form-data; boundary=x' $'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
is "$status" 200 'RFC 8058 prefers multipart: taken too'
get "/$own"
is "$status" 404 'and done'
send POST "/subscriptions/7-$(printf '0%.0s' {1..40})/unsubscribe" application/x-www-form-urlencoded 'List-Unsubscribe=One-Click'
is "$status" 404 'only with a token of ours'
subscribe del@example.org
form "/$own" _method=DELETE
is "$status $(header Location)" '303 /subscriptions?done=ended' 'the button on the page ends it'
subscribe api@example.org
del "/api/$own"
is "$status" 204 'as does DELETE'
get "/subscriptions?done=ended"
like "$body" 'Your address is deleted' 'and it is said'

# --- by SMS
sms() { from 203.0.113.9; post /api/subscriptions "{\"channel\":\"sms\",\"address\":\"$1\",\"locations\":[\"city-CJ\"]}"; }
try() { from "${3-203.0.113.10}"; post /api/subscriptions/code "{\"address\":\"$1\",\"code\":\"$2\"}"; }
sms '0712 345 678'
is "$status $(sql 'select target from outbox order by id desc limit 1')" '202 +40712345678' 'a number is one of the country'
is "$(mail | jq -c keys)" '["language","text","urgent"]' 'it gets an SMS'
like "$(words)" '^muster: [0-9]{6} is your code' 'with a code'
(($(words | wc -m) <= 160)); judge $? 'that fits into one' "$(words)"
code=$(words | grep -o '[0-9]\{6\}' | head -1)
wrong=$(((10#$code + 1) % 1000000)); wrong=$(printf %06d "$wrong")
try +40712345678 "$wrong"
is "$status $(json .errors[0].field)" '422 code' 'another code is wrong'
get "/subscriptions/$(uri "+40712345678 $code")"
is "$status" 404 'a code is no token'
try +40712345679 "$code"
is "$status" 422 'nor is it good for another number'
try 0712345678 "${code:0:3} ${code:3}"
is "$status $(json .confirmed)" '200 true' 'the right one is, written as people write'
try 0712345678 "$code"
is "$status" 422 'once'
sms +40712345678
like "$(words)" 'already.*/subscriptions/[0-9]+-[0-9a-f]{40}' 'a known number gets the link to its page'
sms 0712000001
for i in 1 2 3 4 5; do try 0712000001 000000 "203.0.113.2$i"; done
try 0712000001 000000 203.0.113.30
is "$status" 429 'five guesses for a number in an hour, from wherever'
try 0712000002 000000 203.0.113.30
is "$status" 422 'others are not held up'
form /subscriptions channel=sms address=0712000003 locations=city-CJ
is "$status $(header Location)" '303 /subscriptions/code' 'the form leads to where the code is typed in'
code=$(words | grep -o '[0-9]\{6\}' | head -1)
form /subscriptions/code address='0712 000 003' code="$code"
like "$status $(header Location)" '^303 /subscriptions/[0-9]+-[0-9a-f]+\?done=confirmed' 'and that to its page'
now=$((now + 3600001)); sms 0712000004
code=$(words | grep -o '[0-9]\{6\}' | head -1)
now=$((now + 86400000)); try 0712000004 "$code"
is "$status" 422 'a code ends after a day'

# --- pages
get /subscriptions
like "$body" 'value="country-RO".*value="city-CJ"' 'places to tick, countries first'
get '/subscriptions?q=cluj'
like "$body" 'value="city-CJ"' 'found by name'
get '/subscriptions?q=dej'
like "$body" 'value="city-CJ"' 'or by a town in it'
get '/subscriptions?q=nowhere&place=city-TM'
like "$body" 'know no place called nowhere.*value="city-TM"[^>]*checked' 'what was ticked stays'
get '/subscriptions?go=1'
is "$status" 422 'at least one is needed'
get '/subscriptions?go=1&place=city-CJ&place=%3Cb%3E'
like "$body" 'name="locations" value="city-CJ"' 'then the rest is asked'
form /subscriptions channel=email 'address=<b>@x' locations=city-CJ
is "$status" 422 'a refused wish comes back'
like "$body" 'value="&lt;b&gt;@x"' 'with what was typed, escaped'
is "$(grep -c . "$stderr")" 0 'nothing was logged'
