#!/bin/bash
# deliver.t - dispatchers and writers are killed all the time, receivers fail: every message arrives, under one id.
#
# Twice the same messages to the same receivers: four of five are webhooks, to a
# sink where a fifth of them meets a fault (a 500, a connection dropped before or
# after it took the message, a late answer, silence), the fifth is a mail to
# Debian's exim (STARTTLS, AUTH, a mailbox).  Once undisturbed, once with the
# dispatcher that works killed every 100 to 500 ms while an heir waits, and
# whoever writes the messages too.
# Then the same through the gate: alerts are published on a whole site whose
# handlers are killed as well as its dispatchers.
# Then a quiet destination beside one with a long queue that never answers.
#
#	MESSAGES=20000   ALERTS=600   FLOOD=1000000   QUIET=300
# shellcheck source=tests/site/lib.sh
. "${0%/*}/../site/lib.sh"
# shellcheck source=tests/site/exim.sh
. tests/site/exim.sh
messages=${MESSAGES:-20000} alerts=${ALERTS:-600} flood=${FLOOD:-1000000} quiet=${QUIET:-300}
plan 23
alerts=$((alerts / 4 * 4))       # as many for each of four clients
body='' sinks=() workers=() writer='' breaker='' clients=()
no_mail=$(exim_missing)
mails=$((messages / 5))
[ -z "$no_mail" ] || mails=0
hooks=$((messages - mails))
# On a disk the relay would wait for a flush at every mail; what it does with its
# spool is not what is tested.
relays=$(mktemp -d -p "$(test -w /dev/shm && echo /dev/shm || echo "$work")" relay.XXXXXX) || bail 'no folder'
chmod 755 "$work" "$relays"

cleanup()
{
	kill -KILL "${workers[@]}" "${clients[@]}" ${writer:+"$writer"} ${breaker:+"$breaker"} 2>/dev/null
	kill "${sinks[@]}" 2>/dev/null
	exim_stop
	rm -rf "$relays"
	finish
}
trap cleanup EXIT

new_sink()                       # NAME [FAULTS]: $url
{
	"$B/tests/serve/sink" 0 "$work/$1.log" "${2:-0}" >"$work/$1.port" &
	sinks+=($!)
	echo -n >>"$work/$1.log"
	until [ -s "$work/$1.port" ]; do sleep 0.05; done
	url=http://127.0.0.1:$(<"$work/$1.port")/hook
}
new_store()
{
	MUSTER_STATE=$work/$1
	muster init >/dev/null || bail 'no store'
	"$B/tests/serve/load" "$MUSTER_STATE" put 0 "" || bail 'no setting'    # before a dispatcher reads them
}
new_relay()                      # NAME: a relay for the present store
{
	local pair

	[ -z "$no_mail" ] || return
	exim_stop
	mkdir "$relays/$1"
	exim_start "$relays/$1" || bail 'exim does not start'
	for pair in email.mode=smtp "email.relay=smtp://127.0.0.1:$exim_port" email.tls=required \
		"email.ca=$relays/$1/tls.crt" email.user=muster 'email.password=pass word' email.from=alerts@example.org \
		site.url=https://muster.example.org; do
		printf 'HSET settings "%s" "%s"\n' "${pair%%=*}" "${pair#*=}"
	done | muster kv >/dev/null
}
worker()                         # one more dispatcher: it works, or waits
{
	"$B/bin/dispatch" --life 600 2>>"$work/dispatch.log" &
	workers+=($!)
}
kill_worker()                    # the one that works
{
	kill -KILL "${workers[0]}" && kills=$((kills + 1))
	wait "${workers[0]}"
	workers=("${workers[@]:1}")
	worker
} 2>/dev/null
left() { "$B/tests/serve/load" "$MUSTER_STATE" left 2>/dev/null || echo '?'; }
ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
owners() { find "$MUSTER_STATE/dispatch" -name 'own.*' | wc -l; }
files()                          # of owners, and those of them that live
{
	local pid
	echo "$(owners) $(for pid in "${workers[@]}"; do readlink "/proc/$pid/fd/"*; done 2>/dev/null | grep -c '/own\.[0-9]*$')"
}
pause() { sleep "0.$((1 + RANDOM % 4))$((RANDOM % 10))"; }
states() { "$B/tests/serve/load" "$MUSTER_STATE" states | sed 's/^/# /'; }

