#!/bin/bash
# feed.t - what was published, the newest first, and how far each has read.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 41
token admin --role admin
token other --role responder
token officer --role publisher
user vera --role manager
shelter RO-CJ-01

publish() { as officer; post /api/alerts "{\"title\":\"$1\",\"message\":\"Words of $1.\",\"severity\":\"Severe\",\"urgency\":\"Future\",
	\"certainty\":\"Likely\",\"event\":\"Flood\",\"channels\":[\"inapp\"],\"audience\":{\"locations\":[\"city-CJ\"]}}"; made=$(json .id); }

as nobody
get /api/feed
is "$body" '{"items":[],"unread":null,"next":null,"cursor":"0"}' 'at first there is nothing'
get /feed
like "$body" 'Nothing was published yet' 'the page says so'
for title in one two three four; do publish "$title"; done
as nobody
get /api/feed
is "$(json '[.items[].title] | join(" ")')" 'four three two one' 'the newest first'
holds '.items[0] | .kind == "alert" and .severity == "Severe" and .message == "Words of four." and .read == false and .created_at == 1700000000000' 'with what it was'
is "$(json .unread)" null 'nobody in particular has read nothing in particular'
like "$(header Cache-Control)" '^public, max-age=1' 'the same for all: kept for a second'
like "$(header Vary)" Cookie 'but staff get their own'
tag=$(header ETag)
with "HTTP_IF_NONE_MATCH=$tag"
get /api/feed
is "$status" 304 'and not sent twice'
get '/api/feed?limit=3'
is "$(json '[.items[].title] | join(" ")')" 'four three two' 'a page'
get "/api/feed?limit=3&cursor=$(json .next)"
is "$(json '([.items[].title] | join(" ")) + " \(.next)"')" 'one null' 'the next one, and the end'
get '/api/feed?cursor=x&limit=0'
is "$status $(json '[.errors[].field] | sort | join(",")')" '422 cursor,limit' 'nonsense is refused'
post /api/feed/read '{"up_to":"1"}'
is "$status" 401 'nobody in particular can mark'

as admin
get /api/feed
is "$(json .unread)" 4 'staff see how much is new to them'
is "$(header Cache-Control)" 'private, no-store' 'which nobody keeps'
ids=$(json -c '[.items[1].id, .items[2].id]') cursor=$(json .cursor)
post /api/feed/read "{\"ids\":$ids}"
is "$status$body" 204 'some are read'
get /api/feed
is "$(json '[.items[].read | tostring] | join(" ") + "; \(0)"' 2>/dev/null | cut -d';' -f1)" 'false true true false' 'those and no others'
is "$(json .unread)" 2 'two are left'
post /api/feed/read "{\"ids\":$ids}"
get /api/feed
is "$(json .unread)" 2 'twice is once'
publish five
as admin
post /api/feed/read "{\"up_to\":\"$cursor\"}"
is "$status" 204 'all up to a cursor'
get /api/feed
is "$(json '"\(.unread) \(.items[0].read) \(.items[4].read)"')" '1 false true' 'what came since stays new'
post /api/feed/read '{"up_to":1}'
get /api/feed
is "$(json .unread)" 1 'a mark never goes back'
as other
get /api/feed
is "$(json .unread)" 5 'each has a mark of their own'
for bad in '{}' '{"ids":7}' '{"ids":["x"]}' '{"ids":[1.5]}' '{"up_to":"x"}' '{"up_to":-1}' "{\"ids\":[$(seq -s, 101)]}"; do
	post /api/feed/read "$bad"
	is "$status" 422 "${bad:0:20} is refused"
done
post /api/feed/read '{"ids":[]}'
is "$status" 204 'none is none'
publish six
post "/api/alerts/$made/update" '{"title":"seven"}'
as other
get /api/feed
holds '.items[0].kind == "update" and .items[0].supersedes == .items[1].id and .items[1].superseded_by == .items[0].id' 'an update takes the place of what it replaces'
is "$(json .unread)" 6 'which nobody needs to read any more'

# --- pages
as nobody
get /feed
like "$body" '<h1>Notices</h1>.*href="/alerts/[0-9]+">seven</a>.*Words of' 'notices for all'
unlike "$body" 'unread|/feed/read' 'without marks'
sign_in vera
get /feed
like "$body" '<b data-n="unread">6</b> unread' 'staff see how many are new'
get /feed/unread
like "$body" '<span class="new" data-n="unread">6</span>' 'their bar too'
with MUSTER_SSI=1
get /feed
like "$body" 'Feed<!--#include virtual="/feed/unread" --></a>' 'which the server in front puts in'
is "$(grep -o '<!--#[a-z]*' <<<"$body" | sort | uniq -c | xargs)" '1 <!--#echo 2 <!--#include' 'and nothing else but banner and token'
get /feed
form /feed/read csrf="$csrf" token="$(field token)" up_to="$(field up_to)"
is "$status $(header Location)" '303 /feed' 'and mark them'
get /feed
like "$body" '<b data-n="unread">0</b> unread' 'as read'
get /feed/unread
like "$body" 'data-n="unread" hidden>' 'then the bar is silent'
