#!/bin/bash
# openapi.t - www/openapi.json says what handlers answer: every status of every
# operation is brought about and held against it (openapi.mjs).
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
command -v node >/dev/null || { echo '1..0 # SKIP no node'; exit 0; }
seen=$state/seen
eval "plain_$(declare -f send)"
send() # as lib.sh has it, and writes the exchange down
{
	plain_send "$@"
	keep "$@"
}
keep() { printf '%s\0' "$1" "$2" "$3" "${4:0:4000}" "$head" "$body" >>"$seen"; }
token admin --role admin
user ana --role manager
shelter RO-CJ-01 '"capacity":300,"occupancy":41,"place":"Cluj-Napoca","address":"Str. 1",
	"position":{"longitude":23.59,"latitude":46.77},"features":["step-free"],"electricity":true,"heating":false,
	"resources":{"water":{"quantity":2.5,"unit":"l"},"medicine":["insulin"]},"attributes":{"a":"b","n":1.5,"t":true}'
shelter RO-CJ-02
shelter RO-CJ-03 '"capacity":4,"position":{"longitude":23.6,"latitude":46.77},"status":"standby"'
token publisher --role publisher
token manager --role manager --shelter RO-CJ-01
code() { post /api/intents '{"shelter":"RO-CJ-01","people":2,"needs":["pets"],"name":"Ana","phone":"0712 345"}'; code=$(json .code); }

# --- done
as nobody
for uri in /api/shelters '/api/shelters?near=46.77,23.59&radius=9000&need=step-free&need=water&seats=1&open=1&limit=1' \
	'/api/shelters?q=cluj-napoca' '/api/shelters?location=city-CJ&sort=water&limit=1' /api/shelters/RO-CJ-01 \
	/api/shelters/RO-CJ-02 /api/shelters/RO-CJ-03 /api/shelters.geojson '/api/shelters.geojson?q=cluj&open=0' \
	/api/shelters.csv '/api/locations?limit=1' /api/locations /api/locations/city-CJ /health; do
	get "$uri"
	etag=$(header ETag)
	[ -z "$etag" ] || { with "HTTP_IF_NONE_MATCH=$etag"; get "$uri"; }
done
get "/api/shelters?limit=2&cursor=$(get '/api/shelters?limit=2'; json .next)"
post /api/intents '{"shelter":"RO-CJ-02","people":1,"needs":"quiet"}'
code
get "/api/intents/$code"
patch "/api/intents/$code" '{"people":5}'
get "/intents?code=${code,,}"
del "/api/intents/$code"
code
as manager
get /api/arrivals
get /api/arrivals/RO-CJ-01
post /api/arrivals "{\"intent\":\"$code\",\"people\":3}"
post /api/arrivals '{"shelter":"RO-CJ-01","people":3}'
post /api/departures '{"shelter":"RO-CJ-01","people":1}'
code
post "/api/intents/$code/reject" '{"reason":"called"}'
code
send POST "/api/intents/$code/reject" '' ''
get /api/session
as admin
patch /api/shelters/RO-CJ-01 '{"position":{"latitude":46.771},"resources":{"water":null},"features":null,"attributes":{"a":null}}'
send PATCH /api/shelters/RO-CJ-01 application/merge-patch+json '{"capacity":null,"status":"open","place":null}'
post /api/locations/zone-A '{"shelters":["RO-CJ-01"]}'
post /api/locations/zone-A '{"shelters":["RO-CJ-02"]}'
del /api/locations/zone-A/shelters/RO-CJ-01
shelter HU-GYR-01
del '/api/shelters/HU-GYR-01?force=1'
del /api/session
post /api/session "{\"name\":\"ana\",\"password\":\"$password\"}"
send POST '/api/shelters/import?country=RO&status=open&dry_run=0' text/csv $'name,county,lat,lon\nA,CJ,46,22\nB,CJ,46.1,30\n'
send POST '/api/shelters/import?country=RO&partial=1' application/json '[{"name":"C","county":"CJ"},{"county":"CJ"}]'
send POST '/api/shelters/import?country=RO' application/geo+json '{"type":"FeatureCollection","features":[]}'
as nobody
status_token=1-$(printf sms-status:1 | openssl mac -macopt "hexkey:$(sqlite3 "$MUSTER_STATE/muster.db" 'select hex(secret) from tenant')" \
	-macopt size:20 -in - BLAKE2BMAC | tr A-F a-f) # as lib/deliver/link.h says
