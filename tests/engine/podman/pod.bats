#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Pods: containers that share a network namespace, unikernels and processes mixed.
bats_require_minimum_version 1.5.0
load engine

fetch() {
    curl --silent --show-error --fail --max-time 5 -o /dev/null "$@"
}

# sidecar POD PORT: a process in the pod that says "sidecar" to whoever connects.
sidecar() {
    local folder=$BATS_TEST_TMPDIR/sidecar
    mkdir -p "$folder/bin"
    cp "$(command -v busybox)" "$folder/bin/"
    tar -C "$folder" -c . | p import - sidecar >/dev/null
    p run -d --pod "$1" --name "$1-sidecar" sidecar /bin/busybox nc -ll -p "$2" -e /bin/busybox echo sidecar
}

says_sidecar() {
    [[ $(busybox nc -w 3 127.0.0.1 "$1" </dev/null) == sidecar ]]
}

@test "a unikernel in a pod answers at the pod's port" {
    p pod create --name quay -p 8080:80
    p run -d --pod quay --name quay-web web
    eventually 10 fetch http://127.0.0.1:8080/
}

@test "two unikernels in one pod answer, each at its port" {
    [[ $RUNTIME == wherry ]] || skip "the payload of other runtimes listens at port 80 only"
    p pod create --name quay -p 8080:80 -p 8081:81
    p run -d --pod quay --name quay-one web
    p run -d --pod quay --name quay-two web --port=81
    eventually 10 fetch http://127.0.0.1:8080/
    eventually 10 fetch http://127.0.0.1:8081/
    fetch http://127.0.0.1:8080/

    p kill quay-one
    fetch http://127.0.0.1:8081/
    p start quay-one
    eventually 10 fetch http://127.0.0.1:8080/
    fetch http://127.0.0.1:8081/
}

@test "a process beside a unikernel keeps its port, before and after it" {
    p pod create --name quay -p 8080:80 -p 8090:90
    sidecar quay 90
    eventually 10 says_sidecar 8090
    p run -d --pod quay --name quay-web web
    eventually 10 fetch http://127.0.0.1:8080/
    says_sidecar 8090
    p rm --force --time 0 quay-web
    says_sidecar 8090
}

# inside POD COMMAND...: in the pod's network namespace, from outside: as whoever forwards a port.
inside() {
    local infra
    infra=$(p pod inspect --format '{{.InfraContainerID}}' "$1")
    nsenter --net="/proc/$(p inspect --format '{{.State.Pid}}' "$infra")/ns/net" "${@:2}"
}

# talks POD: everything in the namespace reaches everything, the pod's address and 127.0.0.1 alike.
talks() {
    local address where port
    address=$(inside "$1" hostname -I | cut -d' ' -f1)
    for where in 127.0.0.1 "$address"; do
        for port in 80 81; do
            inside "$1" curl --silent --show-error --fail --max-time 5 -o /dev/null "http://$where:$port/"
        done
        [[ $(inside "$1" busybox nc -w 3 "$where" 90 </dev/null) == sidecar ]]
    done
    for where in 169.254.119.104 "$address"; do
        for port in 80 81; do
            p run --rm --pod "$1" dial "$where" "$port" | grep "<title>"
        done
        p run --rm --pod "$1" dial "$where" 90 | grep sidecar
        p run --rm --pod "$1" dial "$where" 92 2>&1 | grep "connection refused"
    done
}

# is_clean POD: nothing of the runtime's is in the namespace.
is_clean() {
    [[ -z $(inside "$1" sh -c 'tc qdisc show | grep clsact; ip -6 route show table all | grep fd77; ls /sys/class/net | grep wherry') ]]
    [[ $(inside "$1" sysctl -n net.ipv4.conf.lo.accept_local net.ipv4.conf.lo.route_localnet | sort -u) == 0 ]]
}

@test "unikernels and processes of a pod reach each other, and leave nothing in its namespace" {
    [[ $RUNTIME == wherry ]] || skip "the payload of other runtimes listens at port 80 only"
    image_dial "$BATS_TEST_TMPDIR/dial"
    p build -q -t dial "$BATS_TEST_TMPDIR/dial"
    p pod create --name quay -p 8080:80
    sidecar quay 90
    p run -d --pod quay --name quay-one web
    p run -d --pod quay --name quay-two web --port=81
    eventually 10 fetch http://127.0.0.1:8080/
    talks quay
    p kill quay-one quay-two
    p rm quay-one quay-two
    is_clean quay
    run ! inside quay curl --silent --max-time 5 http://127.0.0.1:80/
}

@test "a published port answers at 127.0.0.1 of the host and of the namespace" {
    p run -d --name shore -p 127.0.0.1:8080:80 web
    eventually 10 fetch http://127.0.0.1:8080/
    nsenter --net="$(p inspect --format '{{.NetworkSettings.SandboxKey}}' shore)" \
        curl --silent --show-error --fail --max-time 5 -o /dev/null http://127.0.0.1:80/
}

@test "killed at random, the guests of a pod leave nothing behind" {
    [[ $RUNTIME == wherry ]] || skip "the payload of other runtimes listens at port 80 only"
    p pod create --name quay
    sidecar quay 90
    for _ in 1 2 3 4 5 6; do
        p run -d --pod quay --name one web
        p run -d --pod quay --name two web --port=81
        sleep "0.$((RANDOM % 6))"
        kill -KILL "$(p inspect --format '{{.State.Pid}}' "$([[ $((RANDOM % 2)) == 0 ]] && echo one || echo two)")"
        p rm --force --time 0 one two >/dev/null
        is_clean quay
        [[ $(inside quay busybox nc -w 3 127.0.0.1 90 </dev/null) == sidecar ]]
    done
}
