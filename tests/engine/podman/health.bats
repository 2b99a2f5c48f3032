#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Health checks: podman executes a command in the container; wherry carries wherry-probe out from outside.
bats_require_minimum_version 1.5.0
load engine

setup() {
    [[ $RUNTIME == wherry ]] || skip "wherry-probe is a command of wherry's"
}

is_healthy() {
    p healthcheck run "$1"
}

@test "a guest that answers is healthy, one that does not is not" {
    p run -d --name well --health-cmd 'wherry-probe http 80 /' --health-interval disable web
    eventually 10 is_healthy well
    [[ $(p inspect --format '{{.State.Health.Status}}' well) == healthy ]]
    p run -d --name ill --health-cmd 'wherry-probe --timeout 1 tcp 81' --health-interval disable web
    run -1 p healthcheck run ill
}

@test "an annotation says what a probe without words does" {
    p run -d --name annotated --annotation 'dev.wherry.probe=http 80 /index.html' \
        --health-cmd wherry-probe --health-interval disable web
    eventually 10 is_healthy annotated
    run p run --rm --annotation 'dev.wherry.probe=udp 53' web
    ((status != 0))
    [[ $output == *"annotation dev.wherry.probe: 'udp' is neither tcp nor http"* ]]
}

@test "a health check that needs a process in the guest fails, and says what would do" {
    p run -d --name other --health-cmd 'curl -f http://localhost/' --health-interval disable web
    run p healthcheck run other
    ((status != 0))
    run p exec other curl
    ((status != 0))
    [[ $output == *"is a unikernel"*"wherry-probe"* ]]
}