# The messages are written while they are sent.
write_all()                      # URL
{
	local urls=("$1" "${1}2" "$1" "${1}2" mail)

	[ "$mails" != 0 ] || unset "urls[4]"
	"$B/tests/serve/load" "$MUSTER_STATE" chaos "$messages" "${urls[@]}" 2>>"$work/load.log"
}
wait_for_all()                   # at most 5 minutes
{
	local n=0
	while ((n++ < 3000)); do
		[ "$(left)" = 0 ] && break
		sleep 0.1
	done
}

# What arrived, a line each: "WHAT RECIPIENT ID", the ID being that of the message.
end_sink()                       # so that its list is whole
{
	kill "${sinks[-1]}"
	wait "${sinks[-1]}"
	unset "sinks[-1]"
}
hooked()                         # NAME
{
	awk '{ print $2, $4, $1 }' "$work/$1.log"
}
under_way() { find "$relays/$1/spool/input" -name '*-H' | wc -l; }
mailed()                         # NAME
{
	[ -z "$no_mail" ] || return
	until_is 0 under_way "$1" >/dev/null    # what the relay took is in the mailbox
	find "$relays/$1/mail/new" -type f -exec awk '
		FNR == 1 { to = id = no = "" }
		tolower($1) == "envelope-to:" { to = $2 }
		tolower($1) == "message-id:" { id = $2 }
		tolower($1) == "subject:" { no = $NF }
		/^\r?$/ { print no + 0, to, id; nextfile }' {} +
}

# What such a list says: "arrived doubled ids-too-many".
account()
{
	awk '{ what = $1 " " $2; seen[what]++
			if (!((what, $3) in pair)) { pair[what, $3] = 1; ids[what]++; of[$3]++ } }
		END { for (w in seen) { arrived++; doubled += seen[w] - 1; many += ids[w] - 1 }
		for (id in of) many += of[id] - 1
		print arrived + 0, doubled + 0, many + 0 }'
}
end_workers()
{
	kill -TERM "${workers[@]}" 2>/dev/null
	wait "${workers[@]}" 2>/dev/null
	workers=()
}
is_mail()                        # GOT WANT NAME: of the mails, where there are any
{
	[ -n "$no_mail" ] || { is "$@"; return; }
	count=$((count + 1))
	echo "ok $count - $3 # SKIP $no_mail"
}

# --- undisturbed

undisturbed()                    # NAME: $calm, in ms
{
	new_store "$1"
	new_relay "$1"
	new_sink "$1" 20
	local started
	started=$(ms)
	worker
	write_all "$url"
	wait_for_all
	calm=$(($(ms) - started))
	end_workers
	end_sink
}
undisturbed calm
read -r arrived doubled many <<<"$(hooked calm | account)"
read -r letters again much <<<"$(mailed calm | account)"
echo "# undisturbed: $hooks webhooks and $mails mails in $calm ms, $doubled and $again twice"
states
is "$arrived" "$hooks" 'undisturbed, every message arrives'
is "$many" 0 'each under one id'
is_mail "$letters" "$mails" 'every mail too'
is_mail "$much" 0 'each under one Message-ID'

# --- with kills

new_store wild
new_relay wild
new_sink wild 20
kills=0 writer_kills=0
started=$(ms)
worker
worker                           # the heir
while :; do                      # until a writer has come to its end
	write_all "$url" &
	writer=$!
	(if ((writer_kills)); then pause; else sleep 0.05; fi    # few are done within the first pause
		kill -KILL "$writer" $(pgrep -P "$writer")) 2>/dev/null &
	breaker=$!
	pause
	kill_worker
	wait "$writer" 2>/dev/null && break
	writer_kills=$((writer_kills + 1))
done 2>/dev/null
writer=
while [ "$(left)" != 0 ] && (($(ms) - started < 300000)); do
	pause
	kill_worker
