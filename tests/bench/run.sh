#!/bin/bash
# run.sh - how fast muster is, against a handler that does nothing and against
# static files, on the same machine in the same minutes.  `make bench` runs it.
#
# Its own instance in a new folder of build/, micro-cache off; the same site
# with the cache on listens on the next port.  Rounds are interleaved, so that
# what else the machine does falls on all cases alike; the table has the median
# of the rounds, and the longest time of all.
#
#	ROUNDS=5  SECS=5  CONNS=32  DATA=file.csv
#
# Exit 1 when a target is missed.  The figures also go to build/bench.json.
set -u
cd "$(dirname "$0")/../.." || exit 1
ROUNDS=${ROUNDS:-5} SECS=${SECS:-5} CONNS=${CONNS:-32}
DATA=${DATA:-../shared/data/romania/romania-shelters.csv}
B=${B:-build}
mkdir -p "$B"
dir=$(mktemp -d "$B/bench.XXXXXX") && dir=$(cd "$dir" && pwd)
state=$dir/state
site='' hello=''

cleanup()
{
	trap '' EXIT INT TERM
	[ -n "$hello" ] && kill "$hello" 2>/dev/null
	[ -n "$site" ] && kill "$site" 2>/dev/null && wait "$site" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

fatal()
{
	echo "bench: $*" >&2
	[ -e "$dir/site.log" ] && tail -n 5 "$dir/site.log" >&2
	exit 1
}

free_port()                      # below the ports that clients are given
{
	local port=$((20000 + $$ % 10000))
	while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
		port=$((port + 2))
	done
	echo "$port"
}

# --- data: the real list where it lies beside the project, else one like it;
# and 500 large shelters for the announcements, so that none fills up.

make_data()
{
	if [ -r "$DATA" ]; then
		cp "$DATA" "$dir/shelters.csv"
	else
		awk 'BEGIN {
			srand(1)
			split("AB AR BH BV CJ CT DJ GL IS MM PH SB SV TM B", county)
			print "id,county,town,address,type,lat,lon,capacity,status"
			for (i = 1; i <= 5769; i++)
				printf "%d,%s,Town %d,Street %d,public,%.6f,%.6f,%s,orange\n", i,
				    county[1 + i % 15], i % 97, i, 44 + rand() * 3.5, 21.5 + rand() * 6,
				    rand() < 0.4 ? "" : int(40 + rand() * 400)
		}' >"$dir/shelters.csv"
	fi
	awk 'BEGIN {
		print "id,county,town,name,address,lat,lon,capacity,status"
		for (i = 1; i <= 500; i++)
			printf "RO-XB-%03d,XB,Bench,Bench %d,Street %d,%.5f,%.5f,90000,open\n", i, i, i,
			    47.9 + i / 5000, 26.9 + i / 5000
	}' >"$dir/large.csv"
}

start_site()
{
	local muster="$B/bin/muster"
	"$muster" --state "$state" init >/dev/null || fatal 'no database'
	"$muster" --state "$state" import "$dir/shelters.csv" --country RO --status open --partial \
		>"$dir/import.log" 2>&1 || fatal "import: $(tail -n 1 "$dir/import.log")"
	"$muster" --state "$state" import "$dir/large.csv" --country RO \
		>"$dir/import.log" 2>&1 || fatal "import: $(tail -n 1 "$dir/import.log")"

	port=$(free_port)
	mkdir -p "$state/conf.d" "$state/live"
	cat >"$state/conf.d/server-hello.conf" <<-'CONF'
		location = /hello {
			set $muster_program hello;
			include muster/handler.conf;
		}
	CONF
	cat >"$state/conf.d/http-cached.conf" <<-CONF
		server {
			listen 127.0.0.1:$((port + 1)) backlog=4096;
			server_name _;
			include muster/server.conf;
		}
	CONF
	PORT=$port LISTEN=127.0.0.1 STATE=$state DEMO=0 CACHE=off RATE_EXEMPT=127.0.0.1 B=$B \
		nginx/run.sh >"$dir/site.log" 2>&1 &
	site=$!
	until grep -q "http://127.0.0.1:$port/" "$dir/site.log"; do
		kill -0 "$site" 2>/dev/null || fatal 'the site did not start'
		sleep 0.1
	done
	spawn-fcgi -n -s "$state/run/hello.sock" -M 0600 -b 4096 -- \
		/usr/bin/multiwatch -f 2 -- "$B/tests/bench/hello" 2>"$dir/hello.log" &
	hello=$!
	base=http://127.0.0.1:$port
	cached=http://127.0.0.1:$((port + 1))
	id=$(curl -s "$base/api/shelters?location=city-CJ&limit=1" | jq -r '.shelters[0].id')
	[[ $id =~ ^RO-CJ-[0-9]+$ ]] || fatal "no shelter in city-CJ, but '$id'"
	# The static file says the same as the handler.
	curl -s "$base/api/shelters/$id" >"$state/live/shelter.json"
	chmod -R a+rX "$state/live"
}

