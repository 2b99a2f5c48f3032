#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker's networks: the bridge and its published ports, networks of the user's, none, the host's, another container's.
bats_require_minimum_version 1.5.0
load engine

@test "a published port answers, and a container at its address" {
    d run -d --name published -p 8080:80 web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
    run -0 fetch http://127.0.0.1:8080/
    [[ $output == *"<title>"* ]]
    fetch -o /dev/null "http://$(address_of published)/"
}

@test "several containers answer side by side, each on its port" {
    local i
    for i in 1 2 3; do
        d run -d --name "side$i" -p "808$i:80" web
    done
    for i in 1 2 3; do
        eventually 10 fetch -o /dev/null "http://127.0.0.1:808$i/"
    done
}

@test "a restarted container answers at its port" {
    d run -d --name restarted -p 8080:80 web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
    d restart --time 1 restarted
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
}

@test "a network of the user's own, with a fixed address" {
    d network create --subnet 10.77.0.0/24 harbour
    d run -d --name fixed --network harbour --ip 10.77.0.9 web
    eventually 10 fetch -o /dev/null http://10.77.0.9/
    d rm --force fixed
    d network rm harbour
}

@test "--network none: a guest without a network device runs" {
    run -0 d run --rm --network none hello
    [[ $output == *Hello* ]]
}

@test "--network host: refused for a guest that would take the host's interfaces" {
    [[ $RUNTIME == wherry ]] || skip "a limit of unikernels"
    run d run --rm --network host web
    ((status == 125 || status == 126 || status == 128 || status == 1))
    [[ $output == *"host"*"network namespace"* || $output == *"network namespace"*"host"* ]]
    run -0 d run --rm --network host hello
}

@test "--network container: a unikernel beside an ordinary process, each at its port" {
    d run -d --name first -p 8080:80 -p 8090:90 box /bin/busybox nc -ll -p 90 -e /bin/busybox echo sidecar
    d run -d --name second --network container:first web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
    says_sidecar() { [[ $(busybox nc -w 3 127.0.0.1 8090 </dev/null) == sidecar ]]; }
    eventually 5 says_sidecar
    d rm --force second
    eventually 5 says_sidecar
}