get "/sms/status/$status_token?status=1"
form "/sms/status/$status_token" MessageSid=SM1 MessageStatus=delivered
as admin

alert='{"title":"Flood","message":"It rises.","severity":"severe","urgency":"Expected","certainty":"likely","event":"Flood",
	"channels":["inapp","email"],"audience":{"locations":["city-CJ"]},"languages":{"ro":{"title":"A","message":"B"}}}'
get /alerts/new
post /api/alerts "$alert"
post /api/alerts "$alert"
post /api/alerts/1/update '{"title":"More"}'
post /api/alerts/3/all-clear '{}'
post /api/alerts/2/cancel ''
for uri in /api/alerts '/api/alerts?active=1&location=city-CJ&limit=1' /api/alerts/1 /api/feed '/api/feed?limit=1'; do get "$uri"; done
post /api/feed/read '{"up_to":"1","ids":[1,"2"]}'
get /feed/unread
get '/alerts/new?references=4&kind=update'
form /alerts/new do=preview event=Flood title=T message=M severity=Minor urgency=Past certainty=Likely locations=city-CJ channels=inapp
as nobody
for uri in /api/alerts '/api/alerts?limit=1&cursor=99999' /api/alerts/1 /api/feed /alerts/1.cap /alerts.atom; do
	get "$uri"
	with "HTTP_IF_NONE_MATCH=$(header ETag)"
	get "$uri"
done
get /alerts/banner
get /alerts/title
as admin

# --- who gets alerts
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1"; }
letter() { sql 'select cast(body as text) from payload order by id desc limit 1' | jq -r .text; } # the last message
wish='{"channel":"email","address":"ADDRESS","locations":["city-CJ"],"min_severity":"Severe","language":"ro",
	"quiet_from":"22:00","quiet_to":"7:00","zone":"Europe/Bucharest"}'
subscribe() # ADDRESS: $own is the token of the new subscription
{
	post /api/subscriptions "${wish/ADDRESS/$1}"
	link=$(letter | grep -o '[0-9a-f]\{40\}$')
	get "/api/subscriptions/$link"
	post "/api/subscriptions/$link" ''
	own=$(json .token)
}
as nobody
for uri in /subscriptions '/subscriptions?q=cluj' '/subscriptions?place=city-CJ&go=1' '/subscriptions?go=1' \
	/subscriptions/sent /subscriptions/code; do get "$uri"; done
subscribe a@example.org
get "/api/subscriptions/$own"
for _ in 1 2 3 4; do post "/api/subscriptions/$own/test" ''; done
del "/api/subscriptions/$own"
subscribe b@example.org
get "/subscriptions/$own/unsubscribe"
send POST "/subscriptions/$own/unsubscribe" application/x-www-form-urlencoded 'List-Unsubscribe=One-Click'
send POST "/subscriptions/$own/unsubscribe" multipart/form-data $'--x\r\n\r\n--x--\r\n'
subscribe c@example.org
patch "/api/subscriptions/$own" '{"quiet_from":null,"quiet_to":null,"locations":["country-RO"]}'
patch "/api/subscriptions/$own" '{"address":"d@example.org"}'
post /api/subscriptions '{"channel":"sms","address":"0712345678","locations":["city-CJ"]}'
code=$(letter | grep -o '[0-9]\{6\}' | head -1)
post /api/subscriptions/code "{\"address\":\"0712345678\",\"code\":\"$code\"}"
for _ in {1..6}; do post /api/subscriptions/code '{"address":"0712345679","code":"000000"}'; done
for _ in {1..30}; do plain_send POST /api/subscriptions application/json "${wish/ADDRESS/e@example.org}"; done
post /api/subscriptions "${wish/ADDRESS/e@example.org}"
as admin
post /api/webhooks '{"url":"https://hooks.example.org/","locations":["city-CJ"],"min_severity":"minor"}'
hook=$(json .id)
post "/api/webhooks/$hook/test" ''
sql "update outbox set state = 4, finished = $now, code = 500, reason = 'http-500' where channel = 3"
get /api/webhooks
get "/api/webhooks/$hook"
get '/api/webhooks?limit=none'
patch "/api/webhooks/$hook" '{"url":"https://other.example.org/","enabled":false}'
patch "/api/webhooks/$hook" '{"url":"nonsense"}'
post "/api/webhooks/$hook/enable" ''
post "/api/webhooks/$hook/rotate" ''
post /api/webhooks '{"url":"https://gone.example.org/","locations":["country-RO"]}'
del "/api/webhooks/$(json .id)"
# --- people, teams, tokens, the audit log
user root --role admin
user rita --role responder
enter() { who=(); post /api/session "{\"name\":\"$1\",\"password\":\"$2\"}"; cookie=$(header Set-Cookie)
	who=("HTTP_COOKIE=${cookie%%;*}"); }
