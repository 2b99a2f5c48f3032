# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Containers that are no unikernels belong to another runtime, from create to delete.
load spec.bash
setup() {
    spec_setup
    command -v runc >/dev/null || skip "there is no runc"
    mkdir -p "$bundle/rootfs/bin"
    cp /bin/busybox "$bundle/rootfs/bin/busybox"
    ln -s busybox "$bundle/rootfs/bin/sh"
    (cd "$work" && runc spec)
    jq --arg cgroup "/$cgroup/c" '.process.terminal = false | .process.args = ["/bin/sh", "-c", "exit 5"]
        | .process.capabilities = {} | .process.rlimits = [] | .linux.cgroupsPath = $cgroup' \
        "$work/config.json" >"$bundle/config.json"
}
teardown() { spec_teardown; }

@test "run hands it over, and the log says so" {
    run -5 wherry --log "$work/log" run --bundle "$bundle" c1
    grep -q "container 'c1' is no unikernel: handing it over to " "$work/log"
    wherry list -q
}

@test "where no log is asked for, standard error has the container's output and nothing of wherry's" {
    configure '.process.args = ["/bin/sh", "-c", "echo of the container >&2"]'
    run --separate-stderr -0 wherry run --bundle "$bundle" c1
    # shellcheck disable=SC2154 # run sets it
    [[ $stderr == "of the container" ]]
    [[ -z $(wherry list -q) ]]
}

@test "a person at a terminal is told whom it was handed to" {
    local output
    output=$(script --quiet --return --command "'$runtime' --root '$root' run --bundle '$bundle' c1" /dev/null </dev/null) ||
        [[ $? == 5 ]]
    [[ $output == *"container 'c1' is no unikernel: handing it over to "* ]]
    [[ -z $(wherry list -q) ]]
}

@test "what wherry would refuse is for the other runtime to judge" {
    configure '.linux.resources.devices = [{"allow": false, "type": "c", "major": 1, "minor": 11, "access": "rwa"}]'
    run -5 wherry run --bundle "$bundle" c1
    [[ -z $(wherry list -q) ]]
    configure '.process.args = ["/hello"]'
    refuses 125 "linux.resources.devices[0]: access 'rwa' has letters other than r, w and m" \
        wherry run --bundle "$bundle" c1
}

@test "every command reaches it" {
    configure '.process.args = ["/bin/busybox", "sleep", "60"]'
    create c1 --pid-file "$work/pid"
    [[ $(status_of c1) == created ]]
    wherry start c1
    [[ $(status_of c1) == running ]]
    [[ $(wherry list -q) == c1 ]]
    [[ $(wherry list --format json | jq -r '.[0].status') == running ]]
    run -0 wherry exec c1 /bin/busybox echo inside
    [[ $output == inside ]]
    wherry ps c1 | grep -q sleep
    wherry kill c1 KILL
    eventually 5 is_status c1 stopped
    wherry delete c1
    [[ -z $(what_is_left) ]]
}

@test "containers of both kinds live below one root" {
    create other
    cp "$bundle/config.json" "$work/other.json"
    configure '.process.args = ["/hello"] | .linux.cgroupsPath += "2"'
    create own
    [[ $(wherry list -q | sort | tr '\n' ' ') == "other own " ]]
    wherry delete --force other
    wherry delete --force own
}

@test "without any other runtime it is an error: 127" {
    printf 'delegate = /nowhere/crun\n' >"$work/settings"
    refuses 127 "there is no other runtime" wherry --settings "$work/settings" run --bundle "$bundle" c1 ||
        refuses 125 "/nowhere/crun" wherry --settings "$work/settings" run --bundle "$bundle" c1
}
