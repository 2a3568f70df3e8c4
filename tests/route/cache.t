#!/bin/bash
# cache.t - what may be kept by whom, and when it is still good.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 68
token admin --role admin
user ana --role admin
shelter RO-CJ-01 '"capacity":100,"place":"Cluj","position":{"longitude":23.59,"latitude":46.77}'
shelter RO-CJ-02 '"capacity":100'

token_out() { sed 's/name="token" value="[0-9a-f]*"//'; }

# --- public: everybody reads the same
for path in /api/shelters '/api/shelters?near=46,23' /api/shelters/RO-CJ-01 /api/locations /api/locations/city-CJ \
	/shelters.csv /shelters.geojson /shelters /shelters/RO-CJ-01 /locations /locations/city-CJ; do
	as nobody
	get "$path"
	case $path in
	/shelters/RO*) is "$(header Cache-Control)" 'private, no-cache' 'a page with a one-time token is for one reader' ;;
	*) is "$(header Cache-Control)" 'public, max-age=1, stale-while-revalidate=30' "$path may be kept by all, for a second" ;;
	esac
	etag=$(header ETag) public=$body
	with "HTTP_IF_NONE_MATCH=$etag"
	get "$path"
	is "$status:$body $(header ETag)" "304: $etag" 'who has it gets it not again'
	as admin
	get "$path"
	is "$(token_out <<<"$body")" "$(token_out <<<"$public")" 'an admin reads what all read'
done
as nobody
get /api/shelters/RO-CJ-01
etag=$(header ETag)
for tag in "W/$etag" "\"0\", $etag" "\"0\",W/$etag ,\"1\"" '*'; do
	with "HTTP_IF_NONE_MATCH=$tag"
	get /api/shelters/RO-CJ-01
	is "$status" 304 "If-None-Match: $tag names it"
done
for tag in '"0"' "${etag//\"}" 'nonsense'; do
	with "HTTP_IF_NONE_MATCH=$tag"
	get /api/shelters/RO-CJ-01
	is "$status" 200 "If-None-Match: $tag does not"
done

# --- a change makes another version
changed() # NAME PATH…: each has another ETag than before
{
	local name=$1 path
	shift
	for path; do
		with "HTTP_IF_NONE_MATCH=${tags[$path]}"
		get "$path"
		is "$status" 200 "$name: $path is new"
		tags[$path]=$(header ETag)
	done
}
declare -A tags
lists=(/api/shelters /api/shelters/RO-CJ-01 /api/locations /api/locations/city-CJ /shelters.csv)
for path in "${lists[@]}" /api/shelters/RO-CJ-02; do
	get "$path"
	tags[$path]=$(header ETag)
done
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
changed 'an announcement' "${lists[@]}"
with "HTTP_IF_NONE_MATCH=${tags[/api/shelters/RO-CJ-02]}"
get /api/shelters/RO-CJ-02
is "$status" 304 'another house stays as it is'
del "/api/intents/$(json .code)" # that of nobody
is "$status" 404 'a refusal'
with "HTTP_IF_NONE_MATCH=${tags[/api/shelters]}"
get /api/shelters
is "$status" 304 'makes nothing new'
as admin
patch /api/shelters/RO-CJ-01 '{"status":"full"}'
changed 'another status' "${lists[@]}"
post /api/locations/city-CJ '{"shelters":["RO-CJ-01"]}'
post /api/locations/zone-A '{"shelters":["RO-CJ-01"]}'
changed 'another area' /api/locations
del /api/shelters/RO-CJ-02
changed 'one that is gone' /api/shelters /api/locations/city-CJ /shelters.csv
now=$((now + 60000))
get /shelters/RO-CJ-01
etag=$(header ETag) now=$((now + 60000))
with "HTTP_IF_NONE_MATCH=$etag"
get /shelters/RO-CJ-01
is "$status" 200 'a page grows old by the minute: it tells how old its numbers are'

# --- not for all
as nobody
get /api/shelters/RO-CJ-77
is "$(header Cache-Control)" 'private, no-store' 'what is not there is not kept'
get '/api/shelters?limit=x'
is "$(header Cache-Control)" 'private, no-store' 'nor what was refused'
get /session
is "$(header Cache-Control)" 'private, no-store' 'nor the sign-in'
as admin
for path in /api/arrivals /api/arrivals/RO-CJ-01 /arrivals /api/session; do
	get $path
	is "$(header Cache-Control)$(header ETag)" 'private, no-store' "behind a sign-in nothing is kept: $path"
done
get /health
is "$(header Cache-Control)" 'no-store' 'health is of this moment'
holds '. == {"status":"ok"}' 'and says ok'
sign_in ana
get /shelters/RO-CJ-01
unlike "$body" 'Signed in|csrf' 'a public page shows nothing of who asks: the next one reads it too'
