#!/bin/bash
# events.t - /events as plain CGI: what happened behind a cursor, once and in order.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 101
token admin --role admin
token publisher --role publisher

seen() { with "HTTP_LAST_EVENT_ID=$1"; get "${2-/events}"; }
ids() { sed -n 's/^id: //p' <<<"$body" | paste -sd' '; }
kinds() { sed -n 's/^event: //p' <<<"$body" | paste -sd' '; }
data() { sed -n 's/^data: //p' <<<"$body"; }
announce() { as nobody; post /api/intents "{\"shelter\":\"$1\",\"people\":${2-1}}"; [ "$status" = 201 ] || bail 'not announced'; }
alert() { as publisher; post /api/alerts '{"title":"Flood","message":"Go up.\nNow.","severity":"Severe","urgency":"Immediate",
	"certainty":"Observed","event":"Flood","channels":["inapp"],"audience":{"locations":["country-RO"]}}'
	[ "$status" = 202 ] || bail 'no alert'; as nobody; }

# --- nothing has happened
as nobody
get /events
is "$status $(header Content-Type)" '200 text/event-stream' 'without a cursor it answers'
is "$(ids)|$(kinds)" '0|' 'with a cursor for the next question, and no event'
like "$body" $'^: head\nretry: 3000\nid: 0\n\n$' 'and says when to come back'
is "$(header Cache-Control)" 'no-store, no-transform' 'what goes on is kept by nobody'
get '/events?after=0'
is "$status $(ids)" '200 0' 'nothing new is not 204, which would end an EventSource'

# --- something has
shelter RO-CJ-01 '"capacity":10'
shelter RO-CJ-02 '"capacity":20'
announce RO-CJ-01 4
alert
last=$(sed -n 's/^id: //p' <(get /events; echo "$body"))
get '/events?after=0'
first=$body
is "$(kinds)" 'availability availability alerts' 'everything behind it, oldest first; of a shelter the latest state'
is "$(ids | tr ' ' '\n' | sort -n | paste -sd' ')" "$(ids)" 'ids rise'
is "$(ids | grep -o '[0-9]*$')" "$last" 'and end with where to go on'
is "$(data | jq -r '[.seq, .prev] | join("<")' | paste -sd' ')" '2<0 3<2 4<0' 'each has its id and the one before it on its channel'
is "$(data | jq -r .seq | paste -sd' ') $last" "$(ids)" 'the same ids'
is "$(data | jq -c 'select(.shelter == "RO-CJ-01") | [.availability, .projected_availability, .status]')" '[10,6,"open"]' 'the numbers'
is "$(data | jq -r 'select(.title).message')" $'Go up.\nNow.' 'a line end in a text is no line end of the stream'
is "$(tail -n 3 <<<"$body" | head -1)" "id: $last" 'the last block moves the cursor without an event'
get '/events?after=3'
is "$(kinds)" alerts 'behind a cursor only what is new'
get "/events?after=$last"
is "$(kinds)|$(ids)" "|$last" 'at the head nothing'
seen 3
is "$(kinds)" alerts 'an EventSource says it by Last-Event-ID'
seen 3 '/events?after=0'
is "$(kinds)" alerts 'which is newer than the address it was opened with'
get '/events?after=0&channels=alerts'
is "$(kinds)|$(ids)" "alerts|4 $last" 'only the channels that were asked for; the cursor moves over the others'
get '/events?after=0&channels=alerts,availability,alerts'
is "$body" "$first" 'a channel named twice is told once'
get '/events?after=0&channels=availability%2Calerts'
is "$(kinds)" 'availability availability alerts' 'a comma may be escaped'

# --- a closed range never changes
get '/events?after=0&to=3'
closed=$body
is "$(ids)" '2 3 3' 'from there to there'
is "$(header Cache-Control)" 'public, max-age=31536000, immutable, no-transform' 'it may be kept for ever'
is "$(header X-Accel-Expires)" 3600 'also in front of us'
announce RO-CJ-01
get '/events?after=0&to=3'
is "$body" "$closed" 'and is the same after more has happened'
seen 3 '/events?after=0&to=3'
is "$body" "$closed" 'a closed range is what its address says'
get '/events?after=0&to=999'
is "$(header Cache-Control)" 'no-store, no-transform' 'one that ends in the future is not closed'
get '/events?after=3&to=2'
is "$status $(kinds)" '200 ' 'one that ends before it begins is empty'

