#!/bin/bash
# hashtags.t - what the posts are about: tags in any script, counted for each reader.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 38
token admin --role admin
token staff --role responder
muster set posts.per_minute 1000 >/dev/null
for name in ana dan; do user $name --role responder; done
user vera --role publisher
sign_in() { who=(); form /session name="$1" password="$password"; cookie=$(header Set-Cookie)
	who=("HTTP_COOKIE=${cookie%%;*}"); get /account; csrf=$(field csrf); }
declare -A cookies
for name in ana dan vera; do sign_in $name; cookies[$name]=${who[0]}; done
be() { who=("${cookies[$1]}"); }
shelter RO-CJ-01 '"capacity":10,"position":{"longitude":23.6,"latitude":46.77}'
as admin
post /api/teams '{"title":"Closed","slug":"closed","open":false}'
post /api/teams/closed/members '{"user":"ana"}'
write() { post /api/posts "$(jq -n --arg t "$1" --argjson more "${2:-{\}}" '{text: $t} + $more')"; [ "$status" = 201 ] || bail "no post: $1"; }
counts() { json -c '[.hashtags[] | [.hashtag, .posts]]'; }

be ana
write '# alone, no tag'
write 'nothing at all'
get /api/hashtags
is "$status $(counts)" '200 []' 'a lone # and none at all are no tags'
for tag in Mănăștur Бухта 避難所 مأوى Ελλάδα किताब ไทย; do
	write "one #$tag two"
	get "/api/hashtags/$(uri "$tag")"
	is "$status $(json -r '.hashtag') $(json .posts)" "200 $tag 1" "#$tag"
	get "/hashtags/$(uri "$(json -r .key)")"
	like "$status $body" "^200.*<h1[^>]*>#$tag</h1>.*1 post.*one <a class=\"tag\"[^>]* href=\"/hashtags/" "and its page"
done
write "other form #$(printf 'Ma\u0306na\u0306s\u0326tur')"
get "/api/hashtags/$(uri MĂNĂȘTUR)"
is "$(json .posts)" 2 'however its accents are written, in any case'
get "/hashtags/$(uri MĂNĂȘTUR)"
is "$status $(header Location)" "303 /hashtags/$(uri mănăștur)" 'one address for each'
write "$(printf '#t%d ' {1..250})"
is "$(json '.post.hashtags | length')" 200 'of very many the first 200 count'
get '/api/hashtags?limit=100&prefix=t1'
is "$(json '.hashtags | length') $(json '[.hashtags[].key | startswith("t1")] | all')" '100 true' 'those that begin so'
get "/api/hashtags?limit=1&prefix=$(uri '#Măn')"
is "$(json -c '[.hashtags[] | [.key, .posts]]')" '[["mănăștur",2]]' 'as they are typed, the most used first'

# --- who may read
write 'hidden #Secret #Mănăștur' '{"teams":["closed"]}'
get "/api/hashtags/$(uri mănăștur)"
is "$(json .posts)" 3 'a member counts what a closed team writes'
be dan
get "/api/hashtags/$(uri mănăștur)"
is "$(json .posts)" 2 'others do not'
get '/api/hashtags?prefix=sec'
is "$(counts)" '[]' 'nor is a tag of theirs suggested'
get /api/hashtags/nowhere
none=$status${body//nowhere/X}
get /api/hashtags/secret
is "$status${body//secret/X}" "$none" 'it is as one that nobody ever wrote'
get /hashtags/secret
like "$status" 404 'on its page too'
as nobody
get /api/hashtags
is "$(counts)" '[]' 'without an account only what is public counts'
be vera
write 'Water at #RO-CJ-01 <b>#Water</b>' '{"public":true}'
as nobody
get /api/hashtags
is "$(counts)" '[["RO-CJ-01",1],["Water",1]]' 'which is something now'
get /api/hashtags/ro-cj-01
is "$(json -r .shelter)" RO-CJ-01 'a tag that is a shelter says so'
get /hashtags/ro-cj-01
like "$body" '<a class="go" href="/shelters/RO-CJ-01">' 'and leads there'
like "$body" 'at <a class="tag place" href="/shelters/RO-CJ-01"' 'as it does in the text'
unlike "$body" '<b>#|<b><a|method="post"|csrf' 'the page is for all: no forms, and text is text'
like "$(header Cache-Control)" '^public' 'and may be kept for a second'
get /shelters/RO-CJ-01
like "$body" 'What teams write about it.*Water at.*href="/posts\?hashtag=ro-cj-01"' "the shelter's page has what is public"
unlike "$body" 'Secret' 'and that only'
get /api/hashtags/%23
is "$status" 404 'a lone # is none'
get '/api/hashtags?limit=0'
is "$status" 422 'nor a page of nothing'
is "$(grep -c . "$stderr")" 0 'nothing was logged'
agrees 'muster check passes'