post /api/people '{"name":"dan","roles":["manager"],"shelters":["RO-CJ-01"]}'
once=$(json .password)
get '/api/people?limit=1'
get /api/people/dan
patch /api/people/dan '{"roles":["responder"],"shelters":[]}'
post /api/people/dan/disable ''
post /api/people/dan/enable ''
del /api/people/dan/sessions
patch /api/people/root '{"roles":["manager"]}'
patch /api/people/dan '{"roles":["root"]}'
post /api/people/root/disable ''
post /api/teams '{"title":"Boats","open":false}'
post /api/teams '{"title":"Divers","slug":"divers"}'
post /api/teams/boats/members '{"user":"rita"}'
get '/api/teams?limit=1'
get "/api/teams?limit=1&cursor=boats"
get /api/teams/boats
get '/api/teams/boats?cursor=aaa'
patch /api/teams/boats '{"title":"Boats & more","open":true}'
patch /api/teams/boats '{"title":""}'
post /api/tokens '{"name":"desk","roles":["manager"],"shelters":["RO-CJ-01"],"days":30}'
made=$(json .id)
get '/api/tokens?limit=1'
del "/api/tokens/$made"
get '/api/audit?who=token:admin&limit=1'
get "/api/audit?who=token:admin&limit=1&cursor=$(json .next)"
get /api/account
for uri in /api/people /api/teams /api/tokens /api/audit; do get "$uri?limit=none"; done
for _ in 1 2; do # the second session gets no secret of the first
	enter root "$password"
	for try in '/api/people {"name":"ion","roles":["manager"]}' '/api/people/ion/password ' '/api/tokens {"name":"t","roles":["manager"]}'; do
		with HTTP_IDEMPOTENCY_KEY=again
		post "${try%% *}" "${try#* }"
	done
done
get /api/account
del "/api/account/sessions/$(json -r '.sessions[] | select(.this | not) | .id')"
del /api/account/sessions/none
enter rita "$password"
post /api/teams/divers/members ''
post /api/teams/divers/members '{"user":"dan"}'
del /api/teams/divers/members/dan
del /api/teams/divers/members/rita
post /api/account/password "{\"old\":\"$password\",\"new\":\"ein zwei drei vier\"}"
enter rita 'ein zwei drei vier'
post /api/account/password '{"old":"","new":"short"}'
for _ in {1..11}; do post /api/account/password '{"old":"x","new":"fuenf sechs sieben"}'; done
del /api/account/sessions
enter dan "$once"
get /api/session
get /api/account
get /api/teams
get /api/teams/divers
post /api/feed/read '{"ids":[1]}'
as admin
post /api/people/dan/password ''
get /api/settings
patch /api/settings '{"site.title":"Cluj","sms.segments":3,"site.zone":null}'
patch /api/settings '{"site.zone":"Nowhere"}'
form /settings site.title=Town
form /settings site.zone=Nowhere
for _ in {1..11}; do post /api/settings/test '{"channel":"email","address":"eva@example.org"}'; done
for uri in /events '/events?channels=alerts&after=0&retry=2400' '/events?after=0&to=1' /events/auth '/events/auth?channels=team-7' \
	'/events/auth?channels=no' /events/names '/events/names?channels=no' '/events?channels=no' '/events?channels=staff' \
	'/posts.atom?near=x' /posts.atom; do as nobody; get "$uri"; done