# --- cursors that nothing can be told from
get '/events?after=999'
is "$(kinds)|$(ids)" 'reset|5' 'a cursor from the future (a restored database): reset, with the head'
is "$(data | jq -c .)" '{"seq":5}' 'its data is the head too'
seen 999
is "$(kinds)|$(ids)" 'reset|5' 'also from an EventSource'
is "$(header Cache-Control)" 'no-store, no-transform' 'and that is not kept'
for odd in '1:0' '-1' 1e3 0x10 '3 4' '3,4' ٣ '' 9999999999999999 99999999999999999999 "'" '1795342413:[1],0,0' '*' "$(printf '%05000d' 7)"; do
	seen "$odd" '/events?after='"$(uri "${odd:0:900}")"
	is "$status $(kinds)|$(ids)" '200 |5' "no number is no cursor: ${odd:0:20}"
done
get '/events?after=3&retry=2400'
like "$body" $'\nretry: 2400\n' 'nginx spreads when they come back'
get '/events?after=3&retry=1'
like "$body" $'\nretry: 3000\n' 'nobody is made to come back at once'

# --- who may hear
for name in nonsense 'alerts,nonsense' ',' AVAILABILITY cut tick team; do
	get "/events?channels=$name"
	is "$status" 404 "no such channel: $name"
done
for name in staff team-7 'alerts,staff' team-; do
	get "/events?channels=$name"
	is "$status" 401 "after signing in, whether there is such a team or not: $name"
done
like "$(header Content-Type)" 'problem.json' 'it says so as JSON'
get '/events/auth?channels=availability,alerts'
is "$status $(header X-Channels)" '204 availability,alerts,tick' 'the server in front asks which may be heard live'
get '/events/auth?channels=team-7'
is "$status" 401 'a team is heard after signing in'
get '/events/auth?channels=nonsense'
is "$status" 403 'what is not there by nobody'

# --- closed channels
token responder --role responder
for name in ana dan; do user $name --role responder; done
user boss --role admin
declare -A cookies
for name in ana dan boss; do sign_in $name; cookies[$name]=${who[0]}; done
be() { if [ -n "${cookies[$1]-}" ]; then who=("${cookies[$1]}"); else as "$1"; fi; }
as admin
post /api/teams '{"title":"Rope","slug":"rope","open":false}'
post /api/teams '{"title":"Cooks","slug":"cooks"}'
post /api/teams/rope/members '{"user":"ana"}'
post /api/teams/cooks/members '{"user":"ana"}'
put() # CHANNEL TOPIC DATA, as a change of that moment would
{
	sqlite3 "$MUSTER_STATE/muster.db" "begin; update sequence set value = value + 1;
		insert into event select value, '$1', ifnull((select head from channel where name = '$1'), 0), $now,
			cast('$2' as blob), cast('$3' as blob) from sequence;
		insert into channel select '$1', value from sequence where true on conflict do update set head = excluded.head; commit"
}
start=$(sed -n 's/^id: //p' <(as nobody; get /events; echo "$body"))
put posts 1 '{"id":"post:1"}'
put staff 2 '{"id":"post:2"}'
put team-rope 3 '{"id":"post:3"}'
put team-cooks 4 '{"id":"post:4"}'
told() { data | jq -r '.id // empty' | paste -sd' '; }
for row in 'nobody 401 401 401 401' 'dan 200 404 404 404' 'responder 200 404 404 404' 'ana 200 200 404 404' \
	'boss 200 200 404 404' 'admin 200 200 404 404'; do
	read -ra words <<<"$row"
	set -- "${words[@]}"
	be "$1"
	got=$1
	for name in staff team-rope team-cooks team-none; do
		get "/events?channels=$name&after=$start"
		got+=" $status"
	done
	is "$got" "$row" "staff, a closed team, an open one, none: $1"
	get '/events/auth?channels=team-rope'
	hidden=$status$body
	get '/events/auth?channels=team-none'
	[ "$1" = nobody ] || case $row in
	*' 200 200 '*) is "${hidden:0:3}" 204 "and live: $1" ;;
	*) is "$hidden" "$status$body" "and live, in the same words: $1" ;;
	esac
