#!/bin/bash
# audit.t - who did what: written with each change, read by admins, proved by muster check.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 36
operator=$(id -un)
token admin --role admin
token manager --role manager
user eva --role admin
user ana --role responder
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1"; }
last() { get /api/audit; json -c '.entries[0] | [.who,.what,.target]'; }
many() { get '/api/audit?limit=100'; json '.entries | length'; }

# --- what is written
as admin
get /api/audit
is "$status $(json -c '.entries[0] | [.who,.what,.target,.at,.id]')" "200 [\"cli:$operator\",\"user add\",\"user:ana\",$now,4]" 'the operator at a terminal'
muster set site.title Cluj
is "$(last)" "[\"cli:$operator\",\"set\",\"site.title\"]" 'a setting, and not its value'
shelter RO-CJ-01 '"name":"Geheim"'
is "$(last)" '["token:admin","POST /shelters",null]' 'a program'
patch /api/shelters/RO-CJ-01 '{"capacity":5}'
is "$(last)" '["token:admin","PATCH /shelters/{id}","RO-CJ-01"]' 'what it changed'
post /api/locations/zone-A '{"shelters":["RO-CJ-01"]}'
del /api/locations/zone-A/shelters/RO-CJ-01
is "$(last)" '["token:admin","DELETE /locations/{location}/shelters/{id}","zone-A/RO-CJ-01"]' 'with all of its path'
n=$(many)
get /api/shelters
patch /api/shelters/RO-CJ-01 '{"capacity":-1}'
patch /api/shelters/RO-CJ-77 '{"capacity":1}'
as manager
post /api/shelters '{"id":"RO-CJ-09","name":"x"}'
as nobody
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
code=$(json .code)
as admin
is "$(many)" "$n" 'reading, refusals and citizens leave nothing'
post "/api/intents/$code/reject" '{"reason":"called"}'
is "$(last)" '["token:admin","POST /intents/{code}/reject",null]' 'a code stays a secret'
with HTTP_IDEMPOTENCY_KEY=k
post /api/people '{"name":"dan","roles":["manager"]}'
is "$(last)" '["token:admin","POST /people","user:dan"]' 'who was added'
n=$(many)
with HTTP_IDEMPOTENCY_KEY=k
post /api/people '{"name":"dan","roles":["manager"]}'
is "$status $(many)" "201 $n" 'a repeated request is not written twice'
send POST '/api/shelters/import?country=RO' text/csv $'name,county,capacity\nA,CJ,5\n'
is "$(last)" '["token:admin","POST /shelters/import",null]' 'an import'
n=$(many)
send POST '/api/shelters/import?country=RO&dry_run=1' text/csv $'name,county,capacity\nB,CJ,5\n'
is "$status $(many)" "200 $n" 'a dry one is none'
printf 'name,county\nC,CJ\n' >"$state/c.csv"
muster import --country RO "$state/c.csv" >/dev/null
is "$(last)" "[\"cli:$operator\",\"import\",null]" 'an import by the operator'
muster suppress email a@example.org
is "$(last)" "[\"cli:$operator\",\"suppress\",\"email\"]" 'a suppression, without the address'
muster unsuppress sms 0712345678 2>/dev/null
is "$(last)" "[\"cli:$operator\",\"suppress\",\"email\"]" 'what changed nothing is not written'
sign_in eva
as admin
is "$(last)" '["user:eva","POST /session",null]' 'a sign-in'
who=("HTTP_COOKIE=${cookie%%;*}")
form /session _method=DELETE csrf="$csrf"
as admin
is "$(last)" '["user:eva","DELETE /session",null]' 'and out'
post /api/session '{"name":"eva","password":"wrong password"}'
is "$(last)" '["user:eva","DELETE /session",null]' 'a failed one is not'
unlike "$(muster kv <<<'HGETALL audit')" "Geheim|a@example|$password|${tokens[admin]}|$code|Cluj" 'no text, address or secret is in it'

# --- reading it
for one in nobody manager; do
	as "$one"
	get /api/audit
	like "$status" '^40[13]$' "not for $one"
done
as admin
get '/api/audit?who=eva'
is "$(json -c '[.entries[].what]')" '["DELETE /session","POST /session"]' 'of one person'
get '/api/audit?who=token:admin&limit=1'
is "$(json -c '[.entries[].what]')" '["POST /shelters/import"]' 'of one program'
get "/api/audit?who=token:admin&limit=1&cursor=$(json -r .next)"
is "$(json -c '[.entries[].what]')" '["POST /people"]' 'older ones'
get '/api/audit?who=nobody'
is "$(json -c .)" '{"entries":[],"next":null}' 'of nobody'
get '/api/audit?cursor=x&limit=none'
is "$status $(json '[.errors[].field] | join(" ")')" '422 cursor limit' 'nonsense is told'
sign_in eva
for i in {1..60}; do muster set site.title "T$i"; done
get /audit
like "$body" "<h1>Who did what.*<b>cli:$operator</b><br>.set · site.title.*>Older</a>" 'the page'
is "$(grep -c '<li><p>' <<<"$body")" 50 'shows fifty'
[[ $body =~ href=\"(/audit[^\"]*)\"\>Older ]]
get "${BASH_REMATCH[1]/"&amp;"/"&"}"
like "$body" '<b>token:admin</b>' 'and older ones'
get '/audit?who=%3Cb%3E'
like "$body" 'value="&lt;b&gt;".*There is nothing' 'a name that is none is harmless'

# --- proved
as admin
was=$(muster check | grep -o '[0-9]\+ entries,')
for worker in 1 2 3 4; do
	for i in 1 2 3 4 5; do patch /api/shelters/RO-CJ-01 "{\"name\":\"House $worker$i\"}"; done &
done
wait
is "$(muster check | grep -o '[0-9]\+ entries,')" "$((${was%% *} + 20)) entries," 'of several at the same time none is lost'
agrees 'muster check follows it'
like "$(muster check)" 'audit log: [0-9]+ entries, the last is [0-9a-f]{64}' 'and prints what to keep elsewhere'
sql "update hash set value = cast(replace(cast(value as text), 'user:eva', 'user:ana') as blob) where field = cast('0000000000000005' as blob)
	and key = (select id from key where name = cast('audit' as blob))"
before=$(muster check | grep 'does not follow')
is "$before" '' 'an entry that says the same is the same'
sql "update hash set value = cast(replace(cast(value as text), 'site.title', 'site.other') as blob) where field = cast('0000000000000005' as blob)
	and key = (select id from key where name = cast('audit' as blob))"
said=$(muster check)
is "$? $(grep -o 'entry [0-9]* does not follow' <<<"$said")" '1 entry 6 does not follow' 'a changed one shows'

# --- in one transaction with the change
as admin
muster kv <<<$'DEL audit\nSET audit x' >/dev/null
patch /api/shelters/RO-CJ-01 '{"capacity":77}'
like "$status" '^(409|503)$' 'what cannot be written down is not done'
get /api/shelters/RO-CJ-01
is "$(json .capacity)" 5 'and nothing of it stays'
