#!/bin/bash
# alerts.t - what is in force stands over every page as it is sent, whoever asks,
# whatever lies in a cache, and whichever part is down.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 25
start DEMO=0
token officer --role publisher
token admin --role admin
as admin
post /api/shelters '{"id":"RO-CJ-01","name":"House","capacity":10}'
as officer

publish() { post /api/alerts "{\"title\":\"$1\",\"message\":\"m\",\"severity\":\"Severe\",\"urgency\":\"Immediate\",\"certainty\":\"Likely\",
	\"event\":\"Flood\",\"channels\":[\"inapp\"],\"audience\":{\"locations\":[\"city-CJ\"]}}"; }
banner() { get "$1"; grep -o '<section id="banner".*' <<<"$body" | head -1; [ -n "$body" ] || echo nothing; }
shows() { banner "$1" >/dev/null; grep -c "$2" <<<"$body"; } # PATH TITLE: on how many lines

as nobody
for path in / /nothing-here /shelters /shelters/RO-CJ-01; do
	like "$(banner "$path")" '^<section id="banner" data-seq="[0-9]+" hidden' "$path: at first nothing is in force"
done
as officer
publish 'Flood in Cluj'
as nobody
for path in / /shelters /shelters/RO-CJ-01 /locations /nothing-here; do
	until_is 1 shows "$path" '<section id="banner" class="alert severe"' >/dev/null
	get "$path"
	like "$body" 'Flood in Cluj</a>' "$path: then the alert stands there"
done
get /
is "$(header ETag)$(header Last-Modified)" '' 'a page has no tag: a 304 would bring an old banner back'
like "$(header Cache-Control)" 'max-age=1(,|$)' 'and is not kept for long'
with --compressed
get /
is "$(header Content-Encoding)" gzip 'it is compressed as it is sent'
like "$body" 'Flood in Cluj' 'banner and all'
with -X POST -H 'Content-Type: application/x-www-form-urlencoded' --data-binary 'shelter=RO-CJ-01&people=0'
get /intents
is "$status" 422 'a refused form'
like "$body" 'Flood in Cluj' 'has it too, though it was a POST'
as admin
get /alerts
like "$body" 'Flood in Cluj</a> <span>until' 'who shows who they are sees it'
as nobody
get /api/alerts
get /api/alerts
like "$(header X-Cache)" '^(HIT|MISS|EXPIRED)$' 'the list of alerts is cached for all'
as officer
get /api/alerts
unlike "$(header X-Cache)" 'HIT' 'but not for staff'
holds '.alerts[0].by == "officer"' 'who see more'

# --- a part is down
as nobody
get /
mv "$state/run/shelters.sock" "$state/run/away.sock"
get '/shelters?location=city-XX'
is "$status" 503 'a dead handler: the page that says sorry'
like "$body" 'Flood in Cluj' 'says what is in force as well'
mv "$state/run/away.sock" "$state/run/shelters.sock"
mv "$state/run/alerts.sock" "$state/run/away.sock"
get /
is "$status" 200 'without the handler of alerts pages are served all the same'
unlike "$body" 'Sorry' 'and no error stands in them'
mv "$state/run/away.sock" "$state/run/alerts.sock"

# --- the staff's bar
echo 'vera warns people' | muster user add vera --role publisher >/dev/null
form /session name=vera password='vera warns people'
who=(-H "Cookie: $(header Set-Cookie | cut -d ';' -f 1)")
get /feed
like "$body" '<a href="/feed">Feed <span class="new" data-n="unread">1</span>' 'a person of the staff sees on every page how much is unread'
as nobody
get /feed
unlike "$body" 'data-n="unread"' 'nobody else does'
