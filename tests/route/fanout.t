#!/bin/bash
# fanout.t - from a publisher's request to what lies in people's hands, and back in their feeds.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 37
token admin --role admin
token officer --role publisher
shelter RO-CJ-01 '"capacity":10'
as nobody
sent=$MUSTER_STATE/sent
sql() { sqlite3 "$MUSTER_STATE/muster.db" "$1"; }
muster set email.mode file >/dev/null
muster set sms.mode file >/dev/null
muster set site.url https://alerts.example.org >/dev/null
subscribe() # EMAIL LANGUAGE [MORE]: asked for and confirmed, by what the message says
{
	post /api/subscriptions "{\"channel\":\"email\",\"address\":\"$1\",\"locations\":[\"city-CJ\"],\"language\":\"$2\"${3-}}"
	form "/$(sql 'select cast(body as text) from payload order by id desc limit 1' | jq -r .text |
		grep -o 'subscriptions/[0-9a-f]\{40\}$' | head -1)"
}
subscribe ana@example.org ro
subscribe bob@example.org en ',"min_severity":"Extreme"'
subscribe cai@example.org en ',"quiet_from":"00:00","quiet_to":"23:59"'
dispatch
rm -rf "$sent"
to() { grep -lix "to: $1@example.org." "$sent"/*.eml 2>/dev/null | wc -l; }          # how many mails they have
mail() { for f in "$sent"/*.eml; do grep -qix "to: $1@example.org." "$f" && tr -d '\r' <"$f"; done; }
state() { sql "select group_concat(s, ' ') from (select target || ':' || state as s from outbox where source = $1 order by target)"; }
ask='"title":"Flood in Cluj","message":"The river rises. Go up.","severity":"Severe","urgency":"Expected","certainty":"Likely","event":"Flood","channels":["inapp","email"],"audience":{"locations":["city-CJ"]}'

# --- published
as officer
post /api/alerts "{$ask,\"languages\":{\"ro\":{\"title\":\"Inundatie\",\"message\":\"Apa creste.\",\"instruction\":\"Urcati.\"}}}"
is "$status" 202 'an alert is taken'
first=$(json .id)
is "$(json .recipients)" 3 'and says whom it foresees'
is "$(sql "select count(*) from outbox where source = $first")" 0 'before anything is written for anybody'
dispatch
is "$(to ana)" 1 'who asked for it has it'
like "$(mail ana)" 'Subject: Inundatie' 'in their language'
like "$(mail ana)" 'https://alerts.example.org/alerts/'"$first" 'with a link to its page'
like "$(mail ana)" 'https://alerts.example.org/subscriptions/1-[0-9a-f]{40}' 'and one to leave'
is "$(to bob)" 0 'who asked for worse alone has not'
is "$(to cai)" 0 'and whoever sleeps has it later'
is "$(state "$first")" 'ana@example.org:1 cai@example.org:0' 'so the queue says'
as nobody
get /api/feed
holds ".items[0].alert == $first and .items[0].kind == \"alert\"" 'the feed has it'
agrees 'all indexes agree'

# --- updated
as officer
post "/api/alerts/$first/update" '{"message":"The river rises fast."}'
is "$status" 202 'an update is taken'
second=$(json .id)
dispatch
is "$(to ana)" 2 'who had the first has the update'
like "$(mail ana)" 'Subject: (Actualizare|Update): ' 'that says what it is'
is "$(state "$first")" 'ana@example.org:1 cai@example.org:8' 'what still waited of the first is taken back'
is "$(state "$second")" 'ana@example.org:1 cai@example.org:0' 'and the update waits in its place'
as nobody
get /api/feed
holds ".items[0].alert == $second and .items[1].superseded_by == .items[0].id" 'the feed knows which one holds'
get "/api/alerts?active=1"
is "$(json -c '[.alerts[].id]')" "[$second]" 'one is in force'

# --- critical
as officer
post /api/alerts "{${ask/Expected/Immediate}}"
third=$(json .id)
dispatch
is "$(state "$third")" 'ana@example.org:1 cai@example.org:1' 'a critical one wakes people'

# --- cancelled
post "/api/alerts/$second/cancel" '{}'
is "$status" 202 'a cancel is taken'
cancel=$(json .id)
dispatch
is "$(state "$cancel")" 'ana@example.org:1' 'it goes only to whom something was sent'
like "$(mail ana)" 'Subject: [^:]*(Anulat|Cancelled)' 'and says that it was an error'
is "$(state "$second")" 'ana@example.org:1 cai@example.org:8' 'what waited is taken back'
agrees 'all indexes agree'

# --- exercise, later
post /api/alerts "{$ask,\"exercise\":true,\"not_before\":$((now + 3600000)),\"expires_at\":$((now + 7200000))}"
is "$status" 202 'one for later is taken'
later=$(json .id)
dispatch
is "$(state "$later")" '' 'and is sent to nobody yet'
as nobody
get "/api/alerts/$later"
is "$status" 404 'nor seen'
get /api/feed
holds "all(.items[]; .alert != $later)" 'nor in the feed'
now=$((now + 3600000))
dispatch
get "/api/alerts/$later"
is "$status" 200 'at its time it is public'
get /api/feed
holds ".items[0].alert == $later and .items[0].exercise" 'and in the feed'
like "$(mail ana)" 'Subject: EXERCISE: Flood' 'its mail is marked as an exercise'
agrees 'all indexes agree'

# --- two dispatchers, killed
as officer
post /api/alerts "{${ask/Expected/Immediate}}"
fifth=$(json .id)
for i in 1 2 3; do
	MUSTER_NOW=$now timeout -s KILL 0.0$i "$B/bin/dispatch"
done 2>/dev/null
dispatch
is "$(sql "select count(*) = 2 and count(distinct recipient) = 2 from outbox where source = $fifth")" 1 'a dispatcher that dies doubles nobody and forgets nobody'
agrees 'all indexes agree'
is "$(sql 'select count(*) from outbox where source > 0 group by source, recipient having count(*) > 1')" '' 'nobody has two messages of one alert'
is "$(grep -c 'alert\|fan' "$stderr")" 0 'and there is nothing to complain of'
