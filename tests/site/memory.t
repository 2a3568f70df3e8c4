#!/bin/bash
# memory.t - a handler's memory: small after twenty thousand requests, and no larger after as many again.
# shellcheck source=tests/site/lib.sh
. "${0%/*}/lib.sh"
plan 7
start CACHE=off DEMO=1 RATE_EXEMPT=127.0.0.0/8
token admin --role admin
shelter RO-CJ-99 '"capacity":1000000'

# Random searches, pages, lists and announcements.
cat >"$work/mix.lua" <<'END'
local json = { ["Content-Type"] = "application/json" }
request = function()
	local dice = math.random(40)
	if dice <= 16 then
		return wrk.format("GET", string.format("/api/shelters?near=%.4f,%.4f&limit=%d", 44 + math.random() * 4, 20 + math.random() * 8, math.random(20)))
	elseif dice <= 20 then
		return wrk.format("GET", string.format("/shelters?near=%.4f,%.4f&need=electricity", 44 + math.random() * 4, 20 + math.random() * 8))
	elseif dice == 21 then
		return wrk.format("GET", "/shelters.csv")
	elseif dice <= 23 then
		return wrk.format("GET", "/locations")
	elseif dice <= 25 then
		return wrk.format("GET", "/shelters?q=cluj")
	else
		return wrk.format("POST", "/api/intents", json, string.format('{"shelter":"RO-CJ-99","people":%d}', math.random(50)))
	end
end
END

# At least 20,000 requests; says how many.
ask_much()
{
	local all=0 n
	while ((all < 20000)); do
		n=$(wrk -t 1 -c 24 -d 2s -s "$work/mix.lua" "$site" | awk '/requests in/ { print $1 }')
		((n > 0)) || break
		all=$((all + n))
	done
	echo "$all"
}
largest() { for p in $(handlers '*'); do awk '/^VmRSS/ { print $2 }' "/proc/$p/status"; done | sort -n | tail -1; }

before=$(handlers '*' | sort)
n=$(ask_much)
is "$((n >= 20000))" 1 "after $n requests"
first=$(largest)
is "$((first < 8192))" 1 "the largest handler takes less than 8 MB ($first kB)"
n=$(ask_much)
is "$((n >= 20000))" 1 "after $n more"
second=$(largest)
is "$((second < 8192))" 1 "still ($second kB)"
is "$((second <= first + 256))" 1 "and does not grow ($first kB, $second kB)"
is "$(handlers '*' | sort)" "$before" 'the processes are the same'
checks 'everything agrees'
