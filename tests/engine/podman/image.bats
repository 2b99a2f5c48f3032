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
    key=$(prepare localhost/more:latest | jq -r 'select(.event == "ready") | .key')
    p run -d --name first --hostname me -v "$BATS_TEST_TMPDIR:/mnt:ro" more
    hit_of "$key"
    p run -d --name second more
    hit_of "$key"
}

@test "all images are prepared, and once" {
    [[ $(prepare --all | jq -s 'map(select(.built)) | length') -ge 2 ]]
    [[ $(prepare --all | jq -s 'map(select(.built)) | length') == 0 ]]
}

@test "a preparer needs to read, and to see overlayfs's marks, and no more" {
    with_capabilities() { # CAPABILITY... -- COMMAND...
        local dropped
        dropped=$(capsh --print | sed -n 's/^Bounding set =//p' | tr , '\n' | grep -vxE "$1" | paste -sd,)
        capsh --drop="$dropped" -- -c 'exec "$@"' - "${@:2}" 3>&-
    }
    run -0 with_capabilities 'cap_dac_read_search|cap_sys_admin' "$WHERRY" image prepare --from "$ENGINE/root" web
    [[ $output == *"localhost/web:latest: built"* ]]
    run -1 with_capabilities 'cap_dac_read_search' "$WHERRY" image prepare --from "$ENGINE/root" hello
    [[ $output == *"cannot be read without the capability CAP_SYS_ADMIN"* ]]
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

# watch_start [OPTION...]: a watcher of the tested podman's storage, or of the directories that are named.
watch_start() {
    timeout 50 "$WHERRY" image watch --format json "${@:-$ENGINE/root}" >>"$BATS_TEST_TMPDIR/events" \
        2>"$BATS_TEST_TMPDIR/errors" 3>&- &
    watcher=$!
}
watch_stop() {
    kill -TERM "$watcher"
    wait "$watcher"
}
# watch_told EVENT [NAME]: whether the watcher has told of it, and of that image.
watch_told() {
    jq -e -s --arg event "$1" --arg name "${2:-}" 'any(.event == $event and ($name == "" or .name == $name))' \
        "$BATS_TEST_TMPDIR/events" >/dev/null
}
key_told() {
    jq -r --arg name "$1" 'select(.event == "ready" and .name == $name) | .key' "$BATS_TEST_TMPDIR/events"
}

@test "the watcher prepares what is loaded, and its first container finds it" {
    p save -q -o "$BATS_TEST_TMPDIR/web.tar" web
    p rmi --force web >/dev/null
    watch_start
    eventually 10 watch_told ready localhost/hello:latest
    p load -q -i "$BATS_TEST_TMPDIR/web.tar"
    eventually 10 watch_told ready localhost/web:latest
    watch_stop
    p run -d --name first web
    hit_of "$(key_told localhost/web:latest)"
    [[ ! -s $BATS_TEST_TMPDIR/errors ]]
}

@test "the watcher outlives a storage, finds it again, and ends at once" {
    local storage=$BATS_TEST_TMPDIR/storage
    watch_start "$storage"
    sleep 0.2
    cp -a "$ENGINE/root" "$storage"
    eventually 10 watch_told ready localhost/hello:latest
    rm -rf "$storage"
    eventually 10 watch_told gone
    : >"$BATS_TEST_TMPDIR/events"
    cp -a "$ENGINE/root" "$storage"
    eventually 10 watch_told watching
    watch_stop
    run -1 --separate-stderr "$WHERRY" image watch relative/path
    [[ $stderr == *'"relative/path" is neither podman, containerd or docker nor an absolute path'* ]]
}
