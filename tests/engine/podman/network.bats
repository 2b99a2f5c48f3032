#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The engine's networks: published ports, addresses, several containers, none.
bats_require_minimum_version 1.5.0
load engine

fetch() {
    curl --silent --show-error --fail --max-time 5 "$@"
}

address_of() {
    p inspect --format '{{.NetworkSettings.IPAddress}}' "$1"
}

@test "a published port answers" {
    p run -d --name published -p 8080:80 web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
    run -0 fetch http://127.0.0.1:8080/
    [[ $output == *"<title>"* ]]
}

@test "a container answers at its address" {
    p run -d --name addressed web
    eventually 10 fetch -o /dev/null "http://$(address_of addressed)/"
}

@test "several containers answer side by side, each on its port" {
    local i
    for i in 1 2 3; do
        p run -d --name "side$i" -p "808$i:80" web
    done
    for i in 1 2 3; do
        eventually 10 fetch -o /dev/null "http://127.0.0.1:808$i/"
    done
}

@test "a port is free again when its container has stopped" {
    p run -d --name before -p 8080:80 web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
    p stop --time 1 before
    p run -d --name after -p 8080:80 web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
}

@test "a restarted container answers at its port" {
    p run -d --name restarted -p 8080:80 web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
    p restart --time 1 restarted
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
}

@test "a network of the user's own, with a fixed address" {
    p network create --subnet 10.77.0.0/24 harbour
    p run -d --name fixed --network harbour --ip 10.77.0.9 web
    eventually 10 fetch -o /dev/null http://10.77.0.9/
    p rm --force --time 0 fixed
    p network rm harbour
}

@test "--network none: a guest without a network device runs" {
    run -0 p run --rm --network none hello
    [[ $output == *Hello* ]]
}

@test "a hundred requests at once are all answered" {
    p run -d --name busy -p 8080:80 web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
    run -0 fetch --parallel --parallel-max 20 -o "$BATS_TEST_TMPDIR/answer-#1" 'http://127.0.0.1:8080/?[1-100]'
    [[ $(cat "$BATS_TEST_TMPDIR"/answer-* | grep -c '<title>') -ge 100 ]]
}
