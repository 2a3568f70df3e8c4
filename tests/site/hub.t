#!/bin/bash
# hub.t - what happens in an organisation reaches those who listen at its host, through the dispatcher, and nobody else.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
start DEMO=0
has_hub() { [ -S "$state/run/live/pub.sock" ] && echo yes; }
[ "$(until_is yes has_hub)" = yes ] || { echo '1..0 # SKIP the hub is not installed'; exit 0; }
plan 4
muster tenant add north --host north.localhost >/dev/null || bail 'no tenant'
body=''

listen()                         # HOST FILE
{
	curl -sN --max-time 60 -H "Host: $1:$port" "$site/live?channels=availability,alerts" -o "$work/$2" 2>/dev/null &
	until_is yes eval "[ -e '$work/$2' ] && echo yes" >/dev/null
}
says() { grep -c '^event: availability' "$work/$1" 2>/dev/null; }
ticks() { grep -c '^event: tick' "$work/$1" 2>/dev/null; }

listen north.localhost north
listen 127.0.0.1 default
curl -s -o /dev/null -H "Host: north.localhost:$port" "$site/events?channels=availability&after=0"   # as a page does
is "$(until_is 1 ticks north)" 1 'a page that is opened there hears a tick soon'
printf 'name,county,capacity\nSchool,CJ,100\n' >"$work/list.csv"
muster --tenant north import "$work/list.csv" --country RO --status open >"$work/out" 2>&1
is "$(until_is 1 says north)" 1 'and what happens there'
is "$(says default)" 0 'at another host nobody does'
head_of() { jq -r '.heads.availability // 0 | if . > 0 then "some" else "none" end' "$state/$1live/head.json"; }
is "$(until_is some head_of tenants/north/) $(head_of '')" 'some none' 'the head files are their own'
