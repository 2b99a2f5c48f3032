# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the tests of the command line share: a bundle to change, wherry with a root of its own, and a look at what is
# left when a test ends.
bats_require_minimum_version 1.5.0
source "$BATS_TEST_DIRNAME/../support/time.bash"

spec_setup() {
    [[ -w /dev/kvm ]] || skip "there is no /dev/kvm"
    [[ ${WHERRY_ISOLATED:-} ]] || skip "runs under tests/support/isolate only"
    runtime=${WHERRY_BUILD:-$BATS_TEST_DIRNAME/../../build/release}/runtime/wherry
    hello=${WHERRY_BUILD:-$BATS_TEST_DIRNAME/../../build/release}/examples/hello/hello
    cgroup=wherry-spec-$$-$BATS_TEST_NUMBER
    work=$SCRATCH/$cgroup
    bundle=$work/bundle root=$work/root
    mkdir -p "$bundle/rootfs"
    cp "$hello" "$bundle/rootfs/hello"
    "$runtime" spec --bundle "$bundle"
    configure '.process.terminal = false | .process.args = ["/hello"] | .linux.cgroupsPath = $cgroup' \
        --arg cgroup "/$cgroup/c"
}

spec_teardown() {
    [[ ${work:-} ]] || return 0
    local id left
    for id in "$root"/*; do
        [[ -e $id ]] && "$runtime" --root "$root" delete --force "${id##*/}"
    done
    left=$(what_is_left)
    rm -rf "$work"
    # Runtimes that a container was handed to do not remove parents, and wherry only those that it made for this one.
    find /sys/fs/cgroup -depth -type d -name "$cgroup" -exec rmdir {} + 2>/dev/null
    [[ -z $left ]] || { echo "left behind: $left"; return 1; }
}

# Everything that a container may leave: state, cgroups, processes, delegated ids.
what_is_left() {
    ls -A "$root" 2>/dev/null
    find /sys/fs/cgroup -path "*/$cgroup/*" -type d 2>/dev/null
    pgrep -x wherry-monitor
    find /run/wherry-delegated -type f -path "*$cgroup*" 2>/dev/null
    true
}

# configure FILTER [JQ-OPTION...]: changes the bundle's config.json.
configure() {
    local filter=$1
    shift
    jq "$@" "$filter" "$bundle/config.json" >"$bundle/config.new"
    mv "$bundle/config.new" "$bundle/config.json"
}

wherry() {
    "$runtime" --root "$root" "$@"
}

# Standard descriptors that do not keep bats waiting for a container that stays.
create() {
    wherry create --bundle "$bundle" "$@" </dev/null >>"$work/output" 2>&1
}

status_of() {
    wherry state "$1" | jq -r .status
}

is_status() {
    [[ $(status_of "$1") == "$2" ]]
}

# refuses STATUS MESSAGE COMMAND...: fails with this status, and one line on standard error that holds the message.
refuses() {
    local status=$1 message=$2
    shift 2
    run --separate-stderr "-$status" "$@"
    # shellcheck disable=SC2154 # run sets it
    [[ $stderr == *"$message"* ]] || { echo "it says: $stderr"; return 1; }
    # shellcheck disable=SC2154
    [[ ${#stderr_lines[@]} -eq 1 ]] || { echo "more than one line: $stderr"; return 1; }
}

# The same, and nothing is left.
refuses_cleanly() {
    refuses "$@"
    local left
    left=$(what_is_left)
    [[ -z $left ]] || { echo "left behind: $left"; return 1; }
}
