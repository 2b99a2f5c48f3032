# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The command line as engines use it: runc's options, in every form, and runc's way to report errors.
load spec.bash
setup() { spec_setup; }
teardown() { spec_teardown; }

@test "--version names the program and the specification" {
    run -0 "$runtime" --version
    [[ ${lines[0]} == "wherry version "* ]]
    [[ ${lines[1]} == "spec: 1."* ]]
    run -0 "$runtime" -v
}

@test "--help shows all commands, COMMAND --help its options" {
    run -0 "$runtime" --help
    local command
    for command in create run start state kill delete list ps pause resume update events exec checkpoint restore \
        features spec; do
        [[ $output == *"  $command "* ]]
    done
    run -0 "$runtime" create --help
    [[ $output == *"--bundle"* && $output == *"--console-socket"* ]]
    run -0 "$runtime" create --bundle /nowhere --help
    [[ $output == *"--console-socket"* ]]
    run -0 "$runtime" image ls -h
    [[ $output == *"--store"* ]]
    refuses_cleanly 1 "-h" wherry state -- -h
}

@test "unknown commands and options are errors" {
    refuses_cleanly 1 'unknown command "fly"' wherry fly
    refuses_cleanly 1 'unknown option "--fly"' wherry state --fly c1
    refuses_cleanly 1 'unknown option "--fly"' wherry --fly state c1
}

@test "options are taken in both forms, before and behind the id" {
    "$runtime" --root="$root" --log="$work/log" --log-format=json --debug create --bundle="$bundle" \
        --pid-file="$work/pid" --no-pivot --no-new-keyring --preserve-fds=0 c1 </dev/null >"$work/output" 2>&1
    [[ -s $work/pid ]]
    wherry delete c1 --force
    "$runtime" --systemd-cgroup=false --root "$root" create c1 -b "$bundle" </dev/null >"$work/output" 2>&1
    is_status c1 created
}

@test "an error is one JSON line in the log, with runc's members, and plain on standard error" {
    refuses_cleanly 1 "container 'c1' does not exist" wherry --log "$work/log" --log-format json state c1
    [[ $(wc -l <"$work/log") -eq 1 ]]
    [[ $(jq -r '.level + ": " + .msg' "$work/log") == "error: container 'c1' does not exist" ]]
    date --date "$(jq -r .time "$work/log")" >/dev/null
}

@test "a log is appended to" {
    run wherry --log "$work/log" --log-format json state c1
    run wherry --log "$work/log" --log-format json state c2
    [[ $(wc -l <"$work/log") -eq 2 ]]
}

@test "--debug logs what is done" {
    run -0 wherry --debug --log "$work/log" run --bundle "$bundle" c1
    grep -q "a unikernel with 536870912 bytes of memory, 0 block and 0 network devices" "$work/log"
    grep -q "the guest runs" "$work/log"
}

@test "features is JSON and needs nothing" {
    run -0 --separate-stderr "$runtime" features
    [[ $(jq -r .ociVersionMin <<<"$output") == 1.0.* ]]
    [[ $(jq '.hooks | length' <<<"$output") -eq 6 ]]
    # shellcheck disable=SC2154 # run sets it
    [[ -z $stderr ]]
}

@test "spec makes a config.json once" {
    mkdir "$work/new"
    wherry spec --bundle "$work/new"
    jq -e .ociVersion "$work/new/config.json"
    refuses_cleanly 1 "config.json exists" wherry spec --bundle "$work/new"
}

@test "a root below a very long path works" {
    root=$work/$(printf 'long%.0s' {1..40})
    create c1
    wherry start c1
    eventually 5 is_status c1 stopped
    wherry delete c1
}

@test "settings decide, and wrong ones are named" {
    echo "memory = 8388608" >"$work/settings"
    run -0 wherry --settings "$work/settings" run --bundle "$bundle" c1
    echo "colour = red" >"$work/settings"
    refuses_cleanly 125 'line 1: "colour": no such setting' wherry --settings "$work/settings" run --bundle "$bundle" c1
}
