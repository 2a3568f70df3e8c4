#!/bin/bash
# run.sh - one whole muster in the foreground: handlers, nginx, dispatcher.
#
# Everything it writes is in STATE.  It ends with INT or TERM (exit 0), or when
# a part of it dies (exit 1), and leaves nothing running either way.
#
#	PORT=8080         LISTEN=127.0.0.1
#	STATE=./var       database, logs, sockets, cache
#	DEMO=1            on the first start: put in the example shelters
#	TENANTS=north     organisations of their own at http://NAME.localhost:PORT/, made
#	                  where they are missing (none with DEMO=0)
#	RATE_EXEMPT="127.0.0.1 ::1"   addresses without rate limits; may be empty
#	CACHE=on          off: every request reaches a handler
#	WORKERS=auto      nginx's processes
#	LIVE=on           off: no hub of the live tail (it needs libnginx-mod-nchan)
#	B=build           where the programs are
set -u

PORT=${PORT:-8080} LISTEN=${LISTEN:-127.0.0.1} STATE=${STATE:-./var} DEMO=${DEMO:-1}
RATE_EXEMPT=${RATE_EXEMPT-127.0.0.1 ::1} CACHE=${CACHE:-on} WORKERS=${WORKERS:-auto}
LIVE=${LIVE:-on}
case $DEMO in
1) TENANTS=${TENANTS-north} ;;
*) TENANTS=${TENANTS-} ;;
esac
umask 077
mkdir -p "$STATE" && STATE=$(cd "$STATE" && pwd -P) || exit 1
cd "$(dirname "$0")/.." || exit 1
B=$(cd "${B:-build}" 2>/dev/null && pwd) || { echo 'muster: not built: run make first' >&2; exit 1; }
export MUSTER_STATE=$STATE

# Each with its number of processes.  Writers queue for the one database
# anyway; a second reader keeps short reads from waiting behind a long one.
programs=(shelters:2 locations:1 intents:1 arrivals:1 departures:1 session:1 health:1 import:1
	alerts:1 feed:1 subscriptions:1 events:2 outbox:1 sms:1 metrics:1
	webhooks:1 settings:1 people:1 teams:1 tokens:1 account:1 audit:1 posts:2 hashtags:1)

say() { echo "muster: $*"; }
fatal()
{
	say "$*" >&2
	stop 1
}

exec {idle}<> <(:)               # nothing ever comes: a sleep that forks nothing
nap() { read -rt "$1" -u "$idle"; }

# --- children, each the leader of a process group of its own

declare -A part=()               # pid -> name: must live as long as we do
declare -A helper=()             # pid -> name: may end

# Ctrl-C must reach us alone, so that we end them in order (setsid); and should
# we be killed ourselves, the kernel ends them (pdeathsig).
child() { exec setsid setpriv --pdeathsig TERM "$@" </dev/null 9>&-; }

# Pid and start time, for a next start that finds us killed.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
remember() { echo "$1 $(started "$1")" >>"$STATE/run/pids"; }

start_part()                     # NAME COMMAND...
{
	child "${@:2}" >>"$STATE/log/$1.log" 2>&1 &
	part[$!]=$1
	remember $!
}
start_helper()
{
	child "${@:2}" >>"$STATE/log/$1.log" 2>&1 &
	helper[$!]=$1
	remember $!
}

