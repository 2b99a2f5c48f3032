# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# What the tests of the engine share. setup_suite.bash has set ENGINE, RUNTIME and RUNTIME_PATH.

# shellcheck source=tests/support/time.bash
source "${BASH_SOURCE[0]%/*}/../../support/time.bash"
# shellcheck source=tests/engine/image.bash
source "${BASH_SOURCE[0]%/*}/../image.bash"

# c ARGUMENT...: ctr, talking to the private containerd.
c() {
    ctr --address "$ENGINE/containerd.sock" "$@" 3>&-
}

# ctr_run OPTION... IMAGE ID ARG...: a container with the tested runtime.
ctr_run() {
    c run --runtime io.containerd.runc.v2 --runc-binary "$RUNTIME_PATH" "$@"
}

# The status of a task as containerd has it: CREATED, RUNNING, PAUSED, STOPPED, or nothing.
status_of() {
    c tasks ls | awk -v id="$1" '$1 == id { print $3 }'
}
pid_of() {
    c tasks ls | awk -v id="$1" '$1 == id { print $2 }'
}
has_status() {
    [[ $(status_of "$1") == "$2" ]]
}

# Everything that the containers of this containerd have on this machine, one line each.
engine_residue() {
    # shellcheck disable=SC2009 # a name and its arguments are wanted
    ps -eo comm=,args= | grep -E '^(wherry|hello|web)' || true
    ip -o link show type tun
    find "${RUNTIME_ROOT:-/run/containerd/runc/default}" -mindepth 1 -maxdepth 1 2>/dev/null
    grep -E "$ENGINE/state/.*/rootfs" /proc/self/mounts
    return 0
}
no_residue() {
    [[ -z $(engine_residue) ]]
}

# Every test ends with no container and nothing of one.
teardown() {
    local id
    for id in $(c tasks ls -q); do
        c tasks delete --force "$id" >/dev/null 2>&1 || true
    done
    for id in $(c containers ls -q); do
        c containers delete "$id"
    done
    eventually 5 no_residue || {
        echo "left behind:"
        engine_residue
        return 1
    }
}
