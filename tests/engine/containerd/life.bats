#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container's life under containerd's runc shim, as `ctr` drives it.
bats_require_minimum_version 1.5.0
load engine

@test "run prints what the guest prints, and ends with its exit status" {
    run -0 ctr_run --rm localhost/hello:latest greets /hello one "two words"
    [[ $output == *Hello* && $output == *"two words"* ]]
    run -7 ctr_run --rm localhost/hello:latest ends /hello --exit 7
}

@test "a task runs until it is killed, and its status has the signal" {
    ctr_run --detach localhost/hello:latest stays /hello --wait 60
    has_status stays RUNNING
    c tasks kill --signal SIGKILL stays
    eventually 5 has_status stays STOPPED
    run c tasks delete stays
    [[ $output == *137* ]]
}

@test "SIGTERM ends the guest in well under a second" {
    ctr_run --detach localhost/hello:latest asked /hello --wait 60
    c tasks kill --signal SIGTERM asked
    eventually 1 has_status asked STOPPED
}

@test "kill --all, and delete of a task that has ended" {
    ctr_run --detach localhost/hello:latest all /hello --wait 60
    c tasks kill --all --signal SIGKILL all
    eventually 5 has_status all STOPPED
    c tasks delete all
}

@test "delete --force of a running task" {
    ctr_run --detach localhost/hello:latest forced /hello --wait 60
    c tasks delete --force forced
    [[ -z $(status_of forced) ]]
}

@test "ps names the process of the container" {
    ctr_run --detach localhost/hello:latest listed /hello --wait 60
    run -0 c tasks ps listed
    [[ $output == *"$(pid_of listed)"* ]]
}

@test "metrics count what the container uses" {
    ctr_run --detach localhost/hello:latest measured /hello --wait 60
    run -0 c tasks metrics --format json measured
    [[ $(jq '.memory.usage.usage // .memory.usage' <<<"$output") -gt 0 ]]
}

@test "pause stops the guest, resume lets it go on" {
    ctr_run --detach localhost/hello:latest paused /hello --wait 60
    c tasks pause paused
    has_status paused PAUSED
    c tasks resume paused
    has_status paused RUNNING
}

@test "arguments that do not fit into a guest's command line are refused, not cut" {
    [[ $RUNTIME == wherry ]] || skip "a limit of unikernels"
    local long
    long=$(printf 'a%.0s' {1..9000})
    run ctr_run --rm localhost/hello:latest long /hello "$long"
    ((status != 0))
    [[ $output == *"command line"* ]]
}

@test "a program that is not there is an error that says so" {
    run ctr_run --rm localhost/hello:latest absent /absent
    ((status != 0))
    [[ ${output,,} == *"/absent"* && ${output,,} == *"no such file"* ]]
}

@test "a container that is killed for want of memory is an event of that kind" {
    [[ $RUNTIME == wherry ]] || skip "a guest that takes its memory late"
    image_greedy "$BATS_TEST_TMPDIR/greedy"
    image_archive greedy "$BATS_TEST_TMPDIR/greedy" /greedy "$BATS_TEST_TMPDIR/greedy.tar"
    c images import "$BATS_TEST_TMPDIR/greedy.tar"
    timeout 30 ctr --address "$ENGINE/containerd.sock" events >"$BATS_TEST_TMPDIR/events" 3>&- &
    ctr_run --detach --memory-limit 67108864 localhost/greedy:latest greedy /greedy later
    memory_limit "$(pid_of greedy)" 33554432
    eventually 10 has_status greedy STOPPED
    is_told() { grep -q '/tasks/oom {"container_id":"greedy"}' "$BATS_TEST_TMPDIR/events"; }
    eventually 5 is_told
    c images rm localhost/greedy:latest
    kill %%
}

@test "a guest in a network namespace that was made before" {
    ip netns add made
    ip link add outside type veth peer name inside netns made
    ip addr add 10.77.0.1/24 dev outside
    ip link set outside up
    ip -n made addr add 10.77.0.2/24 dev inside
    ip -n made link set inside up
    ctr_run --detach --with-ns network:/run/netns/made localhost/web:latest served
    run -0 eventually 10 curl -sf --max-time 2 http://10.77.0.2/
    [[ $output == *"<title>"* ]]
    c tasks delete --force served
    c containers delete served
    ip link del outside
    ip netns del made
}
