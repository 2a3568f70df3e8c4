#!/bin/bash
# closed.t - what a closed team writes, through the real front: who hears it at once, who never does.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 26
start DEMO=0
password='korrekt horse'
token admin --role admin
declare -A cookies
for name in ana dan; do
	muster user add $name --role responder <<<"$password" >/dev/null || bail "no $name"
	form /session name=$name password="$password"
	cookies[$name]=$(header Set-Cookie)
done
be() { who=(-H "Cookie: ${cookies[$1]%%;*}"); }
as admin
post /api/teams '{"title":"Rope","slug":"rope","open":false}'
post /api/teams/rope/members '{"user":"ana"}'
[ "$status" = 201 ] || bail "ana is not in the team: $body"
cursor() { sed -n 's/^id: //p' <<<"$body" | tail -1; }
told() { sed -n 's/^data: //p' <<<"$body" | jq -r 'if .deleted then "deleted " + .deleted else .id // empty end' | paste -sd, ; }
as nobody
get /events
start=$(cursor)

# --- behind a cursor: never kept, never for others
write() { local asks=("${who[@]}"); as admin; post /api/posts "$1"; [ "$status" = 201 ] || bail "not written: $body"; who=("${asks[@]}"); }
write '{"text":"For us alone","teams":["rope"]}'
url="/events?channels=posts,staff,team-rope&after=$start"
for one in ana dan ana nobody ana; do
	if [ $one = nobody ]; then as nobody; else be $one; fi
	get "$url"
	case $one in
	ana) is "$status $(told)|$(header Cache-Control)|$(header X-Cache)" '200 post:1|private, no-store, no-transform|' 'a member gets it, and nobody keeps it' ;;
	dan) is "$status $(header Cache-Control)" '404 private, no-store' 'the next one to ask is not a member: there is no such channel' ;;
	nobody) is "$status" 401 'nor for who is not signed in' ;;
	esac
done
be dan
closed=$(get "$url"; echo "$status $body")
get "${url/rope/none}"
is "$status $body" "$closed" 'in the same words as of one that does not exist'
get "/events?channels=staff&after=$start"
is "$status $(told)" '200 ' 'the staff hears nothing of it'
as nobody
for ((i = 0; i < 3; i++)); do get "/events?after=$start"; done
is "$status $(told)|$(header Cache-Control)" '200 |no-store, no-transform' 'who names no channel neither'

# --- as it happens
if [ ! -e /usr/lib/nginx/modules/ngx_nchan_module.so ]; then
	for ((i = count; i < 26; i++)); do judge 0 'live # SKIP no libnginx-mod-nchan'; done
	exit 0
fi
until_is 1 sh -c "test -e $state/run/live/nginx.pid && echo 1" >/dev/null
declare -A listeners
listen() # NAME CHANNELS
{
	curl -sN --max-time 60 -o "$work/$1" "${who[@]}" "$site/live?channels=$2" 2>/dev/null &
	listeners[$1]=$!
	until_is ': hi' head -1 "$work/$1" >/dev/null 2>&1
}
hears() { grep -c "\"id\":\"$2\"" "$work/$1"; }
be ana; listen ana posts,staff,team-rope
be dan; listen dan posts,staff
as nobody; listen nobody posts
be dan
with --max-time 3
get '/live?channels=team-rope'
is "$status" 404 'a team that is closed to me cannot be listened to'
as nobody
with --max-time 3
get '/live?channels=staff'
is "$status" 401 'nor can the staff without signing in'
before=$(date +%s%N)
write '{"text":"Come to the bridge","teams":["rope"]}'
while [ "$(hears ana post:2)" = 0 ] && (($(date +%s%N) - before < 10000000000)); do sleep 0.02; done
took=$((($(date +%s%N) - before) / 1000000))
is "$((took < 1000))" 1 "a member hears of it within a second ($took ms)"
write '{"text":"For all of us"}'
is "$(until_is 1 hears dan post:3)$(until_is 1 hears ana post:3)" 11 'the staff hears what is for all of it'
write '{"text":"For all of you","public":true}'
is "$(until_is 1 hears nobody post:4)$(until_is 1 hears dan post:4)" 11 'everybody what is public'
is "$(hears dan post:2)$(hears nobody post:2)$(hears nobody post:3)" 000 'and nobody anything else'
own_tick() { grep -q '"heads":{"team-rope":' "$work/ana" && echo 1; }
until_is 1 own_tick >"$work/none"    # every 15 s
is "$(until_is 1 own_tick)" 1 'a closed channel has a tick of its own'
is "$(grep -h '"heads"' "$work/dan" "$work/nobody" | grep -c 'team-\|staff.*team')" 0 'others hear no tick of it'
is "$(jq -r '.heads | keys | join(" ")' "$state/live/head.json")" posts 'nor does the file that all can read name it'

# --- deleted
as admin
del /api/posts/3
is "$status" 204 'a post is deleted'
deleted() { grep -c '"deleted":"post:3"' "$work/dan"; }
is "$(until_is 1 deleted)" 1 'who listens hears of it'
be dan
get "/events?channels=staff&after=$start"
is "$(told)" 'deleted post:3' 'who comes later hears of that alone'

# --- a right is taken away
ended() { kill -0 "${listeners[$1]}" 2>/dev/null && echo no || echo yes; }
as admin
del /api/teams/rope/members/ana
is "$(until_is yes ended ana)" yes 'a member leaves: the stream is cut off, whatever its client does'
is "$(until_is yes ended dan)$(ended nobody)" yesno 'as are all that hear what is closed, and no others'
be ana
with --max-time 3
get '/live?channels=team-rope'
is "$status" 404 'it does not come back'
get "$url"
is "$status" 404 'nor by cursor'
listen again staff
as admin
post /api/people/ana/disable '{}'
is "$(until_is yes ended again)" yes 'an account is disabled: its stream ends'
be ana
with --max-time 3
get '/live?channels=staff'
is "$status" 401 'and is asked to sign in'
kill "${listeners[nobody]}" 2>/dev/null
