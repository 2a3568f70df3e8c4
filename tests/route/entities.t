#!/bin/bash
# entities.t - what stands out in a text, beside twitter-text on the same texts.
set -u
cd "$(dirname "$0")/../.." || exit 1
export B=${B:-build}
command -v node >/dev/null || { echo '1..0 # SKIP no node'; exit 0; }
command -v npm >/dev/null || { echo '1..0 # SKIP no npm'; exit 0; }
. tests/browser/modules.sh
install_modules || { echo '1..0 # SKIP npm ci did not work: see above'; exit 0; }
exec node tests/route/entities.mjs
