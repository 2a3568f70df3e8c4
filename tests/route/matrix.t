#!/bin/bash
# matrix.t - who may do what: every route, asked by every kind of caller, against matrix.txt.
#
#	tests/route/matrix.t [WORD]     only lines with WORD in them
#
# Here a store is prepared in which everything can succeed; matrix.mjs asks.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
command -v node >/dev/null || { echo '1..0 # SKIP no node'; exit 0; }
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1" || bail "sql: $1"; }
known=$state/known # NAME, TAB, VALUE: what matrix.mjs must know of the store
tell() { printf '%s\t%s\n' "$1" "$2" >>"$known"; }
asks() { tell "as.$1" "${who[0]}"; }

# --- programs
token root --role admin
as root
admin=${tokens[root]}
tokens[admin]=$admin # what lib.sh makes shelters with
shelter RO-CJ-01 '"capacity":100,"occupancy":5,"position":{"longitude":23.59,"latitude":46.77}'
shelter RO-CJ-02 '"capacity":100'
shelter RO-CJ-03
now=$((now - 3 * 86400000))
tokens[ended]=$(muster token add ended --role admin --days 1) || bail 'no token'
now=$((now + 3 * 86400000))
token publisher --role publisher
token manager --role manager --shelter RO-CJ-01
token other --role manager --shelter RO-CJ-02
token responder --role responder
for name in root publisher manager other responder ended; do
	as $name
	get /api/session # so that its last use need not be noted again
	asks token-$name
done

# --- people: each with two sessions
for name in ana:admin paul:publisher rita:responder gone:admin; do user "${name%:*}" --role "${name#*:}"; done
user mia --role manager --shelter RO-CJ-01
user otto --role manager --shelter RO-CJ-02
enter() # NAME PASSWORD: a session, and its csrf
{
	who=()
	form /session name="$1" password="$2"
	cookie=$(header Set-Cookie)
	[ "$status" = 303 ] || bail "no session of $1"
	who=("HTTP_COOKIE=${cookie%%;*}")
}
for name in ana paul mia otto rita gone; do
	enter $name "$password"
	get /api/account
	tell "session.$name" "$(json '.sessions[0].id')"
	enter $name "$password"
	get /account
	asks $name
	tell "csrf.$name" "$(field csrf)"
done
muster kv <<<"HSET user:gone disabled_at $now" >/dev/null # as if a session had been forgotten
as root
post /api/people '{"name":"nina","roles":["admin"]}'
first=$(json .password)
post /api/people '{"name":"dan","roles":["responder"]}'
enter nina "$first"
get /account
asks nina
tell first "$first"
tell csrf.nina "$(field csrf)"

# --- teams: rita is in the closed one; words with Zq are not for all
as root
post /api/teams '{"title":"Boats"}'
post /api/teams '{"title":"Zqclosed","slug":"negotiators","open":false}'
for name in rita dan; do post /api/teams/negotiators/members "{\"user\":\"$name\"}"; done
post /api/tokens '{"name":"spare","roles":["responder"]}'
tell token.spare "$(json .id)"

# --- posts: of the organisation, for all, of the closed team; each caller's own, a fresh one and one that is too old to change
be() { who=("$(sed -n "s/^as.$1\t//p" "$known")"); }
write() # NAME JSON
{
	post /api/posts "$2"
	[ "$status" = 201 ] || bail "no post $1"
	made=$(json -r '.post.id | ltrimstr("post:")')
	tell "post.$1" "$made"
}
user dora --role responder # in no list of callers
enter dora "$password"
as root
post /api/teams/negotiators/members '{"user":"dora"}'
tell as.dora "HTTP_COOKIE=${cookie%%;*}"
be dora
write staff '{"text":"Zqstaff words #Zqstafftag"}'
write open '{"text":"Zqstaff boats","teams":["boats"]}'
write closed '{"text":"Zqclosed words #ZqTag","teams":["negotiators"]}'
write removed '{"text":"Zqclosed gone #ZqTag","teams":["negotiators"]}'
del "/api/posts/$made"
be paul
write public '{"text":"Words for all #flood","public":true}'
write deleted '{"text":"Zqgone for all","public":true}'
del "/api/posts/$made"
for name in ana paul mia otto rita token-root token-publisher token-manager token-other token-responder; do
	be $name
	write "$name.old" "{\"text\":\"Zqstaff old, of $name\"}"
	muster kv <<<"HSET post:$made created_at $((now - 31 * 60000))" >/dev/null
	write "$name" "{\"text\":\"Zqstaff new, of $name\"}"
done

# --- shelters, alerts, messages
as nobody
post /api/intents '{"shelter":"RO-CJ-01","people":2,"name":"Zqfamily"}'
tell code "$(json .code)"
as root
alert='"message":"The river rises.","severity":"Severe","urgency":"Immediate","certainty":"Likely","event":"Flood",
	"channels":["inapp"],"audience":{"locations":["city-CJ"]}'
post /api/alerts "{\"title\":\"Flood\",$alert}"
tell alert "$(json .id)"
post /api/alerts "{\"title\":\"Zqlater\",$alert,\"not_before\":$((now + 3600000))}"
tell later "$(json .id)"
post /api/webhooks '{"url":"https://hooks.example.org/Zqhook","locations":["city-CJ"],"min_severity":"minor"}'
tell hook "$(json .id)"
post "/api/webhooks/$(json .id)/test" ''
patch /api/settings '{"email.password":"Zqpassword"}'
as nobody
letter() { sql 'select cast(body as text) from payload order by id desc limit 1' | jq -r .text; }
ask='"channel":"email","locations":["city-CJ"]'
post /api/subscriptions "{\"address\":\"zqone@example.org\",$ask}"
post "/api/subscriptions/$(letter | grep -o '[0-9a-f]\{40\}$' | head -1)" ''
tell own "$(json .token)"
post /api/subscriptions "{\"address\":\"zqtwo@example.org\",$ask}"
tell wish "$(letter | grep -o '[0-9a-f]\{40\}$' | head -1)"
post /api/subscriptions '{"channel":"sms","address":"0712345678","locations":["city-CJ"]}'
tell sms "$(letter | grep -o '[0-9]\{6\}' | head -1)"
sql "insert into destination (id, channel, name) values (900, 1, 'smtp://relay');
	insert into outbox (id, destination, channel, lane, state, due, created, expires, source, recipient, payload, target, finished, code, reason, detail)
	values (901, 900, 1, 0, 4, 0, 0, 0, 7, 1, 0, 'Zqnine@example.org', 5, 421, 'busy', 'x');
	insert into tally select source, channel, state, count(*) from outbox where id > 900 group by 1, 2, 3 on conflict do update set n = n + excluded.n"
tell gateway "1-$(printf sms-status:1 | openssl mac -macopt "hexkey:$(sql 'select hex(secret) from tenant')" \
	-macopt size:20 -in - BLAKE2BMAC | tr A-F a-f)" # as lib/deliver/link.h says
tell password "$password"
tell now "$now"
sql 'pragma wal_checkpoint(truncate)' >/dev/null
[ ! -s "$stderr" ] || bail "$(cat "$stderr")"

node tests/route/matrix.mjs "$B/cgi-bin" "$state" tests/route/matrix.txt www/openapi.json "${@:1:1}"
