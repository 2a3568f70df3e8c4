#!/bin/bash
# numbers.t - at every moment, for every shelter: availability = capacity -
# occupancy, projected_availability = availability - those on their way.
# shellcheck source=tests/route/lib.sh
. "${0%/*}/lib.sh"
plan 6
RANDOM=20231114 # the same walk each time
token admin --role admin
ids=(RO-CJ-01 RO-CJ-02 RO-BV-01)
declare -A capacity inside coming # what should be: coming[CODE]=SHELTER PEOPLE EXPIRES
for id in "${ids[@]}"; do
	capacity[$id]=$((RANDOM % 40 + 10)) inside[$id]=0
	shelter "$id" "\"capacity\":${capacity[$id]}"
done
as admin

expected() # SHELTER: of those whose time is not over
{
	local sum=0 in
	for in in "${coming[@]}"; do
		read -r of people until <<<"$in"
		[ "$of" = "$1" ] && [ "$until" -gt "$now" ] && sum=$((sum + people))
	done
	echo $sum
}
any() { local codes=("${!coming[@]}"); [ ${#codes[@]} -gt 0 ] && code=${codes[RANDOM % ${#codes[@]}]}; }
step() # one thing that happens, and what should come of it
{
	local id=${ids[RANDOM % 3]} n=$((RANDOM % 8 + 1)) of people until left
	case $((RANDOM % 10)) in
	0 | 1 | 2)
		left=$((capacity[$id] - inside[$id] - $(expected "$id")))
		post /api/intents "{\"shelter\":\"$id\",\"people\":$n}"
		if [ $n -le $left ]; then
			want=201 coming[$(json .code)]="$id $n $((now + 7200000))"
		else
			want=409
		fi ;;
	3)
		any || return
		read -r of people until <<<"${coming[$code]}"
		left=$((capacity[$of] - inside[$of] - $(expected "$of")))
		patch "/api/intents/$code" "{\"people\":$n}"
		if [ "$until" -le "$now" ]; then want=404
		elif [ $((n - people)) -gt 0 ] && [ $((n - people)) -gt $left ]; then want=409
		else want=200 coming[$code]="$of $n $until"
		fi ;;
	4)
		any || return
		read -r of people until <<<"${coming[$code]}"
		if [ $((RANDOM % 2)) = 0 ]; then del "/api/intents/$code"; else post "/api/intents/$code/reject" '{}'; fi
		want=204
		[ "$until" -le "$now" ] && want=404
		unset "coming[$code]" ;;
	5)
		any || return
		read -r of people until <<<"${coming[$code]}"
		post /api/arrivals "{\"intent\":\"$code\",\"people\":$n}"
		want=404
		[ "$until" -gt "$now" ] && want=201 inside[$of]=$((inside[$of] + n))
		unset "coming[$code]" ;;
	6) post /api/arrivals "{\"shelter\":\"$id\",\"people\":$n}"
		want=201 inside[$id]=$((inside[$id] + n)) ;;
	7) post /api/departures "{\"shelter\":\"$id\",\"people\":$n}"
		want=409
		[ $n -le "${inside[$id]}" ] && want=201 inside[$id]=$((inside[$id] - n)) ;;
	8) patch "/api/shelters/$id" "{\"capacity\":$((n * 8)),\"occupancy\":$((n + 2))}"
		want=200 capacity[$id]=$((n * 8)) inside[$id]=$((n + 2)) ;;
	9) now=$((now + RANDOM % 40 * 60000)) want=$status
		[ $n -gt 4 ] && dispatch ;;
	esac
	[ "$status" = "$want" ] || { echo "# $id wanted $want: $status $body"; return 1; }
}
settle() # [swept]: the numbers of every shelter fit together; one that is not swept may still expect who is late
{
	local id occupancy all available projected expects
	get /api/shelters
	while read -r id all occupancy expects available projected; do
		[ "$occupancy $all" = "${inside[$id]} ${capacity[$id]}" ] || return 1
		[ "$available $projected" = "$((all - occupancy)) $((all - occupancy - expects))" ] || return 1
		[ "$expects" -ge "$(expected "$id")" ] || return 1
		[ -z "${1-}" ] || [ "$expects" = "$(expected "$id")" ] || return 1
	done < <(json '.shelters[] | [.id,.capacity,.occupancy,.expected,.availability,.projected_availability] | join(" ")')
}
for round in {1..4}; do
	wrong=0
	for _ in {1..24}; do
		{ step && settle; } || wrong=$((wrong + 1))
	done
	dispatch
	{ settle swept && muster check >/dev/null; } || wrong=$((wrong + 1))
	is $wrong 0 "round $round: 24 things that happen, and after each of them all numbers fit together"
done
get /api/locations/country-RO
total=0
for id in "${ids[@]}"; do total=$((total + capacity[$id] - inside[$id])); done
is "$(json .availability)" "$total" 'the country is the sum of its houses'
sqlite3 "$MUSTER_STATE/muster.db" 'pragma integrity_check' >"$state/integrity"
is "$(cat "$state/integrity")" ok 'and the file is whole'
