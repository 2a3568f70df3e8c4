# shellcheck shell=bash disable=SC2034
# lib.sh - how route tests speak: a program called as plain CGI, its answer judged.
#
#	plan N                       how many promises follow
#	token NAME --role admin …    makes a token; `as NAME` asks with it, `as nobody` without
#	user NAME --role …           makes a person ($password); sign_in NAME: asks with a session
#	shelter ID '"capacity":10'   makes one, as the token admin
#	with NAME=VALUE …            environment of the next request alone (HTTP_IF_MATCH=…)
#	get PATH · post PATH JSON · patch PATH JSON · del PATH · form PATH FIELD=VALUE …
#	                             then: $status $head $body, header NAME, field NAME, json FILTER
#	uri TEXT                     percent-encoded, for a PATH
#	is GOT WANT NAME · like GOT REGEX NAME · unlike · holds FILTER NAME (jq on the body)
#	agrees NAME                  muster check finds no difference
#
# $now is the programs' clock (unix ms); tests move it on.  Run one from anywhere.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
B=${B:-build} LC_ALL=C.UTF-8
[ ! -w /dev/shm ] || TMPDIR=/dev/shm # a disk's commits would be most of the time
state=$(TMPDIR=${TMPDIR-/tmp} mktemp -d) stderr=$state/stderr
trap 'rm -rf "$state"' EXIT
export MUSTER_STATE=$state/var MUSTER_NOW
now=1700000000000 password='korrekt horse' count=0 who=() more=() status='' body=''
declare -A tokens

muster() { MUSTER_NOW=$now "$B/bin/muster" "$@"; }
dispatch() { MUSTER_NOW=$now "$B/bin/dispatch" 2>>"$stderr"; }
token() { tokens[$1]=$(muster token add "$@") || bail "no token $1"; }
user() { muster user add "$@" <<<"$password" || bail "no user $1"; }
as() { who=(); [ "$1" = nobody ] || who=("HTTP_AUTHORIZATION=Bearer ${tokens[$1]}"); }
with() { more=("$@"); }
plan() { echo "1..$1"; }
bail() { echo "Bail out! $*: $status $body"; exit 1; }

send() # METHOD PATH TYPE BODY
{
	local LC_ALL=C program=${2#/api}
	program=${program#/} program=${program%%[/?.]*}
	[[ $2 = /api/shelters/import* ]] && program=import
	answer=$(printf %s "$4" | env -i MUSTER_STATE="$MUSTER_STATE" MUSTER_NOW="$now" REQUEST_METHOD="$1" \
		REQUEST_URI="$2" CONTENT_TYPE="$3" CONTENT_LENGTH="${4:+${#4}}" REMOTE_ADDR=192.0.2.1 \
		HTTP_HOST=muster.example HTTPS=on "${who[@]}" "${more[@]}" "$B/cgi-bin/$program" 2>>"$stderr"
		echo "~${PIPESTATUS[1]}")
	[ "${answer##*~}" = 0 ] || answer=$'Status: -1\r\n\r\n'$(cat "$stderr")~
	answer=${answer%~*} head=${answer%%$'\r\n\r\n'*} body=${answer#*$'\r\n\r\n'} more=()
	status=${head#Status: } status=${status:0:3}
}
get() { send GET "$1" '' ''; }
post() { send POST "$1" "${2:+application/json}" "${2-}"; }
patch() { send PATCH "$1" application/json "$2"; }
del() { send DELETE "$1" '' ''; }
form() { local pair sent=''
	for pair in "${@:2}"; do sent+="&${pair%%=*}=$(uri "${pair#*=}")"; done
	send POST "$1" application/x-www-form-urlencoded "${sent:1}"; }
uri() # TEXT, percent-encoded
{
	local LC_ALL=C i c out=''
	for ((i = 0; i < ${#1}; i++)); do
		c=${1:i:1}
		case $c in
		[a-zA-Z0-9._~-]) out+=$c ;;
		*) printf -v c %d "'$c" && printf -v c %%%02X $((c & 255)) && out+=$c ;;
		esac
	done
	echo "$out"
}

header() { sed -n "s/^$1: *//Ip" <<<"${head//$'\r'/}"; }
field() { [[ $body =~ name=\"$1\"[^\>]*\ value=\"([^\"]*)\" ]] && echo "${BASH_REMATCH[1]}"; }
json() { jq -r "$@" <<<"$body"; }
shelter() { local asks=("${who[@]}"); as admin
	post /api/shelters "{\"id\":\"$1\",\"name\":\"House $1\"${2:+,$2}}"
	[ "$status" = 201 ] || bail "no shelter $1"; who=("${asks[@]}"); }
sign_in() { who=(); form /session name="$1" password="$password"; cookie=$(header Set-Cookie)
	who=("HTTP_COOKIE=${cookie%%;*}"); get /arrivals; csrf=$(field csrf); }

judge() # STATUS NAME WHAT WAS WANTED AND CAME
{
	count=$((count + 1))
	[ "$1" = 0 ] && { echo "ok $count - $2"; return; }
	printf 'not ok %d - %s\n' "$count" "$2"
	printf '%.800s\n' "${@:3}" "last answer: $head" "$body" | sed 's/^/# /'
}
is() { [ "$1" = "$2" ]; judge $? "$3" "wanted: $2" "got: $1"; }
like() { [[ $1 =~ $2 ]]; judge $? "$3" "wanted: $2" "got: $1"; }
unlike() { [[ ! $1 =~ $2 ]]; judge $? "$3" "not wanted: $2" "got: $1"; }
holds() { jq -e "$1" <<<"$body" >/dev/null 2>&1; judge $? "$2" "wanted: $1"; }
agrees() { local said; said=$(muster check); judge $? "$1" "muster check: $said"; }
skip() { for ((; $1 > 0; )); do count=$((count + 1)); echo "ok $count # SKIP $2"; set -- $(($1 - 1)) "$2"; done; }

muster init >/dev/null || { echo 'Bail out! no database'; exit 1; }
