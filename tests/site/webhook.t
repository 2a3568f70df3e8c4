#!/bin/bash
# webhook.t - webhooks from the outbox to a real receiver, their signatures
# checked by the npm packages standardwebhooks and svix.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/browser/modules.sh
. tests/browser/modules.sh

skip() { echo "1..0 # SKIP $*"; exit 0; }
command -v npm >/dev/null || skip 'no npm'
install_modules || skip 'npm ci did not work: see above'
plan 30

state=$(mktemp -d "$B/site.XXXXXX") || exit 1
states+=("$state") MUSTER_STATE=$state body='' NOW=$(date +%s%3N)
muster init >/dev/null || bail 'no database'
: >"$work/seen"
exec {from}< <(exec node tests/site/webhook.mjs "$work/seen")
receiver=$!
trap 'kill $receiver 2>/dev/null; finish' EXIT
read -rt 20 port <&"$from" || bail 'the receiver does not start'
here=http://127.0.0.1:$port

kv() { printf '%s\n' "$@" | muster kv >/dev/null; }
sql() { sqlite3 -cmd '.timeout 5000' "$state/muster.db" "$@"; }
tenant=$(sql 'select id from tenant')
kv 'HSET settings net.allow 127.0.0.0/8'

bytes() { openssl rand -hex 32; }                         # a secret
# shellcheck disable=SC2001 # "raw() {" in ${//} came with bash 5.2
raw() { sed 's/../\\x&/g' <<<"$1"; }                      # for muster kv
shown() { printf whsec_; printf '%b' "$(raw "$1")" | base64 -w0; } # as its owner has it
key() { shown "$1" | basenc --base64url -w0 | tr -d =; }  # for the receiver's path
endpoint() { kv "HSET webhook:$1 url \"$2\" secret \"$(raw "$3")\" created_at 1"; }
queue() # ENDPOINT URL BODY-FILE: the message's id
{
	sql "insert or ignore into destination (channel, name) values (3, '$here');
		insert into payload (created, body) values ($NOW, cast(readfile('$3') as blob));
		insert into outbox (destination, channel, lane, due, created, expires, source, recipient, payload, target)
			values ((select id from destination where name = '$here'), 3, 1, 1, $NOW,
			9000000000000, 1, $1, (select max(id) from payload), '$2');
		select max(id) from outbox;"
}
# What the retry schedule says is proved elsewhere: here it is due at once.
dispatch() { sql 'update outbox set due = 1 where state = 0; update destination set open_until = 0'; "$B/bin/dispatch" --once; }
outcome() { sql "select state || ' ' || coalesce(code, '-') || ' ' || coalesce(reason, '-') from outbox where id = $1"; }
seen() { jq -rs "$1" "$work/seen"; }
forget() { : >"$work/seen"; }

# ---- bodies of all kinds, one try each

a=$(bytes) b=$(bytes)
url=$here/$(key "$a")/200
endpoint 1 "$url" "$a"
bodies=('{}' '{"type":"alert.published","data":{"title":"Inundații în Mănăștur"}}' '{"a":"b.c.d","n":1.5e3}'
	'{"emoji":"🌊","nul":"\u0000","line":"\u2028"}' "{\"long\":\"$(printf 'x%.0s' {1..18000})\"}" '[1, 2,  3]')
for ((i = 0; i < 60; i++)); do
	printf %s "${bodies[i % 6]}" >"$work/body"
	queue 1 "$url" "$work/body" >/dev/null
done
dispatch || bail 'the dispatcher failed'
is "$(sql 'select count(*), min(state), max(state) from outbox')" '60|1|1' 'the receiver took all of them'
is "$(seen length)" 60 'each came once'
is "$(seen 'map(.verified[0] | join(" ")) | unique | join(",")')" 'standardwebhooks svix' 'both libraries verify every one'
is "$(seen 'map(.changed | length) | add')" 0 'and none of them with one byte more'
is "$(seen 'map(.id) | unique | length')" 60 'each has an id of its own'
is "$(seen 'map(.id | startswith("msg_'"$tenant"'_")) | all')" true 'which is the name of its message'
is "$(seen 'map(.body) | unique | length')" 6 'bodies are'
is "$(seen '.[1].body' | base64 -d)" "${bodies[1]}" 'byte for byte what was written'
is "$(seen 'map([.method, .type, .signatures]) | unique | tostring')" '[["POST","application/json",1]]' 'POST, JSON, one signature'

