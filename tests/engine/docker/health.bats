#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Health checks: docker executes a command in the container; wherry carries wherry-probe out from outside.
bats_require_minimum_version 1.5.0
load engine

setup() {
    [[ $RUNTIME == wherry ]] || skip "wherry-probe is a command of wherry's"
}

has_health() {
    [[ $(inspect .State.Health.Status "$1") == "$2" ]]
}

@test "a guest that answers is healthy, one that does not is unhealthy" {
    d run -d --name well --health-cmd 'wherry-probe http 80 /' --health-interval 1s web
    d run -d --name ill --health-cmd 'wherry-probe --timeout 1 tcp 81' --health-interval 1s --health-retries 2 web
    eventually 15 has_health well healthy
    eventually 15 has_health ill unhealthy
    run -0 d inspect --format '{{json .State.Health.Log}}' ill
    [[ $output == *'"ExitCode":1'* && $output == *"unhealthy: connect to"*":81"* ]]
}

@test "exec of a probe has its exit status and says what it found" {
    d run -d --name asked web
    eventually 10 d exec asked wherry-probe tcp 80
    run -0 d exec asked wherry-probe http 80 /
    [[ $output == healthy ]]
    run -1 d exec asked wherry-probe http 80 /absent
    [[ $output == *"answers GET /absent with status 404"* ]]
    run d exec asked wherry-probe udp 80
    ((status != 0))
    [[ $output == *"'udp' is neither tcp nor http"* ]]
}
