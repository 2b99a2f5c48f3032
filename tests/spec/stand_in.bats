# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What stands in for a bundle's Linux program when others' suites are run with unikernels: tests/peers/as_unikernel.
load spec.bash
setup() {
    spec_setup
    mkdir -p "$bundle/rootfs/bin" "$bundle/rootfs/etc"
    ln -s busybox "$bundle/rootfs/bin/sh"
    ln -s busybox "$bundle/rootfs/bin/echo"
    echo guest >"$bundle/rootfs/etc/hostname"
}
teardown() { spec_teardown; }

# stand_in PROGRAM ARGUMENT...
stand_in() {
    printf '%s\0' "$@" >"$work/args"
    jq --rawfile args "$work/args" '.process.args = ($args | split("\u0000")[:-1]) | .process.env = ["HOME=/root"]' \
        "$bundle/config.json" >"$bundle/config.new"
    mv "$bundle/config.new" "$bundle/config.json"
    "$BATS_TEST_DIRNAME/../peers/as_unikernel" "$WHERRY_BUILD" --root "$root" run --bundle "$bundle" c1
}

@test "a command with its arguments" {
    run -0 stand_in echo "two  words" three
    [[ $output == "two  words three" ]]
}

@test "a script of lists, with its exit status" {
    run -7 stand_in /bin/sh -c 'while false; do echo a; done; false && echo b || if test -e /no; then echo c; else echo "d $HOME" && exit 7; fi'
    [[ $output == "d /root" ]]
    run -0 stand_in sh -c 'false; cat /etc/hostname; hostname
        ! false && echo "a;b" '"'\$c'"
    [[ $output == $'guest\nguest\na;b $c' ]]
}

@test "what it does not know is not there, or refused before anything is done" {
    run -127 stand_in sh -c 'echo first; awk x'
    [[ $output == $'first\nsh: awk: not found' ]]
    local script
    for script in 'echo a | cat' 'echo a >b' 'echo $(a)' 'echo a & b' 'echo "a' 'trap x $?'; do
        run -2 stand_in sh -c "echo first; $script"
        [[ $output == "sh: this needs a whole shell" ]]
    done
}

@test "a program that is not there is the runtime's to report" {
    run -127 stand_in /no/such/program
    [[ $output == *"/no/such/program"* ]]
}