# ---- rotation

forget
both=$here/$(key "$b"),$(key "$a"),$(key "$(bytes)")/200
kv "HSET webhook:1 secret \"$(raw "$b")\" previous \"$(raw "$a")\" previous_until $(($(date +%s%3N) + 60000))"
queue 1 "$both" "$work/body" >/dev/null
dispatch
is "$(seen '.[0].signatures')" 2 'after a rotation there are two signatures'
is "$(seen '.[0].verified[0] | join(" ")')" 'standardwebhooks svix' 'the new secret verifies'
is "$(seen '.[0].verified[1] | join(" ")')" 'standardwebhooks svix' 'and the old one'
is "$(seen '.[0].verified[2] | length')" 0 'but no other'
forget
kv "HSET webhook:1 previous_until $(($(date +%s%3N) - 1))"
queue 1 "$both" "$work/body" >/dev/null
dispatch
is "$(seen '.[0] | [.signatures, (.verified | map(length))] | tostring')" '[1,[2,0,0]]' 'when its time is over the new one signs alone'

# ---- tries

forget
url=$here/$(key "$b")/503,429,500,200
id=$(queue 1 "$url" "$work/body")
dispatch
is "$(outcome "$id")" '0 503 http-503' 'a receiver with too much to do is asked again later'
dispatch
due=$(sql "select due from outbox where id = $id") now=$(date +%s%3N)
is "$(outcome "$id") $((due > now + 60000 && due < now + 110000))" '0 429 http-429 1' 'not before it wants to be'
dispatch
is "$(outcome "$id")" '0 500 http-500' 'an error of its own is a failed try'
dispatch
is "$(outcome "$id")" '1 200 -' 'in the end it is taken'
is "$(seen 'map(.id) | unique | length')" 1 'every try had the same id'
is "$(seen 'map(.verified[0] | length) | tostring')" '[2,2,2,2]' 'and a signature that holds'

forget
id=$(queue 1 "$here/$(key "$b")/302" "$work/body")
dispatch
is "$(outcome "$id") $(seen length)" '0 302 http-302 1' 'a redirect is not followed'
sql "delete from outbox where id = $id"
id=$(queue 1 "$here/$(key "$b")/422" "$work/body")
dispatch
is "$(outcome "$id")" '3 422 http-422' 'what would be refused again fails at once'
is "$(sql "select detail from attempt where message = $id")" 'not now' "with the receiver's words"

# ---- gone

forget
id=$(queue 1 "$here/$(key "$b")/410" "$work/body")
dispatch
is "$(outcome "$id")" '3 410 gone' 'a receiver that is gone ends it'
id=$(queue 1 "$here/$(key "$b")/200" "$work/body")
dispatch
is "$(outcome "$id") $(seen length)" '7 0 disabled 1' 'and is sent nothing more'
kv 'HDEL webhook:1 disabled disabled_at'
id=$(queue 1 "$here/$(key "$b")/200" "$work/body")
dispatch
is "$(outcome "$id")" '1 200 -' 'until somebody enables it'

# ---- inner addresses

kv 'HDEL settings net.allow'
forget
for host in 127.0.0.1 localhost 0x7f000001 '[::ffff:127.0.0.1]'; do
	id=$(queue 1 "http://$host:$port/$(key "$b")/200" "$work/body")
	dispatch
	is "$(outcome "$id" | sed 's/^0 0 dns$/3 0 address/') $(seen length)" '3 0 address 0' "without leave nothing goes to $host"
done
