#!/bin/bash
# tenants.t - organisations share a server and nothing else: what one has, shows, allows and remembers
# is nothing to another, while they are used, paused, copied and deleted.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 109
start RATE_EXEMPT='127.0.0.1 ::1'
password='korrekt horse'
sql() { sqlite3 -cmd '.timeout 5000' "$state/${2:+tenants/$2/}muster.db" "$1"; }
# on NAME: who is asked from now on; on default: the tenant without a name.
on() { here=$1 site=http://$1.localhost:$port; [ "$1" != default ] || site=http://127.0.0.1:$port; }
of() { if [ "$1" = default ]; then muster "${@:2}"; else muster --tenant "$@"; fi; }

# --- three of them, each with the same names and numbers, and words of its own
for name in north south; do
	said=$(muster tenant add "$name" --host "$name.localhost" --title "Title of $name" --zone Europe/Bucharest \
		--url "http://$name.localhost:$port") || bail "no tenant $name"
done
like "$said" $'^admin\n[a-z0-9-]{20,}$' 'a new tenant has an admin, whose password is told once'
on south
form /session name=admin password="${said##*$'\n'}"
is "$status $(header Location)" '303 /account' 'which is good for choosing another'
is "$(muster tenant list | awk '{ print $1, $NF }' | paste -sd' ')" 'north north.localhost south south.localhost' 'they are listed'
repeated=()
declare -A secret session csrf code link status_token
furnish() # NAME: what it holds; every word of it has NAME-word in it
{
	on "$1"
	for role in admin publisher responder; do secret[$1-$role]=$(of "$1" token add "$role" --role $role) || bail 'no token'; done
	of "$1" user add ana --role admin,manager,publisher,responder <<<"$password" || bail 'no user'
	as_token "$1" admin
	post /api/shelters "{\"id\":\"RO-CJ-01\",\"name\":\"$1-word house\",\"place\":\"Dej\",\"capacity\":100000,\"position\":{\"longitude\":23.6,\"latitude\":46.77}}"
	[ "$status" = 201 ] || bail "no shelter: $body"
	post /api/teams "{\"title\":\"$1-word\",\"slug\":\"team-$1\",\"open\":false}"
	post /api/teams "{\"title\":\"$1-word\",\"slug\":\"rescue\"}"
	post /api/posts "{\"text\":\"$1-word #tag$1 #tag\",\"teams\":[\"team-$1\"]}"
	post /api/posts "{\"text\":\"$1-word public #tag$1\",\"public\":true}"
	as_token "$1" publisher
	post /api/alerts "{\"title\":\"$1-word flood\",\"message\":\"$1-word\",\"severity\":\"Severe\",\"urgency\":\"Immediate\",
		\"certainty\":\"Likely\",\"event\":\"Flood\",\"channels\":[\"inapp\"],\"audience\":{\"locations\":[\"city-CJ\"]}}"
	[ "$status" = 202 ] || bail "no alert: $body"
	as nobody
	post /api/intents '{"shelter":"RO-CJ-01","people":3}'
	code[$1]=$(json -r .code)
	post /api/subscriptions "{\"channel\":\"email\",\"address\":\"ana@$1.example\",\"locations\":[\"city-CJ\"]}"
	local t="${1#default}" confirm
	confirm=$(sql 'select cast(body as text) from payload order by id desc limit 1' "$t" | jq -r .text |
		grep -o 'subscriptions/[0-9a-f]\{40\}$')
	form "/$confirm" confirm=1
	link[$1]=$(header Location) link[$1]=${link[$1]%%\?*}
	[[ ${link[$1]} = /subscriptions/* ]] || bail "no subscription: $status"
	status_token[$1]=1-$(printf sms-status:1 | openssl mac -macopt "hexkey:$(sql 'select hex(secret) from tenant' "$t")" \
		-macopt size:20 -in - BLAKE2BMAC | tr A-F a-f)
	form /session name=ana password="$password"
	session[$1]=$(header Set-Cookie)
	session[$1]=${session[$1]%%;*}
	who=(-H "Cookie: ${session[$1]}")
	get /account
	csrf[$1]=$(field csrf)
	[[ ${csrf[$1]} =~ ^[0-9a-f]+$ ]] || bail "no session: $body"
	as nobody
}
as_token() { who=(-H "Authorization: Bearer ${secret[$1-$2]}"); }
as_session() { who=(-H "Cookie: ${session[$1]}"); }
furnish default
furnish north
on north
form /session name=ana password="$password"
unlike "$(header Set-Cookie)" '[Dd]omain' 'a session cookie is of one host alone'
furnish south
others() { case $1 in default) echo north south ;; north) echo default south ;; *) echo default north ;; esac; }

all_there() { find "$state/tenants" -mindepth 1 -maxdepth 1 ! -name '.*' -printf '%f\n' | sort | paste -sd' '; }
shown() { get /; grep -o "$1" <<<"$body" | head -1; } # on the front page

# Nothing of another may stand in the last answer, or in that file.
foreign=0 asked=0
clean() # OF WHAT [FILE]
{
	asked=$((asked + 1))
	if grep -qE "$1-word|tag$1|team-$1|Title of $1|ana@$1" "${3:-$work/head}" "${3:-$work/body}"; then
		foreign=$((foreign + 1))
		printf '# %s stands in an answer of %s: %s\n' "$1" "$here" "$2"
	fi
}
# Asks for many at once, as who; lines "HOST PATH" on standard input, answers in $work/N with their heads,
# statuses in $work/N.status.
batch()
{
	local i=0 h path
	rm -f "$work"/[0-9]*
	while read -r h path; do
		i=$((i + 1))
		on "$h"
		printf 'url="%s%s"\noutput="%s"\n' "$site" "$path" "$work/$i"
	done >"$work/batch"
	curl -sS -i --globoff --max-time 20 "${who[@]}" -w '%{filename_effective} %{http_code}\n' -K "$work/batch" >"$work/statuses"
	while read -r path i; do echo "$i" >"$path.status"; done <"$work/statuses"
}

# --- keys of one at the door of another
pages=(/arrivals /arrivals/RO-CJ-01 /people /teams /teams/rescue /tokens /outbox /webhooks
	/settings /audit /account /feed /feed/unread /posts /posts/1 /posts/new /events?channels=staff /subscriptions/1)
open_doors=''
knock() # MINE THERE FACE: the pages, with what `who` shows; tokens of nobody here are told so
{
	local i=0 path answer
	for path in "${pages[@]}"; do echo "$2 $3$path"; done >"$work/list"
	batch <"$work/list"
	for path in "${pages[@]}"; do
		i=$((i + 1)) answer=$(cat "$work/$i.status")
		clean "$1" "$3$path" "$work/$i"
		case $answer in
		401 | 404 | 303) ;;
		200) grep -q 'Signed in' "$work/$i" && open_doors+=" $1@$2$3$path:$answer" ;;
		*) open_doors+=" $1@$2$3$path:$answer" ;;
		esac
	done
}
for mine in default north south; do
	for there in $(others $mine); do
		for role in admin publisher responder; do
			as_token $mine $role
			knock $mine "$there" /api
		done
		as_session $mine
		knock $mine "$there" /api
		knock $mine "$there" ''
		form /people name=mallory role=admin csrf="${csrf[$mine]}"
		[[ $status = 40[13] ]] || open_doors+=" form-of-$mine@$there:$status"
		form /session _method=DELETE csrf="${csrf[$mine]}"
	done
done
is "$open_doors" '' 'tokens and sessions of one open nothing of another'
is "$foreign of $asked" "0 of $asked" "and no answer to them holds a word of it ($asked asked)"
on north
as_session north
get /account
is "$status $(field csrf)" "200 ${csrf[north]}" 'signing out elsewhere ends nothing here'
as nobody

# --- what has a secret in its address
wrong=''
for mine in default north south; do
	for there in $(others $mine); do
		on "$there"
		get "/api/intents/${code[$mine]}"
		wrong+="${status/404/}"
		clean $mine intents
		patch "/api/intents/${code[$mine]}" '{"people":1}'
		wrong+="${status/404/}"
		del "/api/intents/${code[$mine]}"
		wrong+="${status/404/}"
		get "${link[$mine]}"
		wrong+="${status/404/}"
		clean $mine subscription
		get "/api${link[$mine]}"
		wrong+="${status/404/}"
		del "/api${link[$mine]}"
		wrong+="${status/404/}"
		form "${link[$mine]}/unsubscribe" List-Unsubscribe=One-Click
		wrong+="${status/404/}"
		form "/sms/status/${status_token[$mine]}" MessageStatus=delivered
		wrong+="${status/404/}"
	done
done
is "$wrong" '' 'codes, links of subscriptions and of gateways of one are unknown to another'
on north
get "/api/intents/${code[north]}"
is "$status $(json .people)" '200 3' 'while here they are as they were'
get "/api${link[north]}"
is "$status" 200 'all of them'

# --- the same numbers, other things: pages, lists, feeds, from the cache and not
paths=(/ /shelters /api/shelters '/api/shelters?q=house' /shelters/RO-CJ-01 /api/shelters/RO-CJ-01 /api/shelters.csv /api/shelters.geojson
	/locations /api/locations/city-CJ /alerts /api/alerts /alerts/1 /api/alerts/1 /alerts/1.cap /alerts.atom /feed /api/feed
	/events?after=0 '/events?channels=alerts&after=0' /alerts/banner /posts /api/posts '/api/posts?tag=tag' /hashtags /api/hashtags
	/posts/2 /api/posts/2 /posts.atom /nothing-here /sorry.html)
foreign=0 asked=0
for path in "${paths[@]}"; do
	for there in default north south default north south default north south; do echo "$there $path"; done
done >"$work/list"
batch <"$work/list"
i=0
while read -r there path; do
	i=$((i + 1)) here=$there
	for mine in $(others "$there"); do clean "$mine" "$path" "$work/$i"; done
done <"$work/list"
is "$foreign of $asked" "0 of $asked" "no page, list or feed holds a word of another ($asked asked)"
hits=$(cat "$work"/[0-9]* | grep -ci '^X-Cache: HIT')
is "$((hits > 60))" 1 "though many came from the cache ($hits)"
foreign=0
for path in /api/shelters /shelters/RO-CJ-01 /alerts/1.cap /api/alerts /events?after=0; do
	for there in default north south; do
		on $there
		get "$path"
		[[ $body = *"$there-word"* ]] || { foreign=$((foreign + 1)); echo "# nothing of $there's own at $path: $status"; }
	done
done
is "$foreign" 0 'and each shows its own'
for there in north south; do
	on $there
	is "$(until_is "$there-word flood" shown "$there-word flood")" "$there-word flood" "$there: the banner is its own"
done
for there in north south; do
	on $there
	for path in / /shelters; do
		get "$path"
		like "$body" "</svg>Title of $there</a>" "$there$path: the organisation's name stands on it"
	done
done
on default
get /
like "$body" '</svg>muster</a>.*' 'and ours where there is no other'
on south
get /alerts.atom
like "$body" "http://south.localhost:$port" 'links begin with its own address'

# --- cursors
on north
for i in 1 2 3 4 5; do post /api/intents '{"shelter":"RO-CJ-01","people":1}'; done
get /events
cursor=$(sed -n 's/^id: //p' <<<"$body" | tail -1)
on south
get "/events?after=$((cursor + 50))"
like "$body" 'event: reset' 'a cursor from elsewhere, beyond what is known here: read anew'
get "/events?after=1&to=$cursor"
unlike "$body" 'north-word' 'and one within tells what is of here'
get "/api/shelters?after=$cursor&cursor=$cursor"
unlike "$body" 'north-word' 'whatever it is sent as'

# --- forms, keys of repeated requests
on north
get /shelters/RO-CJ-01
token=$(field token)
form /intents shelter=RO-CJ-01 people=2 token="$token"
first=$(header Location)
on south
form /intents shelter=RO-CJ-01 people=2 token="$token"
second=$(header Location)
like "$first" '^/intents/' 'a form is sent once'
unlike "$second" "^${first%%\?*}" "with another's token it is another form"
for there in north south default; do
	on $there
	with -H 'Idempotency-Key: 0123456789abcdef0123456789abcdef'
	post /api/intents '{"shelter":"RO-CJ-01","people":4}'
	repeated[${#repeated[@]}]=$(json -r .code)
done
is "$(printf '%s\n' "${repeated[@]}" | sort -u | grep -c .)" 3 "a key of a repeated request is one organisation's own"

# --- snapshots, numbers for the operator
for there in north south; do printf '{"seq":"%s-word"}\n' $there >"$state/tenants/$there/live/test.json"; done
printf '{"seq":"default-word"}\n' >"$state/live/test.json"
for there in default north south; do
	on $there
	get /s/test.json
	is "$body" "{\"seq\":\"$there-word\"}" "$there: its own snapshots"
done
rm "$state/tenants/south/live/test.json"
on south
get /s/test.json
is "$status" 404 'who has none has none'
for there in default north south; do
	on $there
	get /metrics
	like "$body" 'muster_shelters 1' "$there: numbers"
	unlike "$body" "$(others $there | tr ' ' '|')" 'and no word of another'
done

# --- the live tail
if [ -e /usr/lib/nginx/modules/ngx_nchan_module.so ]; then
	listen() { on "$1"; curl -sN --max-time 30 "${@:3}" -o "$work/$1.live" "$site/live?channels=$2" 2>/dev/null & listeners+=($!)
		until_is ': hi' head -1 "$work/$1.live" >/dev/null 2>&1; }
	tell() { curl -s -o /dev/null --unix-socket "$state/run/live/pub.sock" -X POST -H "X-EventSource-Event: ${1##*.}" -d "$2" "http://hub/pub/$1"; }
	listeners=()
	for there in default north south; do listen $there alerts; done
	tell alerts default-says
	tell north.alerts north-says
	tell south.alerts south-says
	for there in default north south; do
		until_is 1 eval "grep -c '$there-says' '$work/$there.live'" >/dev/null
	done
	sleep 0.2
	is "$(grep -ho '[a-z]*-says' "$work/default.live") $(grep -ho '[a-z]*-says' "$work/north.live") $(grep -ho '[a-z]*-says' "$work/south.live")" \
		'default-says north-says south-says' 'each hears its own'
	on south
	for path in '/live?channels=north.alerts' '/live?channels=alerts,north.alerts' '/live?channels=north.tick' '/live?channels=../alerts' \
		'/live?channels=north%2ealerts'; do
		with --max-time 2
		get "$path"
		like "$status" '^40[1-4]$' "and nobody listens to another's: $path"
	done
	as_session north
	with --max-time 2
	get '/live?channels=staff'
	is "$status" 401 "with another's session either"
	as_token south admin
	with --max-time 2
	get '/live?channels=team-team-north'
	like "$status" '^40[34]$' "nor to another's teams"
	as nobody
	kill "${listeners[@]}" 2>/dev/null
else
	for ((i = 0; i < 8; i++)); do judge 0 'the tail # SKIP no libnginx-mod-nchan'; done
fi

# --- what a host may look like
on default
name_of() { get /api/shelters/RO-CJ-01; echo "$status $(json -r '.name // empty' 2>/dev/null)"; }
for h in NORTH.localhost north.localhost. "north.localhost:$port" north.localhost:1; do
	is "$(with -H "Host: $h"; name_of)" '200 north-word house' "Host: $h"
done
for h in west.localhost 127.0.0.1 '[::1]' localhost; do
	is "$(with -H "Host: $h"; name_of)" '200 default-word house' "Host: $h is the default one's"
done
for h in '../tenants/north' '..%2ftenants%2fnorth' 'north.localhost/../north' '.' '..' 'north_localhost' $'north.localhost\tx' \
	'north.localhost,south.localhost' '*' '{host}' 'tenants/north' '-' '.deleted'; do
	unlike "$(with -H "Host: $h"; name_of)" 'north|south' "Host: $h is nobody else's"
done
raw() { printf '%b' "$1" | timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port; cat >&3; cat <&3" | tr -d '\0'; }
like "$(raw "GET /api/shelters/RO-CJ-01 HTTP/1.0\r\n\r\n")" 'default-word house' 'without a host: the default one'
like "$(raw "GET http://north.localhost/api/shelters/RO-CJ-01 HTTP/1.1\r\nHost: south.localhost\r\nConnection: close\r\n\r\n")" \
	'north-word house' 'the whole address goes before the header'
said=$(raw "GET http://north.localhost/api/shelters/RO-CJ-01 HTTP/1.1\r\nHost: south.localhost\r\nConnection: close\r\n\r\n")
unlike "$said" 'south-word' 'for the cache as for the handler'
said=$(raw "GET /api/shelters/RO-CJ-01 HTTP/1.1\r\nHost: north.localhost\r\nHost: south.localhost\r\nConnection: close\r\n\r\n")
unlike "$said" 'south-word' 'of two hosts the second says nothing'
on south
get /api/shelters/RO-CJ-01
is "$(json -r .name)" 'south-word house' 'nor does it fill the cache of another'

# --- what one uses up
on default
many() # N HOST: statuses of sign-ins from one address
{
	for ((i = 0; i < $1; i++)); do printf 'url=http://127.0.0.1:%s/api/session\nheader="Host: %s"\noutput=/dev/null\n' "$port" "${2//N/$i}"; done >"$work/urls"
	curl -sS --no-progress-meter -Z --parallel-max 10 --interface 127.0.0.7 -w '%{http_code}\n' -H 'Content-Type: application/json' \
		--data '{"name":"x","password":"y"}' -K "$work/urls" | grep -c 429
}
like "$(many 40 north.localhost)" '^[1-9]' 'who tries too often is held back'
is "$(many 5 south.localhost)" 0 'which takes nothing from those of another organisation at the same address'
like "$(many 60 hN.localhost)" '^[1-9]' 'but made-up names give nobody more tries'

# --- pausing
on south
for ((i = 0; i < 3; i++)); do get /api/shelters/RO-CJ-01; done
muster tenant suspend south
shut=''
for path in / /shelters /api/shelters/RO-CJ-01 /s/head.json /events?after=0 /live /session /near.js; do
	get "$path"
	shut+=" $status"
	clean south "$path"
done
is "$shut" ' 503 503 503 503 503 503 503 503' 'a suspended one answers nobody, from the cache either'
get /
like "$body" 'This site is paused' 'and says so'
like "$(header Retry-After)" '^[0-9]{3}$' 'and when to come again'
get /api/shelters
is "$(json -r .type)" '/problems.html#suspended' 'to programs, too'
post /api/intents '{"shelter":"RO-CJ-01","people":1}'
is "$status" 503 'nothing is taken'
is "$(MUSTER_STATE=$state HTTP_HOST=south.localhost REQUEST_METHOD=GET REQUEST_URI=/api/shelters "$B/cgi-bin/shelters" | head -1 | tr -d '\r')" \
	'Status: 503 Service Unavailable' 'also by a handler that is asked itself'
on north
get /api/shelters/RO-CJ-01
is "$status" 200 'others go on'
muster tenant resume south
on south
get /api/shelters/RO-CJ-01
is "$status $(json -r .name)" '200 south-word house' 'it goes on where it was'

# --- a copy, while it is being used
on north
write_on() { while [ ! -e "$work/enough" ]; do
	curl -s -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/json' --data '{"shelter":"RO-CJ-01","people":1}' "$site/api/intents"; done; }
for i in 1 2 3; do write_on >"$work/writes.$i" & writers[i]=$!; done
sleep 0.5
muster tenant export north "$work/north.tar"
is "$?" 0 'a tenant is exported while it is used'
touch "$work/enough"
wait "${writers[@]}"
is "$(cat "$work"/writes.* | sort -u)" 201 "and its users notice nothing ($(cat "$work"/writes.* | wc -l) writes)"
is "$(tar tf "$work/north.tar" | paste -sd' ')" 'tenant muster.db' 'any tar reads it'
muster tenant export north "$work/north.tar" 2>/dev/null
is "$?" 1 'and it is not overwritten'
muster tenant import "$work/north.tar" copy --host copy.localhost --url "http://copy.localhost:$port"
is "$?" 0 'it is brought in under another name'
like "$(of copy check | tail -1)" ' 0 differences' 'whole'
on copy
get /api/shelters/RO-CJ-01
is "$status $(json -r .name)" '200 north-word house' 'with what it had'
as_session north
get /api/arrivals
is "$status" 401 'but everybody signs in anew'
as nobody
get "/events?after=$cursor"
like "$body" 'event: reset' 'and open pages read anew'
form /session name=ana password="$password"
is "$status" 303 'with the password of before'
echo nonsense >"$work/bad.tar"
muster tenant import "$work/bad.tar" bad --host bad.localhost 2>/dev/null
is "$? $(all_there)" '1 copy north south' 'what is no archive leaves nothing behind'
head -c 100000 "$work/north.tar" >"$work/cut.tar"
muster tenant import "$work/cut.tar" bad --host bad.localhost 2>/dev/null
is "$? $(all_there)" '1 copy north south' 'nor does half of one'
muster tenant import "$work/north.tar" west --host north.localhost 2>/dev/null
is "$? $(all_there)" '1 copy north south' "nor is a host taken from another"

# --- the end, while it is being used
on copy
rm "$work/enough"
for i in 1 2 3; do write_on >"$work/writes.$i" & writers[i]=$!; done
sleep 0.3
muster tenant delete copy </dev/null 2>/dev/null
is "$? $(all_there)" '1 copy north south' 'deleting asks for the name again'
muster tenant delete copy --yes north 2>/dev/null
is "$? $(all_there)" '1 copy north south' 'and for the right one'
muster tenant delete copy --yes copy
is "$? $(all_there)" '0 north south' 'then it is gone'
gone=''
for path in / /shelters /api/shelters/RO-CJ-01 /s/head.json /events?after=0 /live /near.js; do get "$path"; gone+=" $status"; clean north "$path"; done
is "$gone" ' 404 404 404 404 404 404 404' 'at once, for all, from the cache either'
touch "$work/enough"
wait "${writers[@]}"
is "$(cat "$work"/writes.* | sort -u | paste -sd' ')" '201 404' 'whoever was writing is told that nobody is there'
get /
unlike "$body" 'default|word' 'and its host does not show another organisation instead'
is "$(MUSTER_STATE=$state HTTP_HOST=copy.localhost REQUEST_METHOD=GET REQUEST_URI=/api/shelters "$B/cgi-bin/shelters" | head -1 | tr -d '\r')" \
	'Status: 404 Not Found' 'nor does a handler that is asked itself'

# A new one of that name: what handlers still hold of the old must not meet it.
muster tenant add copy --host copy.localhost --url "http://copy.localhost:$port" >/dev/null
get /api/shelters/RO-CJ-01
is "$status" 404 'a new one of that name knows nothing of the old'
tokens[copy]=$(of copy token add t --role admin)
as copy
post /api/shelters '{"id":"RO-CJ-01","name":"new-word house","capacity":50}'
is "$status" 201 'it has its own store'
as nobody
for ((i = 0; i < 20; i++)); do post /api/intents '{"shelter":"RO-CJ-01","people":1}'; done
stop TERM
is "$(sql 'pragma integrity_check' copy) $(of copy kv <<<'ZCARD RO-CJ-01:intents')" 'ok (integer) 20' \
	'and keeps what it was given when the last handler has let go of the old'
like "$(of copy check | tail -1)" ' 0 differences' 'whole'
for there in default north south; do like "$(of $there check 2>&1 | tail -1)" ' 0 differences' "$there: whole"; done
