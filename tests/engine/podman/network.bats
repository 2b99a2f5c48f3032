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

@test "a network with IPv4 and IPv6: a container answers at both of its addresses" {
    [[ $RUNTIME == wherry ]] || skip "the payload of other runtimes listens at an IPv4 address"
    p network create --ipv6 --subnet 10.78.0.0/24 --subnet fd78::/64 --opt mtu=1400 strait
    p run -d --name both --network strait web
    eventually 10 fetch -o /dev/null "http://$(p inspect --format '{{.NetworkSettings.Networks.strait.IPAddress}}' both)/"
    eventually 10 fetch -o /dev/null "http://[$(p inspect --format '{{.NetworkSettings.Networks.strait.GlobalIPv6Address}}' both)]/"
    p rm --force --time 0 both
    p network rm strait
}

@test "of several networks the guest's device has the one that an annotation names" {
    [[ $RUNTIME == wherry ]] || skip "network devices of a unikernel"
    local wanted address
    p network create --subnet 10.76.0.0/24 north
    p network create --subnet 10.77.0.0/24 south
    for wanted in eth0 eth1; do
        p run -d --name many --network north --network south --annotation "dev.wherry.net.service=$wanted" web
        address=$(ip -4 -o -n "$(basename "$(p inspect --format '{{.NetworkSettings.SandboxKey}}' many)")" \
            addr show "$wanted" | awk '{ sub("/.*", "", $4); print $4 }')
        eventually 10 fetch -o /dev/null "http://$address/"
        p rm --force --time 0 many
    done
    p network rm north south
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
