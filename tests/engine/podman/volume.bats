#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Volumes, secrets and a root file system that keeps its changes. The guest is tests/guests/kit/kit_disk.c.
bats_require_minimum_version 1.5.0
load engine

setup() {
    [[ $RUNTIME == wherry ]] || skip "volumes are block devices of unikernels"
    local context=$BATS_TEST_TMPDIR/context
    mkdir -p "$context"
    cp "$WHERRY_BUILD/tests/guests/kit/kit_disk" "$context/disk"
    printf 'FROM scratch\nCOPY disk /\nENTRYPOINT ["/disk"]\n' >"$context/Containerfile"
    p build -q -t disk "$context"
}

logs_have_kept() {
    [[ $(p logs "$1" | grep -c "block: kept") == "$2" ]]
}

@test "a container that is restarted finds what it wrote, to its root file system and to its volume" {
    p volume create data
    p run -d --name first --annotation 'dev.wherry.block.root=rootfs;keep' -v data:/data disk \
        read root 2000 read data 300 write root 2000 kept write data 300 kept wait
    eventually 10 logs_have first written
    p restart --time 0 first
    eventually 10 logs_have_kept first 2
    p rm --force --time 0 first
    run -0 p run --name second -v data:/data disk read root 2000 read data 300
    [[ $(grep -c "block: kept" <<<"$output") == 1 ]]
    p rm second
    p volume rm data
}

@test "secrets and small mounts are in the guest's image" {
    echo hidden | p secret create key -
    mkdir -p "$BATS_TEST_TMPDIR/config" && echo value >"$BATS_TEST_TMPDIR/config/option"
    mkdir "$BATS_TEST_TMPDIR/data"
    run -0 p run --name first --secret key -v "$BATS_TEST_TMPDIR/config:/etc/config:ro" -v "$BATS_TEST_TMPDIR/data:/data:ro" \
        disk cat root /run/secrets/key cat root /etc/config/option cat root /etc/hostname
    p secret rm key
    [[ $output == *"/run/secrets/key: hidden"* && $output == *"/etc/config/option: value"* ]]
    [[ $output == *"/etc/hostname: $(p inspect --format '{{.Config.Hostname}}' first)"* ]]
}

@test "in a user namespace a guest's image is read as in any other" {
    mkdir "$BATS_TEST_TMPDIR/data"
    run -0 p run --name first --uidmap 0:100000:5000 --gidmap 0:100000:5000 -v "$BATS_TEST_TMPDIR/data:/data:ro" \
        disk cat root /etc/hostname
    [[ $output == *"/etc/hostname: "* && $output != *error* ]]
}