done
be ana
get "/events?channels=staff,team-rope&after=$start"
is "$(told)" 'post:2 post:3' 'a member hears the staff and the team'
is "$(data | jq -c '[.seq, .prev]' | paste -sd' ')" "[$((start + 2)),0] [$((start + 3)),0]" 'each with the one before it on its channel'
is "$(header Cache-Control)|$(header X-Accel-Expires)" 'private, no-store, no-transform|' 'which nobody keeps'
get "/events?channels=posts,team-rope&after=$start&to=$((start + 3))"
is "$(told)|$(header Cache-Control)|$(header X-Accel-Expires)" 'post:1 post:3|private, no-store, no-transform|' 'a closed range of it neither'
get "/events?channels=posts&after=$start&to=$((start + 3))"
is "$(told)|$(header Cache-Control)" 'post:1|no-store, no-transform' 'one with a post for all is not kept for long: it may be deleted'
get "/events?channels=posts&after=$((start + 1))&to=$((start + 3))"
is "$(told)|$(header X-Accel-Expires)" '|3600' 'one without is kept as ever, whoever asks'
get "/events?after=$start"
is "$(told)" post:1 'who names no channel hears what is for all'
get '/events/auth?channels=team-rope,posts'
is "$status $(header X-Channels)" '204 team-rope,posts,cut,tick' 'live: with the channel that ends it'
as nobody
get '/events/auth?channels=posts'
is "$status $(header X-Channels)" '204 posts,tick' 'what is for all needs no end'
get "/events?channels=posts&after=$start&to=$((start + 4))"
unlike "$body" 'post:[234]' 'nobody hears anything of the others'
put staff 2 '{"id":"post:2","edited_at":5}'
put staff 2 '{"deleted":"post:2"}'
be dan
get "/events?channels=staff&after=$start"
is "$(data | jq -c '[.id, .deleted]' | paste -sd' ')" '[null,"post:2"]' 'who comes after a deletion hears of that alone'
be admin
get "/events?channels=$(printf 'team-rope,staff,%.0s' {1..9})posts&after=$start"
is "$status" 200 'a channel named often counts once'
for i in {1..20}; do post /api/teams "{\"title\":\"T\",\"slug\":\"t$i\",\"open\":false}"; done
get "/events?channels=staff,$(printf 'team-t%s,' {1..18})team-t19"
is "$status" 200 'twenty at once'
get "/events?channels=staff,$(printf 'team-t%s,' {1..19})team-t20"
is "$status $(json .detail)" '400 At most 20 channels at once.' 'not more'
del /api/teams/rope/members/ana
be ana
get "/events?channels=team-rope&after=$start"
is "$status" 404 'who is no member any more hears nothing more'
as admin
post /api/people/dan/disable ''
be dan
get "/events?channels=staff&after=$start"
is "$status" 401 'nor who was disabled'
now=$((now + 13 * 3600 * 1000))
be boss
get "/events?channels=staff&after=$start"
is "$status" 401 'nor whose session is over'
as nobody
start=$(sed -n 's/^id: //p' <(get /events; echo "$body"))

# --- far behind
now=$((now + 1000))
for ((i = 0; i < 6; i++)); do alert; done
get "/events?after=$start&channels=alerts"
is "$(kinds)" 'alerts alerts alerts alerts alerts alerts' 'alerts are told one by one'
more() # FROM TO: so many alerts
{
	sqlite3 "$MUSTER_STATE/muster.db" "with recursive n(i) as (select $1 union all select i + 1 from n where i < $2)
		insert into event select i, 'alerts', i - 1, $now, x'', cast('{\"n\":' || i || '}' as blob) from n;
		insert into channel values ('alerts', $2) on conflict do update set head = $2;
		update sequence set value = $2"
}
more 1001 1700
get '/events?after=1000&channels=alerts'
is "$(data | wc -l) $(ids | grep -o '[0-9]*$')" '500 1500' 'very many are told in turns'
like "$body" $': more\nretry: 50\nid: 1500\n\n$' 'with the word to come back at once'
get '/events?after=1500&channels=alerts'
is "$(data | head -1 | jq -c .)" '{"seq":1501,"prev":1500,"n":1501}' 'the next turn begins behind the last one'
is "$(data | wc -l) $(ids | grep -o '[0-9]*$')" '200 1700' 'and gives the rest'
get '/events?after=1000&to=1600&channels=alerts'
is "$(data | wc -l) $(header X-Accel-Expires)" '500 3600' 'a closed range too'
more 1701 6001
get '/events?after=1001&channels=alerts'
is "$(kinds | cut -c 1-11)" 'alerts aler' 'five thousand behind can still catch up'
get '/events?after=1000&channels=alerts'
is "$(kinds)|$(ids)" 'reset|6001' 'who is further behind reads anew'
get '/events?after=1000&channels=posts'
is "$(kinds)" '' 'if it is of the channels that were asked for'
post /events '{}'
is "$status $(header Allow)" '405 GET, HEAD' 'it is asked, not told'
muster restored >/dev/null
get '/events?after=5'
is "$(kinds)" reset 'after a backup was put back all read anew'
