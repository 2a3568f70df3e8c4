#!/bin/bash
# tokens.t - what programs call with: made, listed, expired, revoked.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 44
token admin --role admin
token manager --role manager
shelter RO-CJ-01
user eva --role admin
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1"; }
bear() { who=("HTTP_AUTHORIZATION=Bearer $1"); }

for one in nobody manager; do
	as "$one"
	get /api/tokens
	like "$status" '^40[13]$' "tokens are not for $one"
	post /api/tokens '{"name":"x","roles":["admin"]}'
	like "$status" '^40[13]$' "nor to make: $one"
done
as admin
post /api/tokens '{"name":"desk","roles":["manager"],"shelters":["RO-CJ-01"],"days":30}'
is "$status" 201 'an admin makes one'
secret=$(json .token) id=$(json .id)
like "$secret" '^[0-9a-f]{64}$' 'and sees it'
is "$(json -c '[.name,.roles,.shelters,.created_at,.used_at,.expires_at]')" \
	"[\"desk\",[\"manager\"],[\"RO-CJ-01\"],$now,null,$((now + 30 * 86400000))]" 'beside what it is for'
unlike "$(sql .dump)" "$secret|$(printf %s "$secret" | od -An -tx1 | tr -d ' \n')" 'the store does not know it'
get /api/tokens
unlike "$body" "$secret|\"token\":" 'nor does the list'
is "$(json -c '[.tokens[].name]')" '["admin","desk","manager"]' 'where all are, by name'
get '/api/tokens?limit=2'
is "$(json -c '[.tokens[].name]')" '["admin","desk"]' 'a page at a time'
get "/api/tokens?limit=2&cursor=$(json .next)"
is "$(json -c '[[.tokens[].name],.next]')" '[["manager"],null]' 'and the next'
bear "$secret"
get /api/arrivals/RO-CJ-01
is "$status" 200 'it opens what it is for'
get /api/tokens
is "$status" 403 'and nothing else'
as admin
get /api/tokens
is "$(json '.tokens[] | select(.name == "desk") | .used_at')" "$now" 'when it was used is known'
was=$now now=$((now + 3599999))
bear "$secret"
get /api/arrivals/RO-CJ-01
as admin
get /api/tokens
is "$(json '.tokens[] | select(.name == "desk") | .used_at')" "$was" 'to the hour'
now=$((now + 1))
bear "$secret"
get /api/arrivals/RO-CJ-01
as admin
get /api/tokens
is "$(json '.tokens[] | select(.name == "desk") | .used_at')" "$now" 'and then anew'
now=$((was + 30 * 86400000))
bear "$secret"
get /api/arrivals/RO-CJ-01
is "$status" 401 'it ends at its time'
as admin
get /api/tokens
is "$(json -c '[.tokens[].name]')" '["admin","manager"]' 'and is gone from the list'
for bad in '{}:name:missing roles:missing' '{"name":"X","roles":["admin"]}:name:format' '{"name":"x","roles":["root"]}:roles:choice' \
	'{"name":"x","roles":["manager"],"days":0}:days:range' '{"name":"x","roles":["manager"],"days":"9"}:days:type' \
	'{"name":"x","roles":["manager"],"shelters":["RO-XX-01"]}:shelters:unknown'; do
	post /api/tokens "${bad%%\}:*}}"
	is "$status $(json '[.errors[] | .field + ":" + .code] | join(" ")')" "422 ${bad#*\}:}" "refused: ${bad%%\}:*}}"
done

# --- the page
sign_in eva
get /tokens
like "$body" '<h1>Tokens.*<b>manager</b>.*last used about.*Make a token.*value="90" selected' 'the page lists and makes'
form /tokens csrf="$csrf" token=t1 name='<b>' roles=publisher days=365 shelters=
like "$status $body" '^422.*href="#name".*value="&lt;b&gt;".*value="publisher" checked.*value="365" selected' 'a refused form comes back as typed'
form /tokens csrf="$csrf" token=t2 name=wires roles=publisher days= shelters=
is "$status" 201 'a good one shows it'
like "$body" 'Token for wires.*class="id">[0-9a-f]{64}<' 'once'
page=$body
form /tokens csrf="$csrf" token=t2 name=wires roles=publisher days= shelters=
is "$body" "$page" 'a reload shows the same and makes nothing'
[[ $body =~ class=\"id\"\>([0-9a-f]{64}) ]] && secret=${BASH_REMATCH[1]}
get /api/tokens
is "$(json '[.tokens[] | select(.name == "wires")] | length')" 1 'there is one'
is "$(json '.tokens[] | select(.name == "wires") | .expires_at')" null 'that stays until it is revoked'
id=$(json -r '.tokens[] | select(.name == "wires") | .id')
form "/tokens/$id" csrf="$csrf" _method=DELETE
is "$status $(header Location)" '303 /tokens?done=revoked' 'a button revokes it'
form "/tokens/$id" csrf="$csrf" _method=DELETE token=t9
is "$status" 404 'once'
bear "$secret"
get /api/session
is "$status" 401 'then it opens nothing'
as admin
for one in nonsense "$(printf '0%.0s' {1..64})"; do
	del "/api/tokens/$one"
	is "$status" 404 "no token: ${one:0:10}"
done
unlike "$(muster kv <<<'HGETALL audit')" "$secret" 'no secret is in the audit log'
unlike "$(cat "$stderr")" "$secret" 'nor in the log'
agrees 'muster check passes'
out=$(muster token add short --role manager --days 2)
bear "$out"
now=$((now + 2 * 86400000 - 1))
get /api/session
is "$status" 200 'the operator, too, makes one'
now=$((now + 1))
get /api/session
is "$status" 401 'that ends'
for bad in 'token add x --role manager --days 0' 'user add x --role manager --days 3'; do
	# shellcheck disable=SC2086 # words
	muster $bad </dev/null >/dev/null 2>&1
	is $? 2 "refused: muster $bad"
done
