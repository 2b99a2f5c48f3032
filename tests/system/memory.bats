#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# A container's memory limit covers guest and monitor: a guest that uses all that it was given survives, at every size.
# What the monitor takes is measured here: BATS shows it with --show-output-of-passing-tests.
bats_require_minimum_version 1.5.0

# shellcheck source=tests/support/time.bash
source "$BATS_TEST_DIRNAME/../support/time.bash"

setup() {
    [[ -w /dev/kvm ]] || skip "there is no /dev/kvm"
    [[ ${WHERRY_ISOLATED:-} ]] || skip "runs under tests/support/isolate only"
    [[ -f /sys/fs/cgroup/memory/memory.limit_in_bytes ]] || skip "cgroup v1 has no memory controller here"
    wherry=${WHERRY_BUILD:?}/runtime/wherry root=$BATS_TEST_TMPDIR/root bundle=$BATS_TEST_TMPDIR/bundle
    group=/sys/fs/cgroup/memory$CGROUP/memory
    mkdir -p "$bundle/rootfs"
    "$wherry" spec --bundle "$bundle"
}

teardown() {
    "$wherry" --root "$root" delete --force c1
}

# start GUEST MIB: a container of the guest with that limit.
start() {
    cp "$WHERRY_BUILD/tests/guests/guest_$1" "$bundle/rootfs/guest"
    jq --arg group "$CGROUP/memory" --argjson limit $(($2 << 20)) '.process.terminal = false | .root.readonly = false |
        .process.args = ["/guest", "stay"] | .linux.cgroupsPath = $group | .linux.resources.memory = {limit: $limit}' \
        "$bundle/config.json" >"$bundle/new"
    mv "$bundle/new" "$bundle/config.json"
    "$wherry" --root "$root" create --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/output" 2>&1
    "$wherry" --root "$root" start c1
}
has_touched() {
    grep -qx touched "$BATS_TEST_TMPDIR/output"
}
is_stopped() {
    [[ $("$wherry" --root "$root" state c1 | jq -r .status) == stopped ]]
}

@test "a guest that touches all of its memory stays below its limit" {
    local limit guest most
    for limit in 8 64 256; do
        start touch_memory "$limit"
        eventually 50 has_touched
        guest=$(awk '$1 == "memory_bytes" { print $2 }' "$root/c1/record")
        most=$(cat "$group/memory.max_usage_in_bytes")
        echo "limit $limit MiB: guest $((guest >> 10)) KiB, at most in use $((most >> 10)) KiB"
        (($(cat "$group/memory.failcnt") == 0))
        ! is_stopped
        "$wherry" --root "$root" delete --force c1
    done
}

@test "a guest that fills a disk which is in memory is refused at its limit, and then still has all of its memory" {
    truncate -s 64M "$bundle/rootfs/room"
    head -c 33554432 /dev/urandom >"$bundle/rootfs/filled"
    start touch_memory_and_disk 32
    eventually 20 has_touched
    grep -q "writing fails: the limit of what it may write is reached" "$BATS_TEST_TMPDIR/output"
    [[ $(awk '$1 == "oom_kill" { print $2 }' "$group/memory.oom_control") == 0 ]]
}

@test "what a guest writes to a disk which is in memory is counted for its container" {
    head -c 33554432 /dev/urandom >"$bundle/rootfs/filled"
    start touch_memory_and_disk 512
    eventually 50 has_touched
    # More than the guest's own memory by about what it wrote: a sixteenth of what the monitor leaves, 30 MiB.
    (($(awk '$1 == "rss" { print $2 }' "$group/memory.stat") >
        $(awk '$1 == "memory_bytes" { print $2 }' "$root/c1/record") + (20 << 20)))
}