with "HTTP_IF_NONE_MATCH=$(header ETag)"
get /posts.atom
as admin
# --- bulletins
as admin
long_ago=$((now - 1900000))
now=$long_ago post /api/posts '{"text":"Before #Drill #RO-CJ-01","precision":100,"position":{"longitude":23.5912,"latitude":46.7712}}'
old=$(json -r .post.id)
post /api/posts '{"text":"From the divers","teams":["divers"]}'
for open in true false; do patch /api/teams/divers "{\"open\":$open}"; done
post /api/posts '{"text":"Now #Drill @ana","teams":[]}'
post /api/posts '{"text":"Now #Drill @ana","teams":[]}'
post /api/posts '{"text":"For all #Drill","public":true}'
post=$(json -r .post.id)
patch "/api/posts/$post" '{"text":"For all of you #Drill"}'
patch "/api/posts/$old" '{"text":"too late"}'
post /api/posts '{"text":"gone"}'
gone=$(json -r .post.id)
for _ in 1 2; do del "/api/posts/$gone"; done
get "/api/posts/$gone"
get "/posts/$gone/delete"
get "/posts/$post/delete"
patch "/api/posts/$gone" '{"text":"x"}'
muster set posts.per_minute 1 >/dev/null
post /api/posts '{"text":"one too many"}'
muster set posts.per_minute '' >/dev/null
as nobody
for uri in "/api/posts/$post" /api/posts '/api/posts?q=all&hashtag=%23drill&limit=1' '/api/posts?after=1&count=1' /api/hashtags /api/hashtags/drill; do
	get "$uri"
	etag=$(header ETag)
	[ -z "$etag" ] || { with "HTTP_IF_NONE_MATCH=$etag"; get "$uri"; }
done
as admin
for uri in '/api/posts?timeline=all&near=46.77,23.59&radius=500&since=0&until=2099-01-01' '/api/posts?team=divers&user=dan&cursor=9' \
	'/api/posts?limit=1' /api/hashtags/ro-cj-01 '/api/hashtags?prefix=dr&limit=5' '/api/hashtags?limit=0' '/api/posts?timeline=mine'; do get "$uri"; done
as manager
post /api/posts '{"text":"For all","public":true}'
patch "/api/posts/$post" '{"text":"Not mine"}'
get "/posts/$post/delete"
as admin

# --- the outbox
as admin
sqlite3 "$MUSTER_STATE/muster.db" "insert into destination (id, channel, name) values (900, 1, 'smtp://relay');
	insert into outbox (id, destination, channel, lane, state, due, created, expires, source, recipient, payload, target, finished, code, reason, detail)
	values (901, 900, 1, 0, 4, 0, 0, 0, 7, 1, 0, 'a@example.org', 5, 421, 'busy', 'x'), (902, 900, 1, 0, 3, 0, 0, 0, 7, 1, 0, 'b@example.org', 6, null, null, null),
	(903, 900, 1, 0, 1, 0, 0, 0, 0, 0, 0, 'c@example.org', 6, 250, null, null);
	insert into tally select source, channel, state, count(*) from outbox where id > 900 group by 1, 2, 3 on conflict do update set n = n + excluded.n"
for uri in /api/outbox '/api/outbox?state=dead&limit=1' '/api/outbox?state=sent&channel=email&reason=x&source=1' /api/outbox/901 \
	"/api/outbox/$(get /api/outbox/901; json .name)" /api/outbox/destinations; do get "$uri"; done
