#!/bin/sh
# writers.t - four writers and four readers for a minute: nothing lost, no write longer than 100 ms.
#
#	SECS=60 WORST_MS=100
B=${B:-build} SECS=${SECS:-60} WORST_MS=${WORST_MS:-100}
export B SECS WORST_MS
exec "$B/tests/unit/writers_test"
