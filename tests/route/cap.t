#!/bin/bash
# cap.t - alerts as CAP 1.2 and as an Atom feed: valid, and by the rules that no schema has.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 41
token admin --role admin
token officer --role publisher
xsd=${SHARED:-../shared}/data/cap/CAP-v1.2.xsd
c='urn:oasis:names:tc:emergency:cap:1.2'

# The value of an XPath in the answer; "cap:" and "a:" names by local-name().
xpath() { sed 's/ xmlns="[^"]*"//; s/ xmlns:cap="[^"]*"//; s/<\(\/\?\)cap:/<\1cap_/g' <<<"$body" | xmllint --nonet --xpath "$1" - 2>/dev/null; }
valid() # NAME
{
	if [ ! -r "$xsd" ]; then skip 1 "the schema is not here: $1"; return; fi
	xmllint --nonet --noout --schema "$xsd" - <<<"$body" 2>"$state/xmllint"
	judge $? "$1" "$(head -3 "$state/xmllint")"
}
publish() # JSON: $id
{
	as officer
	post "$1" "$2"
	[ "$status" = 202 ] || bail "not published"
	id=$(json .id)
	as nobody
}
alert='"event":"Flood","category":"Met","severity":"severe","urgency":"immediate","certainty":"likely","response":"Shelter"'
shelter RO-CJ-01 '"position":{"longitude":23.59,"latitude":46.77}'
shelter RO-CJ-02 '"position":{"longitude":23.70,"latitude":46.80}'
shelter RO-BV-01 '"position":{"longitude":25.60,"latitude":45.65}'

# --- one message
publish /api/alerts "{\"title\":\"Water <rises> & \\\"fast\\\"\",\"message\":\"Go up.\\nNow.\",\"instruction\":\"Take medicine.\",$alert,
	\"audience\":{\"locations\":[\"city-CJ\",\"country-RO\"]},\"channels\":[\"inapp\"],\"expires_at\":$((now + 3600000)),
	\"languages\":{\"ro\":{\"title\":\"Apa crește\",\"message\":\"Urcați.\"}}}"
first=$id
get "/alerts/$first.cap"
is "$status $(header Content-Type)" '200 application/cap+xml' 'an alert has a CAP message at an address of its own'
valid 'valid by the schema of the standard'
is "$(xpath 'string(/alert/status)') $(xpath 'string(/alert/msgType)') $(xpath 'string(/alert/scope)')" 'Actual Alert Public' 'actual, an alert, public'
like "$(xpath 'string(/alert/identifier)')" '^muster\.[^ ,<&]+\.20231114221320\.1$' 'its identifier sorts and has no character that is forbidden'
like "$(xpath 'string(/alert/sender)')" '^[^ ,<&]+$' 'nor has its sender'
is "$(grep -oE '<(sent|expires|effective|onset)>[^<]*' <<<"$body" | grep -cvE '>[0-9-]{10}T[0-9:]{8}[+-][0-9]{2}:[0-9]{2}$')" 0 'every time has an offset, none is in Zulu or has a fraction'
is "$(xpath 'count(/alert/info)') $(xpath 'string(/alert/info[1]/language)') $(xpath 'string(/alert/info[2]/language)')" '2 en ro' 'an info for each language'
is "$(xpath 'concat(/alert/info[1]/event, /alert/info[1]/category, /alert/info[1]/responseType)')" \
	"$(xpath 'concat(/alert/info[2]/event, /alert/info[2]/category, /alert/info[2]/responseType)')" 'with the same event, category and response'
is "$(xpath 'count(//*[. = "Unknown"])')" 0 'no scale is Unknown'
is "$(xpath 'count(/alert/info[not(expires) or not(headline) or not(description) or not(instruction) or not(senderName) or not(web)])')" 0 \
	'none is without expiry, headline, description, instruction, sender or address'
