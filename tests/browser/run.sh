#!/bin/bash
# run.sh - the pages as people see them: a site of its own, a browser, TAP.
#
# Writes to build/browser (node modules, the site's state) and
# build/screenshots: what a failed test saw, and with PICTURES=1 every kind of
# page at 360 and 1280 px, to be looked at.
#
#	B=build              where the programs are
#	CHROMIUM=chromium    the browser
#	PICTURES=            1: pictures of all pages, in build/screenshots
set -u
cd "$(dirname "$0")/../.." || exit 1
B=${B:-build}
work=build/browser
chromium=$(command -v "${CHROMIUM:-chromium}")

skip() { echo "1..0 # SKIP $*"; exit 0; }
bail() { echo "Bail out! $*"; exit 1; }
[ -n "$chromium" ] || skip 'no chromium'
command -v node >/dev/null || skip 'no node'
command -v npm >/dev/null || skip 'no npm'
node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' || skip 'node is older than 18'
[ -x "$B/bin/muster" ] || bail 'not built: run make first'
mkdir -p "$work" || exit 1

. tests/browser/modules.sh
install_modules || skip 'npm ci did not work: see above'

free_port()
{
	node -e 'const s = require("net").createServer().listen(0, "127.0.0.1",
		() => { console.log(s.address().port); s.close(); })'
}

site=
stop_site()
{
	[ -n "$site" ] && kill -TERM "$site" 2>/dev/null && wait "$site"
	site=
}
trap stop_site EXIT
trap 'exit 130' INT TERM

state=$work/state
rm -rf "$state" build/screenshots
mkdir -p build/screenshots "$state"
port=$(free_port)
PORT=$port STATE=$state LISTEN=127.0.0.1 DEMO=1 B=$B WORKERS=1 nginx/run.sh >"$work/site.log" 2>&1 &
site=$!
for ((i = 0; i < 150; i++)); do
	grep -q '^muster: sign in as' "$work/site.log" && break
	kill -0 "$site" 2>/dev/null || break
	sleep 0.1
done
password=$(sed -n '/with the password/{s/.*with the password \([^ ]*\).*/\1/p;q}' "$work/site.log")
[ -n "$password" ] || { sed 's/^/# /' "$work/site.log"; bail 'the site did not start'; }
echo 'mara at the door' | "$B/bin/muster" --state "$state" user add mara --role manager \
	--shelter RO-B-09 --shelter RO-B-12 >/dev/null || bail 'no manager could be made'
echo 'vera warns people' | "$B/bin/muster" --state "$state" user add vera --role publisher >/dev/null ||
	bail 'no officer could be made'
for name in rita rolf; do
	echo "$name in the field" | "$B/bin/muster" --state "$state" user add $name --role responder >/dev/null ||
		bail 'no responder could be made'
done
officer=$("$B/bin/muster" --state "$state" token add officer --role publisher) || bail 'no token could be made'

OFFICER_TOKEN=$officer SITE=http://127.0.0.1:$port STATE=$(realpath "$state") CHROMIUM=$chromium SHOTS=$(realpath build/screenshots) \
	ADMIN_PASSWORD=$password node tests/browser/all.mjs
result=$?

"$B/bin/muster" --state "$state" check >"$work/check.log" || {
	sed 's/^/# /' "$work/check.log"
	echo '# after all this the numbers do not agree with the ledger'
	result=1
}
stop_site
exit "$result"