# A zombie is dead, though kill -0 finds it.
dead()                           # PID
{
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
	stat=${stat##*) }
	[ "${stat%% *}" = Z ]
}

# Is anybody left of these children and of their groups?
left()                           # PID...
{
	local file stat pid state group
	for file in /proc/[0-9]*/stat; do
		read -r stat 2>/dev/null <"$file" || continue
		pid=${stat%% *}
		read -r state _ group _ <<<"${stat##*) }"
		if [ "$state" != Z ] && [[ " $* " = *" $pid "* || " $* " = *" $group "* ]]; then
			return 0
		fi
	done
	return 1
}

# Asks the leaders; after 3 s asks the groups; after 6 s no longer asks.
end()                            # SIGNAL PID...
{
	local signal=$1 tenths
	shift
	kill "-$signal" "$@" 2>/dev/null
	for ((tenths = 0; tenths < 60; tenths++)); do
		left "$@" || return 0
		((tenths == 30)) && kill -TERM -- "${@/#/-}" 2>/dev/null
		nap 0.1
	done
	kill -KILL -- "${@/#/-}" 2>/dev/null
}

stop()                           # EXIT-CODE
{
	local pid rest=()
	trap '' INT TERM HUP
	for pid in "${!helper[@]}"; do
		[ "${helper[$pid]}" = hub ] && end TERM "$pid"   # first: cuts the open streams
	done
	for pid in "${!part[@]}" "${!helper[@]}"; do
		if [ "${part[$pid]-}" = nginx ]; then
			end QUIT "$pid"          # then: lets requests under way finish
		else
			rest+=("$pid")
		fi
	done
	end TERM "${rest[@]}"
	((ours)) && rm -f "$STATE"/run/{,live/}*.sock "$STATE"/run/pids "$STATE"/run/{,live/}nginx.pid
	exit "$1"
}

check_parts()
{
	local pid code
	for pid in "${!part[@]}"; do
		dead "$pid" || continue
		wait "$pid" 2>/dev/null
		code=$?
		nap 0.3                  # so that its last words are on the screen before ours
		fatal "${part[$pid]} ended (exit code $code), so everything stops; see $STATE/log/${part[$pid]}.log"
	done
	for pid in "${!helper[@]}"; do
		dead "$pid" || continue
		wait "$pid" 2>/dev/null || say "${helper[$pid]} ended with exit code $?; see $STATE/log" >&2
		# At once; one that does not even start is given time.
		[ "${helper[$pid]}" = hub ] && hub_again=$((SECONDS + (SECONDS - hub_since > 5 ? 0 : 10)))
		unset "helper[$pid]"
	done
}

# --- what must be true before anything starts

check_settings()
{
	local name longest=
	[[ $PORT =~ ^[0-9]{1,5}$ ]] || fatal "PORT must be a number, not '$PORT'"
	[[ $CACHE =~ ^(on|off)$ ]] || fatal "CACHE must be on or off, not '$CACHE'"
	[[ $LIVE =~ ^(on|off)$ ]] || fatal "LIVE must be on or off, not '$LIVE'"
	[[ $TENANTS =~ ^[a-z0-9\ -]*$ ]] || fatal "TENANTS must be names of a-z, 0-9 and -, not '$TENANTS'"
	[[ $WORKERS =~ ^(auto|[0-9]+)$ ]] || fatal "WORKERS must be a number or auto, not '$WORKERS'"
	[[ $LISTEN =~ ^[][0-9a-zA-Z.:*-]+$ ]] || fatal "LISTEN must be an address, not '$LISTEN'"
	[[ $RATE_EXEMPT =~ ^[0-9a-fA-F.:/\ ]*$ ]] || fatal "RATE_EXEMPT must be addresses, not '$RATE_EXEMPT'"
	# They end up in nginx's configuration, where \$ ; { and " have a meaning.
	case $STATE$PWD$B in
	*[!A-Za-z0-9._/@+~,=:\ -]*) fatal "this path holds characters that nginx takes amiss: $STATE $PWD" ;;
	esac
	for name in "${programs[@]%:*}"; do
		((${#name} > ${#longest})) && longest=$name
	done
	longest=$STATE/run/$longest.sock
	((${#longest} <= 107)) ||
		fatal "STATE is too long for a socket's name (107 bytes): $longest"
}

# One instance for one STATE; what a killed one left is ended.
take_state()
{
	local pid start
	mkdir -p "$STATE"/{run/live,log,live,cache,conf.d,tmp/live,nginx/muster} || fatal "cannot write to $STATE"
	exec 9>>"$STATE/run/lock"
	flock -n 9 || fatal "$STATE is in use by process $(cat "$STATE/run/lock"); stop that first or set STATE"
	ours=1
	echo $$ >"$STATE/run/lock"
	if [ -e "$STATE/run/pids" ]; then
		while read -r pid start; do
			if [ -n "$start" ] && [ "$(started "$pid")" = "$start" ]; then
				say "ending process $pid of a former start"
				end TERM "$pid"
			fi
		done <"$STATE/run/pids"
	fi
	rm -f "$STATE"/run/{,live/}*.sock "$STATE"/run/pids
}

listening()
{
	local host=${LISTEN//[][]/}
	case $host in
	0.0.0.0 | '*') host=127.0.0.1 ;;
	::) host=::1 ;;
	esac
	(exec 3<>"/dev/tcp/$host/$PORT") 2>/dev/null
}

# --- the steps

# Who tries it sends nothing to anybody by mistake.
usual_settings()                 # [--tenant NAME]
{
	local words
	for words in "email.mode file" "sms.mode file" "site.zone $(machine_zone)"; do
		"$B/bin/muster" --state "$STATE" "$@" set "${words% *}" "${words#* }" ||
			fatal 'the settings could not be made'
	done
}

demo_shelters()                  # [--tenant NAME]
{
	[ "$DEMO" != 1 ] || "$B/bin/muster" --state "$STATE" "$@" import share/demo/shelters.csv --country RO ||
		fatal 'the example shelters could not be put in (DEMO=0 starts without)'
}

# As /etc/localtime has it, which names a file below zoneinfo/.
machine_zone()
{
	local file
	file=$(readlink -f "${TZ:+/usr/share/zoneinfo/}${TZ:-/etc/localtime}")
	if [[ $file = */zoneinfo/* && -e $file ]]; then
		file=${file#*/zoneinfo/}
		echo "${file#Etc/}"
	else
		echo UTC
	fi
}

demo_bulletins()
{
	[ "$DEMO" != 1 ] || B=$B share/demo/bulletins.sh ||
		fatal 'the example bulletins could not be put in (DEMO=0 starts without)'
}

first_start()
{
	if [ ! -x "$B/bin/muster" ]; then
		say "bin/muster is not built: no database" >&2
		return
	fi
	"$B/bin/muster" --state "$STATE" init || fatal 'the database could not be made ready'
	if [ ! -e "$STATE/admin" ]; then
		demo_shelters
		password=$("$B/bin/muster" --state "$STATE" user add admin --role admin </dev/null) ||
			fatal 'the first user could not be made'
		usual_settings
		"$B/bin/muster" --state "$STATE" set site.url "http://${LISTEN/#0.0.0.0/127.0.0.1}:$PORT" ||
			fatal 'the settings could not be made'
		demo_bulletins
		echo admin >"$STATE/admin"      # the name only: the password is shown once
	fi
}

# Organisations beside the first, each by a host name that every browser takes
# for this machine.
tenant_words=()
start_tenants()
{
	local name said
	for name in $TENANTS; do
		[ -d "$STATE/tenants/$name" ] && continue
		said=$("$B/bin/muster" --state "$STATE" tenant add "$name" --host "$name.localhost" \
			--url "http://$name.localhost:$PORT") || fatal "the tenant $name could not be made"
		usual_settings --tenant "$name"
		demo_shelters --tenant "$name"
		tenant_words+=("http://$name.localhost:$PORT/ is an organisation of its own; sign in there as admin with the password ${said##*$'\n'} (shown only now)")
	done
}

write_config()
{
	local exempt='' a
	for a in $RATE_EXEMPT; do
		exempt+="$a 1; "
	done
	# As root nginx would give its workers to nobody, who may open neither our
	# sockets nor STATE.  A host with more users is set up as in site.conf.example.
	[ "$(id -u)" = 0 ] && user='user root;'
	cp nginx/*.conf "$STATE/nginx/muster/"
	sed -e "s|@PORT@|$PORT|g; s|@LISTEN@|$LISTEN|g; s|@STATE@|$STATE|g; s|@WWW@|$B/www|g" \
		-e "s|@WORKERS@|$WORKERS|g; s|@CACHE@|$CACHE|g; s|@EXEMPT@|$exempt|g" \
		-e "s|@USER_LINE@|$user|g" nginx/muster.conf.in >"$STATE/nginx/nginx.conf"
	nginx -t -q -p "$STATE/" -c "$STATE/nginx/nginx.conf" -e "$STATE/log/error.log" ||
		fatal 'the nginx configuration does not hold'
}

start_handlers()
{
	local p name sockets=() s
	for p in "${programs[@]}"; do
		name=${p%:*}
		if [ ! -x "$B/cgi-bin/$name" ]; then
			say "cgi-bin/$name is not built: its addresses answer 503" >&2
			continue
		fi
		# multiwatch starts dead ones again, and gives up on one that dies
		# 100 times within 2 s of its start: that is a fault, not an accident.
		s=$STATE/run/$name.sock
		start_part "$name" spawn-fcgi -n -s "$s" -M 0600 -b 4096 -- \
			/usr/bin/multiwatch -s TERM -f "${p#*:}" -r 100 -t 2000 -- \
			/usr/bin/setpriv --pdeathsig TERM "$B/cgi-bin/$name"
		sockets+=("$s")
	done
	for s in "${sockets[@]}"; do
		wait_for "$s" test -S "$s"
	done
}

start_nginx()
{
	start_part nginx nginx -p "$STATE/" -c "$STATE/nginx/nginx.conf" \
		-e "$STATE/log/error.log" -g 'daemon off;'
	wait_for "port $PORT" listening
}

# The hub may die: pages poll meanwhile, and it is started again.  A killed one
# leaves its sockets, which would keep the next from listening.
module=/usr/lib/nginx/modules/ngx_nchan_module.so
write_hub_config()
{
	[ "$LIVE" = on ] && [ -e "$module" ] || return 1
	sed -e "s|@MODULE@|$module|g; s|@RUN@|$STATE/run|g; s|@LOG@|$STATE/log/hub.log|g" \
		-e "s|@TMP@|$STATE/tmp/live|g; s|@USER_LINE@|$user|g" nginx/live.conf.in >"$STATE/nginx/live.conf"
}
start_hub()
{
	hub_again='' hub_since=$SECONDS
	rm -f "$STATE"/run/live/*.sock
	start_helper hub nginx -p "$STATE/" -c "$STATE/nginx/live.conf" -e "$STATE/log/hub.log" -g 'daemon off;'
}

wait_for()                       # WHAT TEST...
{
	local tenths
	for ((tenths = 0; tenths < 100; tenths++)); do
		"${@:2}" && return
		check_parts
		nap 0.1
	done
	fatal "$1 did not appear within 10 s"
}

# Cron does this on a real host: one each minute; all but one, or two, end at once.
dispatch()
{
	[ -x "$B/bin/dispatch" ] && start_helper dispatch "$B/bin/dispatch"
}

password='' logs=() user='' hub_again='' hub_since=0 ours=0       # ours: STATE is
trap 'stop 0' INT TERM HUP
check_settings
take_state
ulimit -n "$(ulimit -Hn)" 2>/dev/null
listening && fatal "port $PORT is already in use; stop that program or set PORT"
for p in "${programs[@]%:*}" nginx dispatch error hub; do
	: >>"$STATE/log/$p.log"
	logs+=("$STATE/log/$p.log")
done
child tail -q -n 0 -F "${logs[@]}" &    # on the screen too
helper[$!]="tail"
first_start
start_tenants
write_config
start_handlers
start_nginx
if write_hub_config; then
	start_hub
else
	say 'no live tail (LIVE=off, or libnginx-mod-nchan is missing): pages poll'
fi
[ -x "$B/bin/dispatch" ] || say 'bin/dispatch is not built: nothing is sent' >&2

say "http://${LISTEN/#0.0.0.0/127.0.0.1}:$PORT/   everything is in $STATE; Ctrl-C stops it"
if [ -n "$password" ]; then
	say "e-mails and SMS are written into $STATE/sent; to send them: muster set email.mode smtp"
	say "sign in as admin with the password $password (shown only now)"
elif [ -e "$STATE/admin" ]; then
	say "sign in as $(cat "$STATE/admin")"
fi
for words in "${tenant_words[@]}"; do
	say "$words"
done

next=0
while :; do
	if ((SECONDS >= next)); then
		dispatch
		next=$((SECONDS + 60))
	fi
	check_parts
	[ -z "$hub_again" ] || ((SECONDS < hub_again)) || start_hub
	nap 1
done
