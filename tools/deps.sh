#!/bin/sh
# deps.sh - installs the Debian packages of packages.txt that are missing.
#
#	tools/deps.sh run|test      test includes run
#
# Answers at once while build/.deps-KIND is younger than the list.
set -eu

kind=${1-}
case $kind in
run) kinds=run ;;
test) kinds='run test' ;;
*) echo 'usage: tools/deps.sh run|test' >&2; exit 2 ;;
esac

cd "$(dirname "$0")/.."
stamp=build/.deps-$kind
if [ -e "$stamp" ] && [ -z "$(find packages.txt -newer "$stamp")" ]; then
	exit 0
fi

wanted()
{
	awk -v kinds=" $kinds " '{ sub(/#.*/, "") }
	    NF && index(kinds, " " $2 " ") { print $1 }' packages.txt
}

# node often comes from elsewhere, and Debian's npm would then pull a second one.
# A host has one mail server: apt would take its own away for ours.
have()
{
	case $1 in
	exim4-daemon-light) [ -e /usr/sbin/sendmail ] && return 0 ;;
	nodejs | npm) command -v node >/dev/null && command -v npm >/dev/null && return 0 ;;
	esac
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Debian starts nginx on port 80 as soon as it is unpacked, and exim on 25.  muster
# runs its own instances, so say no to every service for the time of the installation.
policy=/usr/sbin/policy-rc.d
restore_policy()
{
	[ -z "${policy_ours-}" ] || rm -f "$policy"
	policy_ours=
}
forbid_services()
{
	[ -e "$policy" ] && return       # the host has an opinion of its own
	policy_ours=1
	trap restore_policy EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

if ! command -v dpkg-query >/dev/null; then
	echo "deps: no dpkg here; please see to it that these are installed:" >&2
	wanted | tr '\n' ' ' >&2
	echo >&2
else
	missing=
	for p in $(wanted); do
		have "$p" || missing="$missing $p"
	done
	if [ -n "$missing" ]; then
		if [ "$(id -u)" -ne 0 ]; then
			echo "deps: not root, so please install first:" >&2
			echo "	apt-get install --no-install-recommends$missing" >&2
			exit 1
		fi
		echo "deps: installing$missing"
		export DEBIAN_FRONTEND=noninteractive
		forbid_services
		apt-get update -qq
		# shellcheck disable=SC2086 # a list of names
		apt-get install -qq -y --no-install-recommends $missing
		restore_policy
	fi
fi
mkdir -p build
touch "$stamp"
