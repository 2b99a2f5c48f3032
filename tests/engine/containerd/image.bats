#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images that are prepared before their first container.
bats_require_minimum_version 1.5.0
load engine
load ../../support/prepared

setup() {
    [[ $RUNTIME == wherry ]] || skip "only wherry prepares images"
    WHERRY=$RUNTIME_PATH
    store_empty
}

prepare() {
    "$WHERRY" image prepare --format json --from "$ENGINE/root" "$@" 3>&-
}

@test "the first container of a prepared image finds it" {
    key=$(prepare web | jq -r 'select(.built) | .key')
    [[ -n $key ]]
    ip netns add made
    ip -n made link add inside type dummy 2>/dev/null || ip -n made link add inside type veth peer name other
    ip -n made addr add 10.77.0.2/24 dev inside
    ip -n made link set inside up
    ctr_run --detach --with-ns network:/run/netns/made localhost/web:latest first
    hit_of "$key"
    c tasks delete --force first
    ip netns del made
}

@test "an image that was prepared from an OCI layout in an archive is found when containerd has unpacked it" {
    local packs
    key=$("$WHERRY" image prepare --format json --from "$ENGINE/hello.tar" --for containerd hello 3>&- | jq -r 'select(.built) | .key')
    packs=$(ls /var/lib/wherry/store/data)
    prepare hello
    [[ $(ls /var/lib/wherry/store/data) == "$packs" ]]
    store_keys | grep -qx "$key"
    [[ $(stat -c %i /var/lib/wherry/store/img/*/meta | sort -u | wc -l) == 1 && $(store_keys | wc -l) == 2 ]]
}

@test "an image has as many names as containerd gives it" {
    c images tag localhost/web:latest localhost/other:1
    run -0 prepare --all
    [[ $(jq -s '[.[] | select(.event == "ready") | select(.name == "localhost/web:latest" or .name == "localhost/other:1") | .key] | unique | length' \
        <<<"$output") == 1 ]]
    c images rm localhost/other:1
}

@test "an image whose layers are not unpacked is named, and the others are prepared" {
    c --namespace other images import --no-unpack "$ENGINE/hello.tar"
    run -1 prepare --all
    c --namespace other images rm localhost/hello:latest
    [[ $output == *"is not unpacked"* && $output == *'"name":"localhost/web:latest","key"'* ]]
}
