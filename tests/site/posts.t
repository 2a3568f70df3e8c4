#!/bin/bash
# posts.t - bulletins behind the cache: everybody's copy is everybody's, and nobody else's.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 34
start DEMO=1
token admin --role admin
token other --role responder
muster user add ana --role responder <<<'korrekt horse'
as nobody
form /session name=ana password='korrekt horse'
cookie=$(header Set-Cookie)
ana=(-H "Cookie: ${cookie%%;*}")

# --- what make run brings
as nobody
get /api/posts
is "$status $(json '.posts | length') $(json '[.posts[].public] | all')" '200 2 true' 'the example holds posts for everybody'
as admin
get '/api/posts?limit=100'
is "$(json '.posts | length')" 12 'and for staff'
get /api/teams
is "$(json '.teams | length')" 4 'and teams'
is "$(json '[.teams[] | select(.open | not) | .posts] | add')" 1 'a closed one has a post too'

# --- the cache
twice() { for ((i = 0; i < 8; i++)); do get "$1"; get "$1"; [ "$(header X-Cache)" = HIT ] && return; done; }
for path in /posts '/posts?q=water' /api/posts '/api/posts?hashtag=drill' /posts.atom /hashtags /api/hashtags /hashtags/drill /posts/12; do
	as nobody
	twice "$path"
	is "$status $(header X-Cache)" '200 HIT' "$path: one answer for all who show no session"
	unlike "$body" 'name="csrf"|name="token"|Signed in|class="staff"|Roll-call|blankets' "$path: with nothing of anybody"
done
for path in /posts /api/posts /hashtags/drill; do
	who=("${ana[@]}")
	get "$path"
	get "$path"
	is "$(header X-Cache)|$(header Cache-Control)" '|private, no-store' "$path: staff get their own, which nobody keeps"
done
who=("${ana[@]}")
get /posts
like "$body" 'Signed in as <b>ana.*name="csrf"' 'with their forms'
token=$(field token) csrf=$(field csrf)
like "$token" '^[0-9a-f]{32}$' 'and a token of its own'
form /posts csrf="$csrf" token="$token" text='Behind the front #frontal'
is "$status" 303 'which posts'
first=$(header Location)
form /posts csrf="$csrf" token="$token" text='Behind the front #frontal'
is "$status $(header Location)" "303 $first" 'once'
as other
get /api/posts?hashtag=frontal
is "$(json -r '.posts[0].user')" ana 'others of the staff read it at once'
as nobody
get /posts.js
like "$status $(header Content-Type)" '^200 application/javascript' 'a script beside it is a file'
get /posts/12
as admin
del /api/posts/12
is "$status" 204 'an admin deletes what everybody read'
as nobody
gone() { get /posts/12; echo "$status"; }
is "$(until_is 410 gone)" 410 'a second later it is gone for all'
get '/api/posts?q=tell'
is "$(json '.posts | length')" 0 'from the search too'