is "$(xpath 'string(/alert/info[1]/headline)')" 'Water <rises> & "fast"' 'what was written comes back'
is "$(xpath 'string(/alert/info[1]/description)')" $'Go up.\nNow.' 'line by line'
is "$(xpath 'count(/alert/info[string-length(headline) > 140 or string-length(event) > 35])')" 0 'headline and event are short enough'
is "$(xpath 'count(/alert/info/area[not(polygon or circle)])')" 0 'each area has a form'
is "$(xpath 'string(/alert/info[1]/area[1]/areaDesc)') $(xpath 'string(/alert/info[1]/area[1]/geocode/value)')" 'Cluj city-CJ' 'and a name and a code'
polygon=$(xpath 'string(/alert/info[1]/area[1]/polygon)')
is "${polygon%% *}" "${polygon##* }" 'whose polygon ends where it begins'
like "$polygon" '^(4[67]\.[0-9]{3},23\.[0-9]{3} ?){4,100}$' 'latitude first, with three decimals and at most 100 corners'
like "$body" '<\?xml-stylesheet type="text/xsl" href="/cap.xsl"\?>' 'it names its style sheet'
etag=$(header ETag)
with HTTP_IF_NONE_MATCH="$etag"
get "/alerts/$first.cap"
is "$status" 304 'who has it is not sent it again'
with 'HTTP_ACCEPT=text/html,application/xhtml+xml'
get "/alerts/$first.cap"
is "$(header Content-Type) $(header Vary)" 'application/xml Accept' 'a browser gets it as a type that it shows'
shelter RO-CJ-03 '"position":{"longitude":24.2,"latitude":47.2}'
get "/alerts/$first.cap"
is "$(header ETag)" "$etag" 'it stays as it was sent when a shelter comes'

# --- its chain
now=$((now + 60000))
publish "/api/alerts/$first/update" '{"message":"Stay up."}'
second=$id
get "/alerts/$second.cap"
valid 'an update is valid'
is "$(xpath 'string(/alert/msgType)')" Update 'it is an Update'
sender=$(xpath 'string(/alert/sender)')
is "$(xpath 'string(/alert/references)')" "$sender,muster.$sender.20231114221320.1,2023-11-14T22:13:20-00:00" 'that refers to the first by sender, identifier and time'
now=$((now + 60000))
publish "/api/alerts/$second/all-clear" '{}'
third=$id
get "/alerts/$third.cap"
valid 'an all-clear is valid'
is "$(xpath 'string(/alert/msgType)') $(xpath 'string(/alert/info/responseType)')" 'Update AllClear' 'it is an Update with AllClear'
is "$(xpath 'string(/alert/references)' | wc -w)" 2 'that refers to both'
publish /api/alerts "{\"title\":\"Drill\",\"message\":\"m\",$alert,\"audience\":{\"locations\":[\"city-BV\"]},\"channels\":[\"inapp\"],\"exercise\":true,\"expires_at\":$((now + 60000))}"
drill=$id
get "/alerts/$drill.cap"
valid 'an exercise is valid'
is "$(xpath 'string(/alert/status)')" Exercise 'its status says so'
like "$(xpath 'string(/alert/note)')" 'Drill' 'and its note has its name'
publish "/api/alerts/$drill/cancel" '{}'
get "/alerts/$id.cap"
valid 'a cancel is valid'
is "$(xpath 'string(/alert/msgType)')" Cancel 'it is a Cancel'

# --- the feed
get /alerts.atom
is "$status $(header Content-Type)" '200 application/atom+xml' 'there is a feed'
is "$(xpath 'count(/feed/id) + count(/feed/title) + count(/feed/updated) + count(/feed/author/name)')" 4 'with id, title, updated, author'
is "$(xpath 'count(/feed/entry)') $(xpath 'count(/feed/entry[id and title and updated and author/name and category and summary])')" '2 2' \
	'an entry for each that holds, with all of it'
is "$(xpath 'string(/feed/updated)')" "$(xpath 'string(/feed/entry[1]/updated)')" 'updated when the newest was'
like "$(xpath 'string(/feed/entry[1]/link[@type="application/cap+xml"]/@href)')" "/alerts/$id\.cap$" 'each leads to its CAP message'
is "$(xpath 'count(/feed/entry[cap_severity and cap_expires and cap_areaDesc])')" 2 'and shows the gravest of it'
get /alerts/99.cap
is "$status" 404 'no alert, no message'
publish /api/alerts "{\"title\":\"Later\",\"message\":\"m\",$alert,\"audience\":{\"locations\":[\"city-BV\"]},\"channels\":[\"inapp\"],\"not_before\":$((now + 60000)),\"expires_at\":$((now + 120000))}"
get "/alerts/$id.cap"
is "$status" 404 'and none before its time'
now=$((now + 48 * 3600000))
get /alerts.atom
is "$(xpath 'count(/feed/entry)')" 0 'what has expired is not in the feed'
