#!/bin/bash
# locations.t - areas: sets of shelters, with sums.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 48
token admin --role admin
as admin
get /api/locations
is "$body" '{"locations":[],"next":null}' 'without shelters there are no areas'
shelter RO-CJ-01 '"capacity":100,"occupancy":30'
shelter RO-CJ-02 '"capacity":50'
shelter RO-CJ-03
shelter RO-SB-01
shelter HU-GYR-01 '"capacity":10,"place":"Győr"'
post /api/intents '{"shelter":"RO-CJ-01","people":5}'

get /api/locations
is "$(json '[.locations[].name] | join(" ")')" 'city-CJ city-GYR city-SB country-HU country-RO' \
	'each shelter is in the country and the city of its id'
is "$(json '[.locations[].title] | join(", ")')" 'Cluj, Győr, Sibiu, Hungary, Romania' 'which have names'
is "$(json -c '.locations[0]')" '{"name":"city-CJ","title":"Cluj","shelters":3,"capacity":150,"availability":120,"projected_availability":115,"unknown":1}' \
	'with sums of what is known, and how many are not in them'
is "$(json -c '.locations[2] | [.capacity,.availability,.projected_availability]')" '[null,null,null]' \
	'of nothing known the sum is unknown, not 0'
get /api/locations/city-CJ
is "$(json -c .members)" '["RO-CJ-01","RO-CJ-02","RO-CJ-03"]' 'one tells its members'
holds '.availability == 120 and .projected_availability == 115 and .next == null' 'and its sums'
get /api/locations/city-XX
is "$status" 404 'an area that is not there is 404'
get /api/locations/city-CJ-availability
is "$status" 404 'a ranking is no area'

# --- members come
post /api/locations/zone-NORTH '{"shelters":["RO-CJ-01","HU-GYR-01","RO-CJ-01"]}'
is "$status" 201 'a first member makes an area'
is "$(json -c .members)" '["HU-GYR-01","RO-CJ-01"]' 'a set: twice is once'
is "$(json '.availability,.projected_availability' | xargs)" '80 75' 'with the sums of its members'
post /api/locations/zone-NORTH '{"shelters":["RO-CJ-02"]}'
is "$status" 200 'more may come'
get '/api/shelters?location=zone-NORTH'
is "$(json '[.shelters[].id] | join(" ")')" 'RO-CJ-01 RO-CJ-02 HU-GYR-01' 'it is searched like any other'
post /api/intents '{"shelter":"RO-CJ-02","people":3}'
get /api/locations/zone-NORTH
holds '.projected_availability == 122' 'and follows what happens'
patch /api/shelters/HU-GYR-01 '{"resources":{"water":{"quantity":9}}}'
get '/api/shelters?location=zone-NORTH&sort=water'
is "$(json '.shelters[].id')" HU-GYR-01 'also in what is ranked later'
post /api/locations/zone-NORTH '{"shelters":["RO-CJ-03","RO-XX-99"]}'
is "$status $(json '.errors[0].code')" '422 unknown' 'a shelter that is not there cannot be a member'
get /api/locations/zone-NORTH
holds '.shelters == 3' 'and none of that list was added'
for sent in '{}' '{"shelters":[]}' '{"shelters":"RO-CJ-01"}' '{"shelters":[1]}'; do
	post /api/locations/zone-NORTH "$sent"
	is "$status $(json '.errors[0].field')" '422 shelters' "refused: $sent"
done
for name in zone Zone-A zone-a zone-A-B 1-A "z-$(printf 'A%.0s' {1..40})" zone-A%0aB 'zone-%C8%98' city-; do
	post "/api/locations/$name" '{"shelters":["RO-CJ-01"]}'
	is "$status" 422 "$name is no name for an area"
done

# --- and go
del /api/locations/zone-NORTH/shelters/RO-CJ-01
is "$status:$body" 204: 'a member is taken out'
get /api/locations/zone-NORTH
holds '.members == ["HU-GYR-01","RO-CJ-02"] and .projected_availability == 57' 'and its numbers'
get '/api/shelters?location=zone-NORTH'
is "$(json '.shelters | length')" 2 'from its ranking too'
get /api/shelters/RO-CJ-01
is "$status" 200 'the shelter stays'
del /api/locations/zone-NORTH/shelters/RO-CJ-01
is "$status" 404 'who is not in it cannot be taken out'
del /api/locations/zone-NOWHERE/shelters/RO-CJ-01
is "$status" 404 'nor of what is not there'
del /api/locations/zone-NORTH/shelters/RO-CJ-02
del /api/locations/zone-NORTH/shelters/HU-GYR-01
get /api/locations/zone-NORTH
is "$status" 404 'an area without members is gone'
agrees 'and everything agrees'

# --- pages of many
get '/api/locations?limit=2'
is "$(json '.locations[].name' | xargs)" 'city-CJ city-GYR' 'areas come in pages'
get "/api/locations?limit=2&cursor=$(json .next)"
is "$(json '.locations[].name' | xargs)" 'city-SB country-HU' 'the next'
get "/api/locations?limit=2&cursor=$(json .next)"
is "$(json '.locations[].name, .next' | xargs)" 'country-RO null' 'and the last'
get '/api/locations?limit=none'
is "$status" 422 'no page is of nonsense size'

# --- for people
as nobody
get /locations
is "$status" 200 'areas are a page'
like "$body" '<a href="/locations/city-CJ">Cluj</a> <span class="hint">3 shelters' 'that leads to each'
like "$body" 'Sibiu.*>unknown<' 'and calls unknown what is'
get /locations/city-CJ
like "$body" '<h1>Shelters in Cluj</h1>.*The places of 1 shelter are not known.*<ol class="cards">' 'one area shows its shelters'
get /locations/city-XX
is "$status" 404 'one that is not there is 404'
