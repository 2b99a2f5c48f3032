# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Waiting for what happens soon, and measuring how soon.

# eventually SECONDS COMMAND...: until the command succeeds.
eventually() {
    local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@"; do
        ((${EPOCHREALTIME/./} < deadline)) || {
            echo "not within the time given: $*"
            return 1
        }
        sleep 0.02
    done
}

# milliseconds_of COMMAND...: prints how long it took, and nothing of what it printed.
milliseconds_of() {
    local start=${EPOCHREALTIME/./}
    "$@" >/dev/null || return
    echo $(((${EPOCHREALTIME/./} - start) / 1000))
}
