#!/bin/bash
# search.t - finding shelters: nearest, or best of a location; filters; pages.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 106
token admin --role admin
as admin

at() { echo "\"position\":{\"longitude\":$2,\"latitude\":$1}"; }
ids() { json '[.shelters[].id[-2:]] | join(" ")'; }

shelter RO-CJ-01 "$(at 46.7710 23.5900),\"place\":\"Cluj-Napoca\",\"capacity\":100,\"electricity\":true,
	\"features\":[\"disabled persons special access\",\"pets\"],\"resources\":{\"water\":{\"quantity\":200,\"unit\":\"l\"}}"
shelter RO-CJ-02 "$(at 46.7800 23.5900),\"place\":\"Cluj-Napoca\",\"capacity\":50,\"heating\":true,\"electricity\":true,
	\"features\":[\"Wheelchair accessible\"],\"resources\":{\"water\":{\"quantity\":400,\"unit\":\"l\"},\"medicine\":[\"insulin\"]}"
shelter RO-CJ-03 "$(at 46.8000 23.5900),\"place\":\"Cluj-Napoca\",\"features\":[\"step-free\"]"
shelter RO-CJ-04 "$(at 46.7720 23.5900),\"place\":\"Cluj-Napoca\",\"capacity\":80,\"status\":\"closed\",\"electricity\":false"
shelter RO-CJ-05 "$(at 46.5700 23.7800),\"place\":\"Turda\",\"capacity\":20,\"resources\":{\"water\":{\"quantity\":0,\"unit\":\"l\"}}"
shelter RO-BV-06 "$(at 45.6500 25.6000),\"place\":\"Brașov\",\"capacity\":10,\"status\":\"standby\""
shelter RO-BV-07 '"place":"Brașov","capacity":500'
shelter RO-IS-08 "$(at 47.1600 27.5900),\"place\":\"Târgu Frumos\",\"capacity\":7,\"resources\":{\"Power\":[\"generator\"]}"
as nobody

# --- near
get '/api/shelters?near=46.77,23.59'
is "$(ids)" '01 04 02 03 05 06 08' 'the nearest come first, those without a position not at all'
holds '[.shelters[].distance] | . == sort and .[0] == 111 and .[1] == 222' 'each with its distance in metres'
holds '.next == null' 'and that is all'
get '/api/shelters?near=46.77,23.59&radius=2000'
is "$(ids)" '01 04 02' 'within a radius'
get '/api/shelters?near=%2046.77%20,%2023.59'
is "$status" 200 'blanks around the numbers do no harm'
for near in 46.77 46.77,23.59,1 north,east 91,0 0,181 nan,nan '46,77;23,59' 0x10,5; do
	get "/api/shelters?near=$near"
	is "$status $(json '.errors[].field')" '422 near' "$near is no position"
done
get '/api/shelters?near='
is "$(json '.shelters | length')" 8 'an empty parameter is none, as forms send it'

# --- filters
while IFS='|' read -r query wanted name; do
	get "/api/shelters?near=46.77,23.59&$query"
	is "$(ids)" "$wanted" "$name"
done <<'END'
need=wheelchair|01 02 03|wheelchair means step-free
need=step-free|01 02 03|and the other way round
need=disabled+persons+special+access|01 02 03|in the words of old lists too
need=Wheelchair-Accessible|01 02 03|however it is written
need=electricity|01 02 08|electricity that is there, not that is not known
need=power|01 02 08|power is electricity, and what a list calls power
need=heating|02|heating
need=water|01 02|a resource of which there is some
need=medicine|02|a resource that is a list
need=insulin|02|or one thing of that list
need=pets|01|a feature
need=wheelchair&need=electricity|01 02|several must all hold
need=wheelchair&need=electricity&need=pets|01|all of them
need=unicorns||what nobody has finds nobody
need=|01 04 02 03 05 06 08|an empty need is none
seats=60|01 04|room for so many; the unknown is not enough
seats=0|01 04 02 03 05 06 08|nobody needs no room
open=1|01 02 03 05 08|open now: neither closed nor on standby
open=0|01 04 02 03 05 06 08|or not asked for
open=1&seats=60&need=wheelchair&radius=5000|01|all together
END
get '/api/shelters?near=46.77,23.59&need=power'
wanted=$(ids)
get '/api/shelters?need=power&location=city-IS'
is "$wanted|$(ids)" '01 02 08|08' 'filters hold for a location as well'
get "/api/shelters?$(printf 'need=n%d&' {1..9})"
is "$status $(json '.errors[].field')" '422 need' 'nine needs are too many'