get "/api/outbox?state=dead&limit=1&cursor=$(get '/api/outbox?state=dead&limit=1'; json .next)"
send POST /api/outbox/901/retry '' ''
post /api/outbox/retry '{"state":"dead","channel":"email","source":7}'
get /api/outbox/shape
post /api/outbox/retry '{"all":true}'
send POST /api/outbox/destinations/900/enable '' ''
del /api/outbox/901
del /api/outbox/903
send POST /api/outbox/903/retry '' ''
with REMOTE_ADDR=127.0.0.1
get /metrics
get /metrics
for uri in /events '/events?channels=alerts&after=0&retry=2400' '/events?after=0&to=1' /events/auth '/events/auth?channels=team-7' \
	'/events/auth?channels=no' /events/names '/events/names?channels=no' '/events?channels=no'; do as nobody; get "$uri"; done
as admin

# --- refused, each in its own way
get '/api/outbox?state=gone'
post /api/alerts/1/update '{}'
post /api/alerts/1/cancel '{}'
post /api/alerts/1/all-clear '{}'
for what in update cancel all-clear; do post "/api/alerts/4/$what" '{"title":5}'; done
post /api/alerts "${alert%\}},\"references\":1}"
get '/alerts/new?references=1&kind=update'
get '/alerts/new?references=77&kind=update'
for uri in /api/alerts /api/feed; do get "$uri?limit=none"; done
send POST '/api/shelters/import?country=RO' text/csv $'name,county,capacity\nA,CJ,many\n'
post /api/shelters '{"id":"RO-CJ-01","name":"again"}'
post /api/shelters '{"id":"x","capacity":-1,"resources":{"":[]},"rooms":1}'
patch /api/shelters/RO-CJ-01 '{"availability":1}'
with 'HTTP_IF_MATCH="0"'
patch /api/shelters/RO-CJ-01 '{"capacity":1}'
with 'HTTP_IF_MATCH="0"'
del /api/shelters/RO-CJ-01
del /api/shelters/RO-CJ-01
as nobody
code
patch "/api/intents/$code" '{"people":0}'
post /api/intents '{"shelter":"RO-CJ-03","people":4}'
full=$(json .code)
post /api/intents '{"shelter":"RO-CJ-03","people":1}'
patch "/api/intents/$full" '{"people":5}'
with HTTP_IDEMPOTENCY_KEY=k; post /api/intents '{"shelter":"RO-CJ-02","people":1}'
with HTTP_IDEMPOTENCY_KEY=k; post /api/intents '{"shelter":"RO-CJ-02","people":2}'
get '/intents?code=what'
post /api/session '{"name":"ana","password":"wrong"}'
as admin
post /api/departures '{"shelter":"RO-CJ-01","people":5000}'
post "/api/intents/$code/reject" '{"reason":5}'
for uri in /api/shelters /api/shelters.geojson /api/shelters.csv /api/locations; do get "$uri?limit=none&near=x"; done
while read -r method path sent; do # what is not there
	send "$method" "$path" "${sent:+application/json}" "$sent"
done <<'END'
GET /alerts/77.cap
GET /api/alerts/77
POST /api/alerts/77/update {}
POST /api/alerts/77/cancel {}
POST /api/alerts/77/all-clear {}
GET /api/subscriptions/1-0
POST /api/subscriptions/1-0
PATCH /api/subscriptions/1-0 {}
DELETE /api/subscriptions/1-0
POST /api/subscriptions/1-0/test
GET /subscriptions/1-0/unsubscribe
POST /subscriptions/1-0/unsubscribe
GET /api/people/nobody
PATCH /api/people/nobody {}
POST /api/people/nobody/password
POST /api/people/nobody/disable
POST /api/people/nobody/enable
DELETE /api/people/nobody/sessions
GET /api/teams/nowhere
PATCH /api/teams/nowhere {}
POST /api/teams/nowhere/members {}
DELETE /api/teams/nowhere/members/ana
DELETE /api/tokens/77
GET /api/webhooks/77
PATCH /api/webhooks/77 {}
DELETE /api/webhooks/77
POST /api/webhooks/77/rotate
POST /api/webhooks/77/enable
POST /api/webhooks/77/test
GET /api/outbox/77
DELETE /api/outbox/77
POST /api/outbox/77/retry {}
POST /api/outbox/destinations/77/enable {}
GET /api/posts/77777
PATCH /api/posts/77777 {"text":"x"}
DELETE /api/posts/77777
GET /posts/77777/delete
GET /api/hashtags/nowhere
GET /api/shelters/RO-CJ-77
PATCH /api/shelters/RO-CJ-77 {}
DELETE /api/shelters/RO-CJ-77
GET /api/locations/city-XX
DELETE /api/locations/city-XX/shelters/RO-CJ-01
GET /api/intents/0000000Z
PATCH /api/intents/0000000Z {"people":1}
DELETE /api/intents/0000000Z
POST /api/intents/0000000Z/reject {}
GET /api/arrivals/RO-CJ-77
POST /api/arrivals {"intent":"0000000Z"}
GET /sms/status/1-0
END

