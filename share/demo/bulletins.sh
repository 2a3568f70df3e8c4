#!/bin/bash
# bulletins.sh - made-up teams, people and posts, written as people write them: through the handlers.
#
#	B=build MUSTER_STATE=./var share/demo/bulletins.sh
#
# The people can sign in once an admin gives them a password: theirs is thrown away here.
set -u
B=${B:-build}
now=$(date +%s)000
export MUSTER_STATE MUSTER_NOW
declare -A cookie=()

call()                           # WHO METHOD PATH JSON: a program as plain CGI (docs/developer.md)
{
	local program=${3#/api/}
	program=${program%%/*}
	printf %s "$4" | env -i MUSTER_STATE="$MUSTER_STATE" MUSTER_NOW="$MUSTER_NOW" REQUEST_METHOD="$2" REQUEST_URI="$3" \
		CONTENT_TYPE=application/json CONTENT_LENGTH="$(printf %s "$4" | wc -c)" REMOTE_ADDR=127.0.0.1 \
		HTTP_HOST=localhost ${cookie[$1]:+"HTTP_COOKIE=${cookie[$1]}"} "$B/cgi-bin/$program"
}
must()                           # WHO METHOD PATH JSON
{
	local answer
	answer=$(call "$@") && [[ $answer = "Status: 20"* ]] ||
		{ printf 'bulletins.sh: %s %s: %s\n' "$2" "$3" "${answer##*$'\n'}" >&2; exit 1; }
}
ago() { MUSTER_NOW=$((now - $1 * 60000)); }

enter()                          # NAME PASSWORD
{
	local answer
	answer=$(call "$1" POST /api/session "{\"name\":\"$1\",\"password\":\"$2\"}")
	[[ $answer =~ Set-Cookie:\ ([^\;]+) ]] || { echo "bulletins.sh: $1 cannot sign in" >&2; exit 1; }
	cookie[$1]=${BASH_REMATCH[1]}
}

ago 400
for person in ioana:responder mihai:responder zsuzsa:responder radu:publisher chief:admin; do
	password=$(head -c 18 /dev/urandom | base64)
	"$B/bin/muster" --state "$MUSTER_STATE" user add "${person%:*}" --role "${person#*:}" <<<"$password" >/dev/null || exit 1
	enter "${person%:*}" "$password"
done
while IFS='|' read -r slug title open people; do
	must chief POST /api/teams "{\"slug\":\"$slug\",\"title\":\"$title\",\"open\":$open}"
	for one in $people; do
		must chief POST "/api/teams/$slug/members" "{\"user\":\"$one\"}"
	done
done <<'END'
logistica|Logistică|true|ioana mihai radu
medical|Medical|true|zsuzsa ioana
drones|Drones|true|mihai
duty|Duty officers|false|radu zsuzsa
END

# minutes ago|who|teams|latitude,longitude|for all|text
while IFS='|' read -r minutes who teams at public text; do
	ago "$minutes"
	body="{\"text\":\"$text\",\"public\":${public:-false}"
	[ -z "$teams" ] || body+=",\"teams\":[\"${teams// /\",\"}\"]"
	[ -z "$at" ] || body+=",\"position\":{\"latitude\":${at%,*},\"longitude\":${at#*,}}"
	must "$who" POST /api/posts "$body}"
done <<'END'
312|radu||||Good morning. Drill at 10:00, everybody on channel 3. Notes go here with #Drill.
290|mihai|logistica|46.7694,23.5902||200 blankets and 40 camp beds are loaded. Leaving for #RO-CJ-01 now.
266|ioana|logistica medical|46.7571,23.5567||Podul de la #Mănăștur e închis. Ocoliți prin #Gheorgheni, 15 minute în plus.
241|zsuzsa|medical|||Two people need insulin before 18:00. @ioana, is any left at #RO-CJ-03?
233|ioana|medical|||@zsuzsa yes, 12 pens in the red box. Sending one with the next car.\n\nAsk for Maria at the door.
180|radu||46.77,23.59|true|Drinking water is given out at the school on the hill until 20:00. Bring bottles. #RO-CJ-01 #apă
151|zsuzsa|duty|||Roll-call at 16:00. Please keep the list of volunteers within this team.
122|mihai|drones logistica|46.7812,23.6001||Flew over the river: the level fell by 30 cm since noon. Pictures at https://example.org/flight/7 #Someș
95|zsuzsa|medical|||A segélyhelyen minden rendben. #Kolozsvár #Drill
61|ioana||||避難所は開いています。#避難所 Вода есть. #Бухта
38|mihai|logistica|46.7694,23.5902||Blankets are handed out. 60 left, coming back. #RO-CJ-01
12|radu|||true|The drill is over. Thank you all! What went well, what did not: tell your team with #Drill.
END
for one in "${!cookie[@]}"; do
	call "$one" DELETE /api/session '' >/dev/null
done
"$B/bin/muster" --state "$MUSTER_STATE" check >/dev/null
