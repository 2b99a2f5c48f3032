# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The first thing that a newcomer runs. It builds in a folder of its own, so the first time takes minutes.
bats_require_minimum_version 1.5.0

setup() {
    ((EUID == 0)) || skip "only root can run containers with networks"
    [[ -w /dev/kvm ]] || skip "there is no /dev/kvm"
    export TMPDIR=$BATS_TEST_TMPDIR
    quickstart=$BATS_TEST_DIRNAME/../../examples/quickstart
}

nothing_is_left() {
    [ -z "$(ls -A "$TMPDIR")" ]
    run ! grep -F "$TMPDIR" /proc/self/mounts
}

@test "quickstart ends with a page out of a unikernel, and leaves nothing behind" {
    run -0 "$quickstart" 3>&-
    [[ $output == *"Hello from a unikernel"*"A page out of a unikernel"*"done;"* ]]
    nothing_is_left
}

@test "quickstart interrupted leaves nothing behind" {
    "$quickstart" >/dev/null 2>&1 3>&- &
    local quickstart_pid=$! status=0
    # At work: its folder is there.
    until [[ $(ls -A "$TMPDIR") ]]; do sleep 0.05; done
    sleep 0.3
    kill -TERM "$quickstart_pid"
    wait "$quickstart_pid" || status=$?
    [ "$status" -eq 143 ]
    nothing_is_left
}