done
wild=$(($(ms) - started))
until_is '1 1' files >/dev/null  # the one that works has found out who is dead
end_workers
end_sink
read -r arrived doubled many <<<"$(hooked wild | account)"
read -r letters again much <<<"$(mailed wild | account)"
echo "# with $kills kills of dispatchers, $writer_kills of writers: $wild ms, $doubled webhooks and $again mails twice"
states
is "$arrived" "$hooks" 'with all the kills, none is lost'
is "$many" 0 'and every one that came twice came under the same id'
is_mail "$letters" "$mails" 'no mail is lost'
is_mail "$much" 0 'and every one that came twice has the same Message-ID'
like "$(muster check)" ' 0 differences$' 'the store is whole'
is "$(owners)" 0 'and no file of a dead dispatcher is left'
if ((wild > 3 * calm)); then     # others may use this machine now who did not before
	echo "# $calm ms undisturbed, $wild ms with kills: is it the machine?"
	undisturbed later
fi
is "$((wild <= 3 * calm))" 1 "it took no more than three times as long ($wild ms, $calm ms)"
is "$((kills >= 5))" 1 "the dispatcher was killed again and again ($kills times)"
is "$((writer_kills >= 1))" 1 "and the writers too ($writer_kills times)"

# --- through the gate

start RATE_EXEMPT=127.0.0.0/8
token officer --role publisher
token admin --role admin
shelter RO-CJ-01
shelter RO-B-01
new_relay gate
new_sink gate 20
# A few readers for most alerts, and for some as many as a fan-out takes several steps for.
subscribe() { "$B/tests/serve/load" "$MUSTER_STATE" subscribe "$@" || bail 'no subscriptions'; }
few=6 crowd=130 few_mails=2 crowd_mails=20
subscribe "$few" city-CJ "$url"
subscribe "$crowd" city-B "$url"
if [ -z "$no_mail" ]; then
	subscribe "$few_mails" city-CJ mail
	subscribe "$crowd_mails" city-B mail
else
	few_mails=0 crowd_mails=0
fi

publish()                        # NUMBER [KEY]: the status of the answer
{
	local where=city-CJ how='"severity":"Moderate","urgency":"Expected"'

	((${1} % 50)) || where=city-B
	((${1} % 2)) || how='"severity":"Severe","urgency":"Immediate"'
	curl -s -o /dev/null -w '%{http_code}' --max-time 20 -H "Authorization: Bearer ${tokens[officer]}" \
		-H 'Content-Type: application/json' ${2:+-H "Idempotency-Key: $2"} --data-binary "{\"title\":\"alert no. $1\",
		\"message\":\"The river rises.\",$how,\"certainty\":\"Likely\",\"event\":\"Flood\",\"channels\":[\"inapp\",
		\"email\",\"webhook\"],\"audience\":{\"locations\":[\"$where\"]}}" "$site/api/alerts"
}

