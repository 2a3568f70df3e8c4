#!/bin/bash
# shelters.t - one shelter: made, read, changed, taken away.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 87
token admin --role admin
whole='{"id":"RO-CJ-01","name":"Școala de pe Deal","address":"Strada Stejarului 12","place":"Cluj-Napoca",
	"position":{"longitude":23.59919,"latitude":46.7745},"capacity":300,"occupancy":41,
	"features":["disabled persons special access","counseling"],
	"resources":{"water":{"quantity":200,"unit":"liters"},"medicine":["insulin"]},
	"electricity":true,"heating":false,"status":"open","attributes":{"floor":"2","sirens":3}}'

# --- made
as admin
post /api/shelters "$whole"
is "$status" 201 'an admin makes a shelter'
is "$(header Location)" /api/shelters/RO-CJ-01 'and is told where it is'
holds '._id | test("^[a-z0-9]{7}$")' 'the server gives it a name that says nothing'
made=$body
get /api/shelters/RO-CJ-01
is "$body" "$made" 'what was answered is what is read'
is "$(jq -S 'del(._id,.availability,.projected_availability,.expected,.updated_at,.confirmed_at)' <<<"$body")" \
	"$(jq -S . <<<"$whole")" 'everything that was sent is kept as it was sent'
holds '.availability == 259 and .expected == 0 and .projected_availability == 259' 'the numbers are worked out'
holds ".updated_at == $now and .confirmed_at == $now" 'time is in Unix milliseconds'
post /api/shelters "$whole"
is "$status" 409 'the same id again is 409'
post /api/shelters "$(jq '.id = "RO-CJ-02"' <<<"$made")"
is "$status" 201 'what one server gave another takes'
isnt=$(json ._id)
unlike "$isnt" "$(jq -r ._id <<<"$made")" 'with a server name of its own'
post /api/shelters '{"id":"RO-CJ-03","name":"Bare"}'
is "$status" 201 'a name is enough'
holds '.capacity == null and .availability == null and .projected_availability == null and .position == null' \
	'what is not known is null, not 0'
holds '.electricity == null and .heating == null and .features == [] and .resources == {}' 'nor "no"'
holds '.confirmed_at == null and .status == "open"' 'nobody confirmed it yet'
for id in RO-CJ RO-CJ-1 ro-cj-01 R-CJ-01 ROU-CJ-01 RO-CJ-01-02 'RO-C J-01' RO-ABCDEFGHIJKLM-01 RO-CJ-123456789 ''; do
	post /api/shelters "{\"id\":\"$id\",\"name\":\"x\"}"
	is "$status $(json '.errors[0].field')" '422 id' "'$id' is not an id"
done
send POST /shelters application/x-www-form-urlencoded 'id=RO-CJ-08&name=x'
is "$status" 415 'a form cannot make one: it has no lists'
while IFS='|' read -r field bad; do
	post /api/shelters "{\"id\":\"RO-CJ-08\",\"name\":\"x\",$bad}"
	is "$status $(json '[.errors[].field] | join(" ")')" "422 $field" "refused: $bad"
done <<'END'
name|"name":""
name|"name":5
address|"address":["a"]
position|"position":{"longitude":23}
position|"position":{"longitude":23,"latitude":91}
position|"position":[23,46]
capacity|"capacity":-1
capacity|"capacity":2.5
capacity|"capacity":"300"
occupancy|"occupancy":null
features|"features":"pets"
features|"features":[1]
resources|"resources":{"water":200}
resources|"resources":{"water":{"unit":"l"}}
resources|"resources":{"water":{"quantity":-1}}
resources|"resources":{"availability":["x"]}
resources|"resources":{"":["x"]}
electricity|"electricity":"yes"
status|"status":"busy"
attributes|"attributes":{"deep":{"er":1}}
attributes|"attributes":{"x":NaN}
rooms|"rooms":3
name|"name":"a\u0000b"
name|"name":"\u001b[2J"
END
post /api/shelters "{\"id\":\"RO-CJ-08\",\"name\":\"$(printf 'ș%.0s' {1..300})\"}"
is "$status" 201 '300 characters are a name, however many bytes'
post /api/shelters "{\"id\":\"RO-CJ-10\",\"name\":\"$(printf 'ș%.0s' {1..301})\"}"
is "$status" 422 '301 are not'

# --- changed
now=$((now + 60000))
patch /api/shelters/RO-CJ-01 '{"heating":true,"name":"Școala Nouă"}'
is "$status" 200 'a part is changed'
holds '.heating == true and .name == "Școala Nouă" and .address == "Strada Stejarului 12"' 'the rest stays'
holds ".updated_at == $now and .confirmed_at == $((now - 60000))" 'a change is no confirmation of the number inside'
patch /api/shelters/RO-CJ-01 '{"capacity":null,"position":null,"features":null,"electricity":null,"address":null}'
holds '.capacity == null and .availability == null and .position == null and .features == [] and
	.electricity == null and .address == ""' 'null makes unknown or empty (RFC 7396)'