# --- by a ranking
while IFS='|' read -r query wanted name; do
	get "/api/shelters?$query"
	is "$(ids)" "$wanted" "$name"
done <<'END'
location=city-CJ|01 04 02 05 03|a location by its places, the unknown last
location=country-RO|07 01 04 02 05 06 08 03|a country too
|07 01 04 02 05 06 08 03|and everything
location=city-CJ&sort=availability|01 04 02 05 03|by availability when it is said
location=city-CJ&sort=projected|01 04 02 05 03|by what is left
location=city-CJ&sort=projected_availability|01 04 02 05 03|whichever way it is called
location=city-CJ&sort=features|01 03 02 05 04|by how much there is
location=city-CJ&sort=water|02 01 05|by a resource: those that have a number
location=city-CJ&sort=Medicine|02|however it is written
location=city-XX||a location that is not there is empty
location=city-CJ&sort=unicorns||a ranking that is not there too
location=city-CJ&open=1&seats=30|01 02|filters combine with it
END
holds '.shelters[0] | has("distance") | not' 'without a place there is no distance'
for query in location=cluj location=city-cj location=city-CJ-water 'location=RO-CJ-01' 'location=city-CJ&sort=%20-%20'; do
	get "/api/shelters?$query"
	is "$status" 422 "$query makes no sense"
done

# --- a place by its name
for q in bra%C8%99ov bra%C5%9Fov brasov BRASOV 'bra%C8%99' %20brasov%20 bras%CC%A6ov; do
	get "/api/shelters?q=$q&radius=50000"
	is "$(ids)" 06 "q=$q finds Brașov"
done
holds '.places[0].title == "Brașov" and .places[0].shelters == 2 and .places[0].position.latitude > 45' \
	'and says what it took it for'
get '/api/shelters?q=targu+frumos'
is "$(json '.places[0].title')" 'Târgu Frumos' 'several words are a name too'
get '/api/shelters?q=cluj'
is "$(json '.places[0].title')" 'Cluj' 'a county by its name: the whole name goes before its beginning'
get '/api/shelters?q=nowhere'
holds '.shelters == [] and .places == [] and .next == null' 'a place that is not known finds nothing'
get '/api/shelters?q=turda&near=45.65,25.6'
is "$(json '.shelters[0].id')" RO-CJ-05 'a name goes before a position'
get "/api/shelters?q=$(printf 'a%.0s' {1..101})"
is "$status" 422 'a name has an end'
get '/api/shelters?q=%3Cscript%3E'
is "$status" 200 'a hostile name is a name'

# --- pages: nothing is lost, nothing comes twice
as admin
for i in {10..40}; do shelter "RO-TM-$i" "$(at "45.$((i / 3))" 21.2),\"capacity\":$((i / 4))"; done
for i in {41..44}; do shelter "RO-TM-$i" "$(at "45.$((i / 3))" 21.2)"; done
between() { :; }
walk() # QUERY: all ids, page by page; $pages of them
{
	local next=''
	pages=0 all=
	while :; do
		get "/api/shelters?$1${next:+&cursor=$next}"
		next=$(json '.next // "" | @uri') all+=$(json '.shelters[].id')$'\n' pages=$((pages + 1))
		[ "$next" ] || return
		between
	done
}
for query in 'location=city-TM' 'near=45.1,21.2&radius=90000' 'location=city-TM&sort=projected' 'location=city-TM&sort=features'; do
	get "/api/shelters?$query&limit=100"
	whole=$(json '.shelters[].id')
	for limit in 4 7; do
		walk "$query&limit=$limit"
		[ "$all" = "$whole"$'\n' ] && [ $pages = $(((35 + limit - 1) / limit)) ]
		is "$?" 0 "$query in pages of $limit is the whole, in order, and the last page knows it"
	done
