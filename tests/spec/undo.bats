# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Whatever step of a creation fails, nothing is left: strace(1) makes the n-th call of a kind fail, for every n until
# the creation succeeds.
load spec.bash
setup() {
    spec_setup
    command -v strace >/dev/null || skip "there is no strace"
}
teardown() { spec_teardown; }

# create_with_fault CALL N: whether create succeeds although the N-th CALL of the runtime fails.
create_with_fault() {
    strace -qq -o "$work/trace" -e "trace=$1" -e "inject=$1:error=EIO:when=$2" \
        "$runtime" --root "$root" create --bundle "$bundle" --pid-file "$work/pid" c1 \
        </dev/null >"$work/output" 2>&1
}

# Every call of a kind in turn, until there is none left to fail.
fail_each() {
    local call=$1 n failures=0 left
    for ((n = 1; n < 400; n++)); do
        if create_with_fault "$call" "$n"; then
            wherry delete --force c1
            rm -f "$work/pid"
        else
            failures=$((failures + 1))
            [[ -s $work/output ]] || { echo "no message for call $n of $call"; return 1; }
            [[ ! -e $work/pid ]] || { echo "a pid file after call $n of $call failed"; return 1; }
        fi
        left=$(what_is_left)
        [[ -z $left ]] || { echo "left by call $n of $call, which said $(cat "$work/output"): $left"; return 1; }
        grep -q INJECTED "$work/trace" || break
    done
    echo "$failures of $((n - 1)) faults were failures"
    ((failures > 0))
}


@test "an openat() that fails leaves nothing" {
    fail_each openat
}

@test "a mkdir() that fails leaves nothing" {
    fail_each mkdir
}

@test "a socketpair() that fails leaves nothing" {
    fail_each socketpair
}

@test "a socket() that fails leaves nothing" {
    fail_each socket
}

@test "a bind() that fails leaves nothing" {
    fail_each bind
}

@test "a listen() that fails leaves nothing" {
    fail_each listen
}

@test "a clone() that fails leaves nothing" {
    fail_each clone
}

@test "a renameat() that fails leaves nothing" {
    fail_each renameat
}

@test "a rename() that fails leaves nothing" {
    fail_each rename
}

@test "a sendmsg() that fails leaves nothing" {
    fail_each sendmsg
}

@test "a recvmsg() that fails leaves nothing" {
    fail_each recvmsg
}

@test "a ftruncate() that fails leaves nothing" {
    fail_each ftruncate
}

@test "a write() that fails leaves nothing" {
    fail_each write
}
