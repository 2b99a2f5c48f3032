# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# runtime-spec config.md, "POSIX-platform Hooks", and runtime.md, "Lifecycle".
load spec.bash
setup() { spec_setup; }
teardown() { spec_teardown; }

# add_hook KIND SCRIPT [MEMBERS]: appends a hook that runs a line of shell.
add_hook() {
    configure '.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $script]} + $more]' \
        --arg kind "$1" --arg script "$2" --argjson more "${3:-{\}}"
}


@test "hooks run in their order, each kind at its time" {
    local kind
    for kind in prestart createRuntime createContainer poststart poststop; do
        add_hook "$kind" "echo $kind 1 >>$work/order"
        add_hook "$kind" "echo $kind 2 >>$work/order"
    done
    create c1
    [[ $(tr '\n' , <"$work/order") == "prestart 1,prestart 2,createRuntime 1,createRuntime 2,createContainer 1,createContainer 2," ]]
    wherry start c1
    [[ $(tail -n 2 "$work/order" | tr '\n' ,) == "poststart 1,poststart 2," ]]
    eventually 5 is_status c1 stopped
    wherry delete c1
    [[ $(tail -n 2 "$work/order" | tr '\n' ,) == "poststop 1,poststop 2," ]]
}

@test "startContainer hooks run in the root file system, before the guest" {
    cp /bin/busybox "$bundle/rootfs/busybox"
    configure '.hooks.startContainer = [{path: "/busybox", args: ["sh", "-c", "pwd >/told; /busybox cat >>/told"]}]'
    create c1
    [[ ! -e $bundle/rootfs/told ]]
    wherry start c1
    [[ $(head -n 1 "$bundle/rootfs/told") == / ]]
    [[ $(tail -n +2 "$bundle/rootfs/told" | jq -r .status) == created ]]
}

# "The state of the container MUST be passed to hooks over stdin"
@test "hooks get the state on standard input" {
    add_hook createRuntime "cat >$work/create"
    add_hook poststart "cat >$work/start"
    add_hook poststop "cat >$work/stop"
    configure '.process.args = ["/hello", "--wait", "60"]'
    create c1 --pid-file "$work/pid"
    [[ $(jq -r '.id + " " + .status + " " + (.pid | tostring)' "$work/create") == "c1 creating $(cat "$work/pid")" ]]
    [[ $(jq -r .bundle "$work/create") == "$(realpath "$bundle")" ]]
    wherry start c1
    [[ $(jq -r .status "$work/start") == running ]]
    wherry delete --force c1
    [[ $(jq -r .status "$work/stop") == stopped ]]
}

@test "a hook's environment is its own and nothing else" {
    add_hook createRuntime "/usr/bin/env >$work/env" '{"env": ["A=b"]}'
    create c1
    grep -qx A=b "$work/env"
    run ! grep -q HOME= "$work/env"
}

@test "createContainer hooks are in the container's namespaces, the others in the runtime's" {
    add_hook createRuntime "/usr/bin/readlink /proc/self/ns/net >$work/runtime"
    add_hook createContainer "/usr/bin/readlink /proc/self/ns/net >$work/container"
    create c1 --pid-file "$work/pid"
    [[ $(cat "$work/runtime") == "$(readlink /proc/self/ns/net)" ]]
    [[ $(cat "$work/container") == "$(readlink "/proc/$(cat "$work/pid")/ns/net")" ]]
}

# "If any prestart (createRuntime, createContainer) hook fails, the runtime MUST generate an error, stop the container,
# and continue the lifecycle at" the deletion, after which the poststop hooks run
@test "a hook of create that fails undoes everything" {
    local kind
    for kind in prestart createRuntime createContainer; do
        configure 'del(.hooks)'
        add_hook "$kind" "exit 3"
        add_hook poststop "echo $kind >>$work/stopped"
        refuses_cleanly 1 "run $kind hook '/bin/sh': exit status 3" wherry create --bundle "$bundle" c1
    done
    [[ $(tr '\n' , <"$work/stopped") == prestart,createRuntime,createContainer, ]]
}

@test "a startContainer hook that fails stops the container" {
    configure '.hooks.startContainer = [{path: "/nowhere"}]'
    create c1
    refuses 1 "run startContainer hook '/nowhere'" wherry start c1
    is_status c1 stopped
}

# runtime-spec 1.3: "If any poststart hook fails, the runtime MUST generate an error, stop the container"
@test "a poststart hook that fails stops the container" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    add_hook poststart "exit 1"
    create c1
    refuses 1 "run poststart hook '/bin/sh': exit status 1" wherry start c1
    is_status c1 stopped
}

# "If any poststop hook fails, the runtime MUST log a warning, but the remaining hooks and lifecycle continue"
@test "a poststop hook that fails is a warning" {
    add_hook poststop "exit 1"
    add_hook poststop "echo ran >$work/second"
    create c1
    run -0 --separate-stderr wherry delete --force c1
    # shellcheck disable=SC2154 # run sets it
    [[ $stderr == *"run poststop hook '/bin/sh': exit status 1"* ]]
    [[ -e $work/second ]]
}

@test "a hook that takes longer than its timeout is killed, and has failed" {
    add_hook createRuntime "exec /bin/sleep 60" '{"timeout": 1}'
    refuses_cleanly 1 "did not end within 1.000 s" wherry create --bundle "$bundle" c1
}

@test "a hook that is not there is an error that names it" {
    configure '.hooks.createRuntime = [{path: "/nowhere/hook"}]'
    refuses_cleanly 1 "run createRuntime hook '/nowhere/hook': execute '/nowhere/hook': No such file" \
        wherry create --bundle "$bundle" c1
}