done
get '/api/shelters?location=city-TM'
is "$(json '.shelters | length')" 20 'twenty unless told'
get '/api/shelters?location=city-TM&limit=1000'
is "$(json '.shelters | length')" 35 'more than a hundred is a hundred'
for limit in 0 -1 x 1.5; do
	get "/api/shelters?limit=$limit"
	is "$status" 422 "limit=$limit is none"
done
for cursor in x '~' 'nan~RO-TM-10' '1~' '1e999~a'; do
	get "/api/shelters?cursor=$cursor"
	is "$status $(json '.errors[].field')" '422 cursor' "cursor=$cursor is none of ours"
done
walk 'location=city-TM&limit=4'
new=900 before=$(sort <<<"$all")
between() # two pages of a walk
{
	post /api/intents '{"shelter":"RO-TM-40","people":1}'
	shelter "RO-TM-$((new++))" "$(at 45.1 21.2)"
	patch /api/shelters/RO-TM-10 "{\"capacity\":$((RANDOM % 20))}"
}
walk 'location=city-TM&limit=4'
is "$(grep -v 'RO-TM-\(10\|40\|9..\)' <<<"$before" | grep .)" \
	"$(grep -v 'RO-TM-\(10\|40\|9..\)' <<<"$all" | sort | grep .)" \
	'while rows come, go up and go down between pages, the others are neither lost nor doubled'
walk 'near=45.1,21.2&limit=3&radius=90000'
is "$(sort <<<"$all" | uniq -d | grep .)" '' 'nor by distance, where nothing moves'
between() { :; }

# --- the page
as nobody
get '/shelters?near=46.77,23.59&seats=4&need=wheelchair'
is "$status" 200 'the search as a page'
like "$body" '<h1>Shelters near you</h1>' 'that says what it shows'
like "$body" 'name="near" id="near" value="46.77,23.59"' 'and keeps what was asked'
like "$body" 'name="need" value="step-free" checked' 'also what was ticked'
like "$body" '/shelters/RO-CJ-01\?seats=4&amp;need=step-free#come' 'its links carry it on'
unlike "$body" 'RO-CJ-04' 'and what does not fit is not there'
get '/shelters?location=city-TM&sort=features&limit=5&radius=7'
next=$(grep -o 'rel="next" href="[^"]*' <<<"$body" | cut -d'"' -f4 | sed 's/&amp;/\&/g')
like "$next" 'location=city-TM.*&sort=features&limit=5.*&cursor=' 'the next page is of the same search'
get '/shelters?near=46.77,23.59&radius=2000'
unlike "$body" 'rel="next"' 'where nothing more follows no page is promised'
get '/shelters?location=city-CJ&limit=5'
unlike "$body" 'rel="next"' 'nor after a last page that is full'
get '/shelters?near=46.77,23.59&seats=9000&open=1'
like "$body" '<h1>No shelter found</h1>' 'nothing found says so'
like "$body" '<details class="box" open>' 'with the form open to ask again'
get '/shelters?q=nowhere'
like "$body" 'No place is called “nowhere” here' 'and a place that is not known'
get '/shelters?near=north'
is "$status" 422 'a search that makes no sense is refused'
like "$body" '<title>Problem: Find a shelter' 'as a page with the problem in its title'
like "$body" 'role="alert".*<h1>' 'and on top'
get '/shelters?q=brasov'
like "$body" '<h1>Shelters near Brașov</h1>' 'a place by its name, as a page'
get '/shelters?near=46.77,23.59'
like "$body" 'data-n="availability">unknown' 'what is not known is called unknown'
