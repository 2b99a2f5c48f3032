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
    key=$(prepare web | jq -r 'select(.built) | .key')
    [[ -n $key ]]
    d run -d --name first web
    hit_of "$key"
}

@test "so does that of an image with a working directory and files where docker puts its own" {
    mkdir -p "$BATS_TEST_TMPDIR/more/etc" && echo x >"$BATS_TEST_TMPDIR/more/etc/hosts"
    chmod 700 "$BATS_TEST_TMPDIR/more/etc"
    printf 'FROM web\nCOPY --chown=3:4 etc /etc\nWORKDIR /work/dir\n' >"$BATS_TEST_TMPDIR/more/Containerfile"
    d build -q -t more -f "$BATS_TEST_TMPDIR/more/Containerfile" "$BATS_TEST_TMPDIR/more"
    key=$(prepare more | jq -r 'select(.event == "ready") | .key')
    d run -d --name first --hostname me more
    hit_of "$key"
}

@test "all images are prepared, and once" {
    [[ $(prepare --all | jq -s 'map(select(.built)) | length') -ge 2 ]]
    [[ $(prepare --all | jq -s 'map(select(.built)) | length') == 0 ]]
}