# --- refused, in ways that every operation shares
each() # FILTER COMMAND: of each operation that fits, with $method, $path and the $type of its body
{
	while read -r method path type; do
		[[ $path != */alerts/* ]] || path=${path//\{id\}/4}
		[[ $path != */posts/* ]] || path=${path//\{id\}/$post}
		[[ $path != */webhooks/* ]] || path=${path//\{id\}/$hook}
		path=${path//\{token\}/$own} path=${path//\{team\}/divers} path=${path//\{name\}/ana}
		path=${path//\{key\}/drill} path=${path//\{id\}/RO-CJ-01} path=${path//\{shelter\}/RO-CJ-01}
		path=${path//\{location\}/city-CJ} path=${path//\{code\}/$code} path=${path//\{message\}/903} path=${path//\{destination\}/900}
		"$2"
	done < <(jq -r '.paths | to_entries[] | .key as $path | .value | to_entries[] | select(.value | '"$1"')
		| (.key | ascii_upcase) + " " + $path + " " + (.value.requestBody.content // {} | keys[0] // "")' www/openapi.json)
}
bare() { send "$method" "$path" "$type" "${type:+"{}"}"; }
bad_address() { send "$method" "$path?a=%zz" "$type" ''; }
bad_body() { send "$method" "$path" "$type" '{"a":'; }
too_large() { send "$method" "$path" "$type" "$large"; }
other_type() { send "$method" "$path" text/plain 'hello'; }
large=$(printf '{"a":"%066000d"}' 0)
each .security bare
bad_token() { with 'HTTP_AUTHORIZATION=Bearer nonsense'; bare; }
each '.responses["401"]' bad_token
as publisher
each '.responses["403"] and (.description | test("publisher") | not)' bare
as manager
each '.responses["403"] and (.description | test("publisher"))' bare
as admin
code
each '.responses["400"]' bad_address
each .requestBody bad_body
each '.responses["413"]' too_large
each '.responses["415"]' other_type
each '.responses["422"]' bare
plain=$MUSTER_STATE MUSTER_STATE=$state/none
each '.responses["503"]' bare
MUSTER_STATE=$plain
as nobody
for _ in {1..30}; do plain_send GET /api/intents/0000000Z '' ''; done
for _ in {1..12}; do plain_send POST /api/session application/json '{"name":"eva","password":"x"}'; done
post /api/session '{"name":"eva","password":"x"}'
as admin
each '.responses["429"]' bare
# 64 MiB are not sent: the length alone is refused.
answer=$(env -i MUSTER_STATE="$MUSTER_STATE" REQUEST_METHOD=POST REQUEST_URI=/api/shelters/import \
	CONTENT_TYPE=text/csv CONTENT_LENGTH=67108865 "$B/cgi-bin/import" </dev/null)
head=${answer%%$'\r\n\r\n'*} body=${answer#*$'\r\n\r\n'}
keep POST /api/shelters/import '' ''

node tests/route/openapi.mjs www/openapi.json "$seen" cgi-bin/*.c