# --- one measurement: prints "rps p50 p99 max errors" (ms)

cat >"$dir/report.lua" <<'LUA'
-- Counts every answer that is not the wanted one: wrk itself takes 200 to 399.
local threads = {}
function setup(thread) table.insert(threads, thread) end
bad = 0
want = tonumber(os.getenv("WANT") or "200")
if want == 201 then
	local n = math.random(500)
	function request()
		n = n % 500 + 1
		return wrk.format("POST", "/api/intents", { ["Content-Type"] = "application/json" },
		    string.format('{"shelter":"RO-XB-%03d","people":1}', n))
	end
	function response(status) if status ~= 201 then bad = bad + 1 end end
elseif os.getenv("PATHS") then
	local paths, n = {}, 0
	for p in os.getenv("PATHS"):gmatch("%S+") do paths[#paths + 1] = p end
	function request()
		n = n % #paths + 1
		return wrk.format("GET", paths[n])
	end
end
function done(s, latency)
	local e = s.errors
	local wrong = e.connect + e.read + e.write + e.timeout
	if want == 201 then
		for _, t in ipairs(threads) do wrong = wrong + t:get("bad") end
	else
		wrong = wrong + e.status
	end
	io.write(string.format("RESULT %.0f %.2f %.2f %.1f %d %d\n", s.requests / s.duration * 1e6,
	    latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
	    wrong, s.requests))
end
LUA
measure()                        # CONNECTIONS URL [SECONDS]
{
	wrk -t1 -c"$1" -d"${3:-$SECS}s" --timeout 5s -s "$dir/report.lua" "$2" | sed -n 's/^RESULT //p'
}

cases=(static hello id top20 near cached 'announce 8' 'announce 32')
run_case()
{
	case $1 in
	static) measure "$CONNS" "$base/s/shelter.json" ;;
	hello) measure "$CONNS" "$base/hello" ;;
	id) measure "$CONNS" "$base/api/shelters/$id" ;;
	top20) measure "$CONNS" "$base/api/shelters?location=city-CJ&sort=availability&limit=20" ;;
	near) measure "$CONNS" "$base/api/shelters?near=46.77,23.59&seats=3&open=1&limit=10" ;;
	cached) measure "$CONNS" "$cached/api/shelters/$id" ;;
	announce*) WANT=201 measure "${1#* }" "$base/api/intents" ;;
	esac
}

check_answers()                  # a fast error is no result
{
	local c code
	for c in "s/shelter.json" hello "api/shelters/$id" \
		'api/shelters?location=city-CJ&sort=availability&limit=20' \
		'api/shelters?near=46.77,23.59&seats=3&open=1&limit=10'; do
		code=$(curl -s -o "$dir/answer" -w '%{http_code}' "$base/$c")
		[ "$code" = 200 ] || fatal "/$c answers $code: $(head -c 300 "$dir/answer")"
	done
	[ "$(curl -s "$base/api/shelters?location=city-CJ&sort=availability&limit=20" | jq '.shelters | length')" = 20 ] ||
		fatal 'top 20 are not 20'
	code=$(curl -s -o "$dir/answer" -w '%{http_code}' -H 'Content-Type: application/json' \
		-d '{"shelter":"RO-XB-001","people":1}' "$base/api/intents")
	[ "$code" = 201 ] || fatal "an announcement answers $code: $(head -c 300 "$dir/answer")"
	curl -s -o /dev/null "$cached/api/shelters/$id"
	[[ $(curl -s -o /dev/null -D - "$cached/api/shelters/$id") = *'X-Cache: HIT'* ]] ||
		fatal 'the cached site does not cache'
}

# --- memory: of the larger of the shelters handlers, kB: "all anonymous"

