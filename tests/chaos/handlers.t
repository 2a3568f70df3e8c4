#!/bin/bash
# handlers.t - as tests/site/kill.t, for a minute: LOAD=60.
LOAD=${LOAD:-60} exec "${0%/*}/../site/kill.t"
