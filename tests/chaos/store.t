#!/bin/sh
# store.t - writers of the store are killed at random moments (tests/chaos/store.c).
#
#	ROUNDS=300   kills of all of them at once
exec "${B:-build}/tests/chaos/store"
