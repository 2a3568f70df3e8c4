#!/bin/bash
# headers.t - what every answer says to the browser, whoever gives it.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 109
start RATE_EXEMPT=
token admin --role admin
shelter RO-CJ-01 '"capacity":10,"position":{"longitude":23.59,"latitude":46.77}'

# Ten promises for each kind of answer.
guarded() # STATUS NAME
{
	local csp
	csp=$(header Content-Security-Policy)
	is "$status" "$1" "$2"
	like "$csp" "default-src 'none'" "$2: nothing is loaded that is not named"
	like "$csp" "script-src 'self';" "$2: no script but ours, none inline"
	like "$csp" "frame-ancestors 'none'" "$2: not in a frame"
	is "$(header X-Content-Type-Options)" nosniff "$2: no guessing of types"
	like "$(header Referrer-Policy)" '^(no-referrer|same-origin)$' "$2: addresses stay here"
	is "$(grep -ic '^content-security-policy:' <<<"$head")" 1 "$2: said once"
	unlike "$(header Server)" '[0-9]' "$2: no version"
	is "$(grep -ic '^cache-control:' <<<"$head")" 1 "$2: one word on caching"
	unlike "$head" "X-Powered-By|$PWD|sqlite" "$2: nothing internal"
}
get /
guarded 200 'a static page'
get '/shelters?near=46.77,23.59'
guarded 200 'a page of a handler'
get /api/shelters/RO-CJ-01
guarded 200 'JSON of a handler'
get /shelters.csv
guarded 200 'a file'
get /arrivals
guarded 401 'a page for staff'
get /api/shelters/RO-XX-99
guarded 404 'an error of a handler'
get /nothing
guarded 404 'an error of nginx'
with -X DELETE
get /
guarded 405 'a method that is not'
like "$(header Allow)" GET 'and says which are'
form /intents shelter=RO-CJ-01 people=2
guarded 303 'a redirection'
with -H "Cookie: x=$(printf %09000d 0)"
get /
like "$status" '^(400|494)$' 'a header that is too long'
like "$(header Content-Security-Policy)" "default-src 'none'" 'and guarded too'
head -c 70000 /dev/zero | tr '\0' a >"$work/large"
with --data-binary "@$work/large"
get /shelters
guarded 413 'a body that is too large'

# --- the same under /api/, as problems
as nobody
with --data-binary "@$work/large" -H 'Content-Type: application/json'
get /api/intents
is "$status $(header Content-Type)" '413 application/problem+json' 'under /api/ too large is JSON'
holds '.status == 413 and (.title | length > 0)' 'of RFC 9457'
get /api/nothing
is "$status $(header Content-Type)" '404 application/problem+json' 'under /api/ nothing there is JSON'
get "/api/$(printf %09000d 0)"
is "$status $(header Content-Type)" '414 application/problem+json' 'under /api/ an address too long is JSON'
get "/$(printf %09000d 0)"
like "$status $(header Content-Type)" '^414 (text/html|application/problem)' 'and elsewhere it has words too'
is "$(cat "$work/curl")" '' 'no answer was cut'