# Half of those who publish ask again, under one key, until they have an answer;
# the others never do.
client()                         # NUMBER OF
{
	local n status tries

	for ((n = $1; n < alerts; n += $2)); do
		if (($1 < $2 / 2)); then
			status=$(publish "$n")
		else
			for ((tries = 0; tries < 100; tries++)); do
				status=$(publish "$n" "chaos-gate-key-number-$n")
				[ "$status" = 202 ] && break
				echo "$n again" >>"$work/told.$1"
				sleep 0.05
			done
		fi
		echo "$n $status" >>"$work/told.$1"
		sleep "0.0$((RANDOM % 5))"
	done
}
waiting() { echo "$(muster kv <<<'ZCARD fanouts' 2>/dev/null) $(left)"; }
kill_handler()                   # the gate, mostly
{
	local victims victim stat tries

	mapfile -t victims < <(handlers alerts; ((RANDOM % 4)) || handlers '*')
	((${#victims[@]})) || return
	victim=${victims[RANDOM % ${#victims[@]}]}
	for ((tries = 0; tries < 300; tries++)); do          # best while it does something
		read -r stat <"/proc/$victim/stat" || return
		[[ $stat = *') S '* ]] || break
	done
	kill -KILL "$victim" && handler_kills=$((handler_kills + 1))
} 2>/dev/null

kills=0 handler_kills=0
while read -r p _; do            # the site's own: ours come in its place, with the present settings
	[ "/proc/$p/exe" -ef "$B/bin/dispatch" ] && kill -KILL "$p"
done <"$state/run/pids"
worker
worker
started=$(ms)
for ((n = 0; n < 4; n++)); do
	client $n 4 &
	clients+=($!)
done
while kill -0 "${clients[@]}" 2>/dev/null; do
	pause
	# What starts them again gives up on one that dies a hundred times in a row.
	((handler_kills >= 80)) || kill_handler
	kill_worker
done
clients=()
while [[ $(waiting) != *'0 0' ]] && (($(ms) - started < 300000)); do
	pause
	kill_worker
done
gate=$(($(ms) - started))
end_workers
end_sink
{ hooked gate; mailed gate; } >"$work/arrived"
cat "$work"/told.* >"$work/told"
read -r acknowledged refused lost halves published sent <<<"$(awk -v few=$((few + few_mails)) -v crowd=$((crowd + crowd_mails)) '
	NR == FNR { if ($2 == 202) ok[$1] = 1; else refused++; next }
	!(($1, $2) in seen) { seen[$1, $2] = 1; n[$1]++ }
	END {
		for (a in ok) { acknowledged++; lost += (a % 50 ? few : crowd) - n[a] }
		for (a in n) { published++; sent += n[a]; if (!(a in ok) && n[a] != (a % 50 ? few : crowd)) halves++ }
		print acknowledged + 0, refused + 0, lost + 0, halves + 0, published + 0, sent + 0
	}' "$work/told" "$work/arrived")"
read -r _ doubled many <<<"$(account <"$work/arrived")"
echo "# the gate: $acknowledged of $alerts alerts acknowledged, $refused answers failed, $published went out as $sent messages" \
	"in $gate ms; $kills kills of dispatchers, $handler_kills of handlers, $doubled twice"
states
is "$lost" 0 'of an acknowledged alert every reader has a message'
is "$halves" 0 'one that was not acknowledged went to all or to none'
is "$many" 0 'nobody has one alert under two ids, however often it was asked for'
is "$((acknowledged >= alerts / 2))" 1 "there was something to lose ($acknowledged alerts)"
is "$(awk '!/again/ && $1 % 4 >= 2 && $2 == 202' "$work/told" | wc -l)" $((alerts / 2)) 'who asked again was answered in the end'
is "$((handler_kills >= 5 && refused >= 1))" 1 "handlers were killed at work ($handler_kills times, $refused answers lost)"
checks 'the store is whole'
stop
exim_stop

# --- a noisy neighbour

new_store noisy
body='' head=''
new_sink silent
silent=${url%/hook}/silent
new_sink quiet
"$B/tests/serve/load" "$MUSTER_STATE" put "$flood" "$silent" || bail 'no flood'
worker
sleep 5                          # until the log of all that is in the file
"$B/tests/serve/load" "$MUSTER_STATE" each "$quiet" "$url" 10 >"$work/sent"
for ((n = 0; n < 100; n++)); do
	[ "$(wc -l <"$work/quiet.log")" -ge "$quiet" ] && break
	sleep 0.1
done
read -r n p50 p99 max <<<"$(awk 'NR == FNR { at[$1] = $2; next } $1 in at { print $3 - at[$1] }' "$work/sent" "$work/quiet.log" |
	sort -n | awk '{ v[NR] = $1 } END { print NR, v[int((NR + 1) / 2)], v[int(NR * 0.99)], v[NR] }')"
echo "# beside $flood rows that nobody answers: p50 $p50 us, p99 $p99 us, max $max us"
is "$n" "$quiet" 'beside a destination that never answers, all of another arrive'
is "$((p99 < 50000))" 1 "within 50 ms of their commit, 99 of 100 ($p99 us)"
is "$(wc -l <"$work/silent.log")" 0 'and the silent one took none'
end_workers
