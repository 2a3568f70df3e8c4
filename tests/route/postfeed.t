#!/bin/bash
# postfeed.t - /posts.atom: timelines for feed readers.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 27
token admin --role admin
token publisher --role publisher
for name in ana dan; do user $name --role publisher; done
declare -A cookies csrfs
for name in ana dan; do sign_in $name; cookies[$name]=${who[0]} csrfs[$name]=$csrf; done
be() { who=("${cookies[$1]}"); csrf=${csrfs[$1]}; }
muster set site.url https://muster.example.org:8443 >/dev/null
as admin
post /api/teams '{"title":"Rope","slug":"rope","open":false}'
post /api/teams/rope/members '{"user":"ana"}'
shelter RO-CJ-01
write() { with "HTTP_X_CSRF_TOKEN=$csrf"; post /api/posts "$1"; [ "$status" = 201 ] || bail 'not written'; }
xml() { xmllint --xpath "$1" - <<<"$body" 2>/dev/null; }
feed() { get "/posts.atom${1-}"; xmllint --noout - <<<"$body" 2>/dev/null || echo "no XML: $body" >&2; }
entries() { xml 'count(//*[local-name()="entry"])'; }
ids() { xml '//*[local-name()="entry"]/*[local-name()="id"]/text()' | sed 's/.*post://' | paste -sd' '; }
href() { xml "string(/*/*[local-name()='link'][@rel='$1']/@href)"; }

as nobody
feed
is "$status $(header Content-Type)" '200 application/atom+xml; charset=utf-8' 'there is a feed before there is anything'
is "$(xml 'string(//*[local-name()="updated"])') $(entries)" '1970-01-01T00:00:00Z 0' 'which is as old as time'

be ana
write '{"text":"Water at the <b>bridge</b> & more ]]> #Mănăștur #RO-CJ-01\n\nhttps://example.org/a?b=1&c=2","public":true,"position":{"latitude":46.77,"longitude":23.59}}'
write '{"text":"For us alone #secret","teams":["rope"]}'
write '{"text":"For all of the house"}'
as nobody
feed
is "$(ids)" 1 'who shows no session gets what is public'
unlike "$body" 'alone|secret|house|rope' 'and nothing of the rest'
like "$(header Cache-Control)" '^public, max-age=1' 'it may be kept'
is "$(xml 'string(//*[local-name()="entry"]/*[local-name()="id"])')" 'tag:muster.example.org,2023-11-14:post:1' 'an id that stays'
is "$(xml 'string(//*[local-name()="entry"]/*[local-name()="published"])')" 2023-11-14T22:13:20Z 'when it was written'
is "$(xml 'string(//*[local-name()="author"]/*[local-name()="name"])')" ana 'by whom'
is "$(xml '//*[local-name()="category"]/@term' | paste -sd' ' | tr -s ' ')" ' term="mănăștur" term="ro-cj-01"' 'a category for each tag'
is "$(xml 'string(//*[local-name()="category"]/@label)')" '#Mănăștur' 'as it was written'
is "$(xml 'string(//*[local-name()="point"])')" '46.77 23.59' 'where, latitude first'
is "$(xml 'string(//*[local-name()="entry"]/*[local-name()="title"])')" 'Water at the <b>bridge</b> & more ]]> #Mănăștur #RO-CJ-01' 'the first line is its title'
content=$(xml 'string(//*[local-name()="content"])')
like "$content" 'Water at the &lt;b&gt;bridge&lt;/b&gt; &amp; more \]\]&gt; <a' 'the text is HTML, and what was typed is no HTML'
like "$content" 'href="/shelters/RO-CJ-01"' 'tags lead to their pages'
is "$(xml 'string(/*/@*[name()="xml:base"])')" 'https://muster.example.org:8443/' 'which are found from where the site is'
is "$(xml 'string(//*[local-name()="entry"]/*[local-name()="link"]/@href)')" https://muster.example.org:8443/posts/1 'as is its own page'
etag=$(header ETag)
with "HTTP_IF_NONE_MATCH=$etag"
get /posts.atom
is "$status" 304 'asked again it is unchanged'

# --- whose
be ana
feed '?timeline=all'
is "$(ids)|$(header Cache-Control)" '3 2 1|private, no-store' 'who is signed in gets all that he may read, and nobody keeps it'
be dan
feed '?timeline=all'
is "$(ids)" '3 1' 'who is not in the team does not get what it writes'
feed '?team=rope'
closed=${body//team=rope/team=none}
feed '?team=none'
is "$(entries) $([ "${closed//to rope/to none}" = "$body" ] && echo same)" '0 same' 'and its feed is that of a team that does not exist'
as nobody
with 'HTTP_AUTHORIZATION=Bearer wrong'
get /posts.atom
is "$status" 401 'a token that is none is refused'

# --- changed, deleted, in pages
now=$((now + 60000))
be ana
with "HTTP_X_CSRF_TOKEN=$csrf"
patch /api/posts/1 '{"text":"Water has gone #Mănăștur"}'
as nobody
feed
is "$(xml 'string(//*[local-name()="entry"]/*[local-name()="updated"])') $(ids)" '2023-11-14T22:14:20Z 1' 'an edited one says when, and has the same id'
be ana
with "HTTP_X_CSRF_TOKEN=$csrf"
del /api/posts/1
as nobody
feed
is "$(entries)" 0 'a deleted one is gone'
unlike "$body" 'Water' 'with its text'
be ana
for i in 4 5 6; do now=$((now + 60000)); write "{\"text\":\"Number $i #n\",\"public\":true}"; done
as nobody
feed '?hashtag=n&limit=2'
is "$(ids) $(href self)" '6 5 https://muster.example.org:8443/posts.atom?timeline=all&hashtag=n&limit=2' 'a page, and where it is'
id=$(xml 'string(/*/*[local-name()="id"])')
next=$(href next)
feed "${next#*atom}"
is "$(ids)|$(href next)" '4|' 'the next one is linked, the last one links no further'
is "$(xml 'string(/*/*[local-name()="id"])') $(href first)" "$id https://muster.example.org:8443/posts.atom?timeline=all&hashtag=n&limit=2" 'all pages are one feed'