patch /api/shelters/RO-CJ-01 '{"resources":{"water":null,"food":{"quantity":90,"unit":"meals"}}}'
holds '.resources == {"medicine":["insulin"],"food":{"quantity":90,"unit":"meals"}}' \
	'within an object too: one goes, one comes, one stays'
patch /api/shelters/RO-CJ-01 '{"resources":{"food":{"quantity":80}},"attributes":{"floor":null,"exit":"north"}}'
holds '.resources.food == {"quantity":80,"unit":"meals"} and .attributes == {"sirens":3,"exit":"north"}' 'and deeper'
patch /api/shelters/RO-CJ-01 '{"position":{"longitude":23.6,"latitude":46.8}}'
patch /api/shelters/RO-CJ-01 '{"position":{"latitude":46.9}}'
holds '.position == {"longitude":23.6,"latitude":46.9}' 'half a position changes half of it'
patch /api/shelters/RO-CJ-03 '{"position":{"latitude":46.9}}'
is "$status" 422 'but is none by itself'
patch /api/shelters/RO-CJ-01 '{"capacity":100,"occupancy":60}'
holds '.availability == 40 and .projected_availability == 40' 'the numbers follow'
now=$((now + 60000))
patch /api/shelters/RO-CJ-01 '{"occupancy":60}'
holds ".occupancy == 60 and .confirmed_at == $now" 'the same number again confirms it'
patch /api/shelters/RO-CJ-01 '{"capacity":50}'
holds '.availability == -10' 'more people than places is told as it is'
for computed in availability projected_availability expected updated_at _id; do
	patch /api/shelters/RO-CJ-01 "{\"$computed\":1}"
	is "$status $(json '.errors[0].code')" '422 read-only' "$computed is worked out, not set"
done
patch /api/shelters/RO-CJ-01 '{"capacity":"many","status":null,"rooms":1}'
is "$(json '[.errors[].field] | join(" ")')" 'capacity status rooms' 'all faults of a change are told'
get /api/shelters/RO-CJ-01
holds '.capacity == 50' 'and nothing of it was done'
send PATCH /api/shelters/RO-CJ-01 application/merge-patch+json '{"capacity":60}'
is "$status" 200 'the media type of merge patches is taken'

# --- by those who read it before
get /api/shelters/RO-CJ-01
etag=$(header ETag)
with "HTTP_IF_MATCH=$etag"
patch /api/shelters/RO-CJ-01 '{"heating":false}'
is "$status" 200 'If-Match with the version one read: done'
like "$(header ETag)" '^"[0-9]+"$' 'and the next version is told'
with "HTTP_IF_MATCH=$etag"
patch /api/shelters/RO-CJ-01 '{"heating":null}'
is "$status $(json .type)" '412 /problems.html#precondition' 'with an older one: 412'
get /api/shelters/RO-CJ-01
holds '.heating == false' 'and nothing was done'
with "HTTP_IF_MATCH=$etag"
del /api/shelters/RO-CJ-01
is "$status" 412 'deleting asks as well'
with 'HTTP_IF_MATCH=*'
patch /api/shelters/RO-CJ-01 '{"heating":null}'
is "$status" 200 'any version is any version'

# --- taken away
del /api/shelters/RO-CJ-01
is "$status $(json .type)" '409 /problems.html#conflict' 'not while people are inside'
patch /api/shelters/RO-CJ-01 '{"occupancy":0}'
post /api/intents '{"shelter":"RO-CJ-01","people":2}'
code=$(json .code)
del /api/shelters/RO-CJ-01
is "$status" 409 'nor while people are on their way'
now=$((now + 3 * 3600000))
del '/api/shelters/RO-CJ-01?force=0'
is "$status:$body" 204: 'but when their time is over'
shelter RO-CJ-01 '"capacity":9,"occupancy":3,"place":"Turda","position":{"longitude":23.7,"latitude":46.5},"features":["pets"]'
post /api/intents '{"shelter":"RO-CJ-01","people":2}'
code=$(json .code)
del '/api/shelters/RO-CJ-01?force=1'
is "$status:$body" 204: 'force=1 takes it away with everything'
get /api/shelters/RO-CJ-01
is "$status" 404 'it is gone'
get "/api/intents/$code"
is "$status" 404 'with its intentions'
get '/api/shelters?near=46.5,23.7&radius=100&need=pets'
is "$(json '.shelters | length')" 0 'from every search'
get '/api/locations/city-CJ'
unlike "$body" RO-CJ-01 'from its locations'
get '/api/shelters?q=turda'
holds '.places == []' 'its town too, if it was the last there'
del /api/shelters/RO-CJ-01
is "$status" 404 'gone is gone'
agrees 'and everything agrees with everything'
