#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images that are prepared before their first container.
bats_require_minimum_version 1.5.0
load engine
load ../../support/prepared

setup() {
    [[ $RUNTIME == wherry ]] || skip "only wherry prepares images"
    store_empty
}

prepare() {
    "$WHERRY" image prepare --format json --from "$ENGINE/root" "$@" 3>&-
}

@test "the first container of a prepared image finds it" {
    key=$(prepare web | jq -r 'select(.event == "ready" and .built) | .key')
    [[ -n $key ]]
    p run -d --name first web
    hit_of "$key"
}

@test "so does that of an image with a working directory, layers above layers and files removed" {
    mkdir -p "$BATS_TEST_TMPDIR/more/etc" && echo x >"$BATS_TEST_TMPDIR/more/etc/x"
    printf 'FROM web\nCOPY --chown=3:4 etc /etc\nWORKDIR /work/dir\nVOLUME /data\n' >"$BATS_TEST_TMPDIR/more/Containerfile"
    p build -q -t more "$BATS_TEST_TMPDIR/more"
    key=$(prepare localhost/more:latest | jq -r .key)
    p run -d --name first --hostname me -v "$BATS_TEST_TMPDIR:/mnt:ro" more
    hit_of "$key"
    p run -d --name second more
    hit_of "$key"
}

@test "all images are prepared, and once" {
    [[ $(prepare --all | jq -s 'map(select(.built)) | length') -ge 2 ]]
    [[ $(prepare --all | jq -s 'map(select(.built)) | length') == 0 ]]
}

@test "images that are not there, and storages that are none, are refused" {
    run -1 --separate-stderr prepare nonsense
    [[ $stderr == *"the engine has no image 'nonsense'"* ]]
    run -1 --separate-stderr "$WHERRY" image prepare --from "$BATS_TEST_TMPDIR" --all
    [[ $stderr == *"'$BATS_TEST_TMPDIR' is no storage of podman"* ]]
    run -1 --separate-stderr "$WHERRY" image prepare --from frob --all
    [[ $stderr == *"there is no directory 'frob'; engines known by name are"* ]]
    run -1 --separate-stderr "$WHERRY" image prepare --from podman
    [[ $stderr == *"wants names of images, or --all"* ]]
}
