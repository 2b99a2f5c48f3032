# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The hello example under wherry-monitor, without a container.
bats_require_minimum_version 1.5.0

setup() {
    [[ -w /dev/kvm ]] || skip "there is no /dev/kvm"
    monitor=$WHERRY_BUILD/monitor/wherry-monitor
    hello=$WHERRY_BUILD/examples/hello/hello
}

@test "hello greets and says its arguments" {
    run -0 "$monitor" --mem=4 "$hello" one "two"
    [ "${lines[0]}" = "Hello from a unikernel" ]
    [ "${lines[1]}" = "argument 1: one" ]
    [ "${lines[2]}" = "argument 2: two" ]
    [ "${#lines[@]}" -eq 3 ]
}

@test "hello's exit status is the monitor's" {
    run -7 "$monitor" --mem=4 "$hello" --exit 7
}

@test "hello declares no device, and was built with the kit" {
    run -0 "$monitor" --inspect "$hello"
    [[ $output == *kit* ]]
}
