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
