# shellcheck shell=bash
# modules.sh - what tests need from npm, pinned by package-lock.json.
#
# install_modules puts it into build/browser; false, with the reason as TAP
# comments, where it does not work.  A script takes a module with
#	createRequire(process.env.MODULES)('mailparser')

modules=build/browser
export MODULES=$PWD/build/browser/

install_modules()
{
	mkdir -p "$modules" || return 1
	(
		flock 9                  # two tests may want it at once
		cmp -s tests/browser/package-lock.json "$modules/node_modules/.installed" && exit 0
		# npm ci writes beside the lock file: hence a copy.  The stamp is the lock
		# that was installed last.
		cp tests/browser/package.json tests/browser/package-lock.json tests/browser/.npmrc "$modules/"
		(cd "$modules" && npm ci --ignore-scripts) >"$modules/npm.log" 2>&1 || {
			sed 's/^/# /' "$modules/npm.log"
			exit 1
		}
		cp tests/browser/package-lock.json "$modules/node_modules/.installed"
	) 9>"$modules/.lock"
}
