# shellcheck shell=bash disable=SC2034
# lib.sh - how site tests speak: the real site on loopback, asked with curl.
#
#	plan N                       how many promises follow
#	start [NAME=VALUE …]         a site of its own: $port $site $state $pid (DEMO=0 unless said)
#	again [NAME=VALUE …]         starts it again on the same state (PORT=$port: at the same address)
#	stop [SIGNAL]                ends it (TERM); $stopped is its exit code; the end does so to all
#	token NAME --role admin …    makes a token; `as NAME` asks with it, `as nobody` without
#	with ARGUMENT …              arguments for curl, for the next request alone
#	get · post PATH JSON · patch PATH JSON · del · form PATH FIELD=VALUE …
#	                             then: $status $size $head $body, header NAME, field NAME, json FILTER
#	is GOT WANT NAME · like GOT REGEX NAME · unlike · holds FILTER NAME (jq on the body)
#	until_is WANT COMMAND …      waits for that word, 10 s at most; prints the last one
#
# Programs are told where to look by MUSTER_STATE=$state.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
B=$(cd "${B:-build}" && pwd) || exit 1
export B LC_ALL=C.UTF-8 MUSTER_STATE
count=0 who=() more=() states=() stopped=''
declare -A tokens running
work=$(mktemp -d)
trap 'finish' EXIT
trap 'exit 1' INT TERM

finish()
{
	for pid in "${!running[@]}"; do stop TERM; done
	rm -rf "$work" "${states[@]}"
}
bail() { echo "Bail out! $*"; sed 's/^/# /' "$state/run.out" "$state"/log/*.log 2>/dev/null | tail -40; exit 1; }
plan() { echo "1..$1"; }

start()
{
	state=$(mktemp -d "$B/site.XXXXXX") || exit 1
	states+=("$state") MUSTER_STATE=$state
	again "$@"
}
again()
{
	local tries tenths
	for ((tries = 0; tries < 5; tries++)); do
		port=$((20000 + RANDOM % 12000))
		[[ "$*" =~ PORT=([0-9]+) ]] && port=${BASH_REMATCH[1]}
		site=http://127.0.0.1:$port
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue    # somebody else's
		env --default-signal=INT STATE="$state" DEMO=0 "$@" PORT="$port" nginx/run.sh >"$state/run.out" 2>&1 </dev/null &
		pid=$!
		running[$pid]=1
		for ((tenths = 0; tenths < 150; tenths++)); do
			[[ $(<"/proc/$pid/stat") = *') Z '* ]] && break
			[ "$(curl -s -o "$work/up" -w '%{http_code}' --max-time 2 "$site/health")" = 200 ] && return
			sleep 0.1
		done
		stop TERM
	done
	bail "the site does not start"
}
stop() { kill "-${1:-TERM}" "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; stopped=$?; unset "running[$pid]"; }
muster() { "$B/bin/muster" "$@"; }
token() { tokens[$1]=$(muster token add "$@") || bail "no token $1"; }
as() { who=(); [ "$1" = nobody ] || who=(-H "Authorization: Bearer ${tokens[$1]}"); }
with() { more=("$@"); }

ask() # CURL ARGUMENTS
{
	: >"$work/head"
	: >"$work/body"
	size=$(curl -sS --max-time 20 --path-as-is -D "$work/head" -o "$work/body" -w '%{size_download}' \
		"${who[@]}" "${more[@]}" "$@" 2>"$work/curl")
	head=$(tr -d '\r' <"$work/head") body=$(tr -d '\0' <"$work/body") more=()
	status=${head#* } status=${status%%[ $'\n']*}
}
get() { ask "$site$1"; }
post() { ask -H 'Content-Type: application/json' --data-binary "$2" "$site$1"; }
patch() { ask -X PATCH -H 'Content-Type: application/json' --data-binary "$2" "$site$1"; }
del() { ask -X DELETE "$site$1"; }
form()
{
	local fields=() f
	for f in "${@:2}"; do fields+=(--data-urlencode "$f"); done
	ask "${fields[@]}" "$site$1"
}

header() { sed -n "s/^$1: *//Ip" <<<"$head"; }
field() { [[ $body =~ name=\"$1\"[^\>]*\ value=\"([^\"]*)\" ]] && echo "${BASH_REMATCH[1]}"; }
json() { jq -r "$@" <<<"$body"; }
shelter() { local asks=("${who[@]}"); as admin
	post /api/shelters "{\"id\":\"$1\",\"name\":\"House $1\"${2:+,$2}}"
	[ "$status" = 201 ] || bail "no shelter $1: $body"; who=("${asks[@]}"); }
handlers() # NAME, or *: their process ids
{
	local parent child children program
	while read -r parent _; do
		read -ra children 2>/dev/null <"/proc/$parent/task/$parent/children"
		for child in "${children[@]}"; do
			for program in "$B"/cgi-bin/$1; do
				[ "/proc/$child/exe" -ef "$program" ] && echo "$child"
			done
		done
	done <"$state/run/pids"
}
until_is()
{
	local want=$1 tenths last
	for ((tenths = 0; tenths < 100; tenths++)); do
		last=$("${@:2}")
		[ "$last" = "$want" ] && break
		sleep 0.1
	done
	echo "$last"
}

judge() # STATUS NAME WHAT WAS WANTED AND CAME
{
	local said=${body-}
	count=$((count + 1))
	[ "$1" = 0 ] && { echo "ok $count - $2"; return; }
	printf 'not ok %d - %s\n' "$count" "$2"
	printf '%s\n' "${@:3}" "last answer: ${head-}" "${said:0:800}" | sed 's/^/# /'
}
is() { [ "$1" = "$2" ]; judge $? "$3" "wanted: $2" "got: $1"; }
like() { [[ $1 =~ $2 ]]; judge $? "$3" "wanted: $2" "got: ${1:0:800}"; }
unlike() { [[ ! $1 =~ $2 ]]; judge $? "$3" "not wanted: $2" "got: ${1:0:800}"; }
holds() { jq -e "$1" <<<"$body" >/dev/null 2>&1; judge $? "$2" "wanted: $1"; }
checks() { is "$(muster check 2>&1 | tail -1 | grep -o '[0-9]* differences')" '0 differences' "$1"; }