rss()
{
	local pid
	for pid in $(pgrep -f "^$(cd "$B" && pwd)/cgi-bin/shelters"); do
		grep -qz "^MUSTER_STATE=$state$" "/proc/$pid/environ" &&
			awk '/^VmRSS/ { all = $2 } /^RssAnon/ { anon = $2 } END { print all, anon }' "/proc/$pid/status"
	done | sort -n | tail -n 1
}
requests()                       # at least so many, mostly single shelters
{
	local n=0 r
	local p="/api/shelters/$id"
	while ((n < $1)); do
		r=$(PATHS="$p $p $p $p $p $p $p $p
			/api/shelters?location=city-CJ&sort=availability&limit=20
			/api/shelters?near=46.77,23.59&seats=3&open=1&limit=10" measure "$CONNS" "$base/" 2)
		((${r##* } > 0)) || fatal 'no answers in the memory run'
		n=$((n + ${r##* }))
	done
}

# --- verdict

table()
{
	awk '
	function median(a, n,    i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j] < a[j - 1]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
		return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
	}
	function column(c, k,    a, i) {
		for (i = 1; i <= n[c]; i++)
			a[i] = v[c, i, k]
		return median(a, n[c])
	}
	function judge(ok, what) { if (!ok) missed++; return (ok ? "ok" : "MISSED") ": " what }
	BEGIN { FS = "\t" }
	{
		if (!($1 in n)) order[++cases] = $1
		split($2, f, " ")
		n[$1]++
		for (k = 1; k <= 6; k++) v[$1, n[$1], k] = f[k]
		if (f[4] > max[$1]) max[$1] = f[4]
		errors[$1] += f[5]
	}
	END {
		printf "\n%-14s %9s %8s %8s %9s %7s %8s   %s\n", "", "req/s", "p50 ms", "p99 ms", "max ms",
		    "errors", "ratio", "target"
		json = ""
		for (i = 1; i <= cases; i++) {
			c = order[i]; rps = column(c, 1); p50 = column(c, 2); p99 = column(c, 3)
			to = c == "cached" || c == "hello" ? "static" : "hello"
			ratio = rps / column(to, 1)
			verdict = ""
			if (c == "id") verdict = judge(ratio >= 0.60, ">= 0.60 of hello")
			if (c == "top20" || c == "near") verdict = judge(ratio >= 0.20, ">= 0.20 of hello")
			if (c == "cached") verdict = judge(ratio >= 0.5, ">= 0.50 of static")
			if (c == "announce 8")
				verdict = judge(ratio >= 0.12 && p99 < 50 && max[c] < 500,
				    ">= 0.12 of hello, p99 < 50 ms, max < 500 ms")
			if (errors[c]) { verdict = verdict "  ERRORS"; missed++ }
			printf "%-14s %9.0f %8.2f %8.2f %9.1f %7d %8.2f   %s\n", c, rps, p50, p99, max[c],
			    errors[c], ratio, verdict
			json = json sprintf("%s\"%s\":{\"rps\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.1f,\"errors\":%d,\"ratio\":%.3f}",
			    i > 1 ? "," : "", c, rps, p50, p99, max[c], errors[c], ratio)
		}
		split(memory, m, " ")
		printf "%-14s %d kB after 100,000 requests, %d kB after 50,000 more (anonymous: %d, %d)   %s\n",
		    "memory", m[1], m[3], m[2], m[4], judge(m[3] < 8192 && m[3] <= m[1] + 64, "< 8 MB, not growing")
		print "{" json ",\"memory_kb\":[" m[1] "," m[3] "]}" >jsonfile
		print "ratio: to hello; cached and hello: to static"
		exit missed > 0
	}' memory="$memory" jsonfile="$B/bench.json" "$dir/results"
}

# --- mails: the dispatcher beside a bare libcurl loop, at a relay of its own (smtp.c)

mails()
{
	env B="$B" ROUNDS="$ROUNDS" "$B/tests/bench/smtp"
}

# --- the gate: what publishing an alert costs with 10 and with 100,000 subscribers

gate()
{
	env B="$B" "$B/tests/bench/gate"
}

make_data
start_site
check_answers
echo "bench: $ROUNDS rounds of $SECS s, $CONNS connections; $(curl -s "$base/api/locations/country-RO" | jq -r '.shelters // "?"') shelters"
for ((round = 1; round <= ROUNDS; round++)); do
	for c in "${cases[@]}"; do
		r=$(run_case "$c")
		[ -n "$r" ] || fatal "$c gave no result"
		printf '%s\t%s\n' "$c" "$r" >>"$dir/results"
		printf 'round %d  %-12s %7s req/s\n' "$round" "$c" "${r%% *}"
	done
done
requests 100000
memory=$(rss)
requests 50000
memory="$memory $(rss)"
verdict=0
table || verdict=1
mails || verdict=1
gate || verdict=1
[ "$verdict" = 0 ]
