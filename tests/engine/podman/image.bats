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

# layout_hit NAME PUSH-OPTION...: what is prepared from a layout of the image is what its first container has, and nothing is packed.
layout_hit() {
    local key packs
    rm -rf "$BATS_TEST_TMPDIR/layout"
    p push -q "${@:2}" "$1" "oci:$BATS_TEST_TMPDIR/layout:tag" >/dev/null
    key=$("$WHERRY" image prepare --format json --from "$BATS_TEST_TMPDIR/layout" --for podman tag 3>&- |
        jq -r 'select(.event == "ready") | .key')
    packs=$(ls /var/lib/wherry/store/data)
    p run -d --name first "$1"
    store_keys_in_use | grep -qx "$key"
    [[ $(ls /var/lib/wherry/store/data) == "$packs" ]]
    p rm --force --time 0 first
}

@test "an image that was prepared from an OCI layout is found when the engine has unpacked it" {
    layout_hit web
    store_empty
    layout_hit web --compression-format zstd
    store_empty
    mkdir -p "$BATS_TEST_TMPDIR/more/etc" && echo x >"$BATS_TEST_TMPDIR/more/etc/x"
    printf 'FROM web\nCOPY --chown=3:4 etc /etc\nWORKDIR /work/dir\n' >"$BATS_TEST_TMPDIR/more/Containerfile"
    p build -q -t above "$BATS_TEST_TMPDIR/more"
    layout_hit above
}

@test "capabilities and attributes of files come with them, from the engine's storage and from a layout" {
    local key dir=$BATS_TEST_TMPDIR/more
    mkdir -p "$dir/etc" && echo x >"$dir/etc/capable"
    python3 - "$dir" <<'PYTHON'
import os, sys
os.setxattr(sys.argv[1] + "/etc/capable", "security.capability", b"\1\0\0\2\0\x20" + b"\0" * 14)
os.setxattr(sys.argv[1] + "/etc/capable", "user.a", b"b")
os.setxattr(sys.argv[1] + "/etc", "user.dir", b"d")
PYTHON
    tar --xattrs --xattrs-include='*' -C "$dir" -cf "$dir/files.tar" etc
    printf 'FROM web\nADD files.tar /\n' >"$dir/Containerfile"
    p build -q -t capable "$dir"
    layout_hit capable
    store_empty
    key=$(prepare localhost/capable:latest | jq -r 'select(.event == "ready") | .key')
    p run -d --name first capable
    hit_of "$key"
    "$WHERRY" image export "$key" "$BATS_TEST_TMPDIR/image"
    e2fsck -fn "$BATS_TEST_TMPDIR/image"
    run debugfs -R "ea_list /etc/capable" "$BATS_TEST_TMPDIR/image"
    [[ $output == *"security.capability (20) = 01 00 00 02 00 20 00"* ]]
}

@test "a layout that is damaged, of another version or for others is refused" {
    local layout=$BATS_TEST_TMPDIR/layout blobs=$BATS_TEST_TMPDIR/layout/blobs/sha256 layer
    refused() { # TEXT
        run -1 --separate-stderr "$WHERRY" image prepare --from "$layout" --all
        [[ $stderr == *"$1"* ]]
        [[ -z $(ls /var/lib/wherry/store/img) ]]
    }
    fresh() {
        rm -rf "$layout"
        cp -r "$layout.good" "$layout"
    }
    # edit JQ-ARGUMENT...: changes the manifest, and the index after it.
    edit() {
        local old new
        old=$(jq -r '.manifests[0].digest' "$layout/index.json" | cut -d: -f2)
        jq -c "$@" "$blobs/$old" >"$layout/new"
        new=$(sha256sum "$layout/new" | cut -d' ' -f1)
        mv "$layout/new" "$blobs/$new"
        jq -c --arg new "sha256:$new" --argjson size "$(stat -c %s "$blobs/$new")" \
            '.manifests[0].digest = $new | .manifests[0].size = $size' "$layout/index.json" >"$layout/index.new"
        mv "$layout/index.new" "$layout/index.json"
    }
    p push -q web "oci:$layout.good:tag" >/dev/null
    fresh
    layer=$(jq -r '.layers[0].digest' "$blobs/$(jq -r '.manifests[0].digest' "$layout/index.json" | cut -d: -f2)" | cut -d: -f2)
    truncate -s -1 "$blobs/$layer"
    refused "the blob 'sha256:$layer' has"
    fresh
    printf X | dd of="$blobs/$layer" bs=1 seek=30 conv=notrunc status=none
    refused "pack the layer 'sha256:$layer': it has the digest"
    fresh
    rm "$blobs/$layer"
    refused "the blob 'sha256:$layer' is not there"
    fresh
    edit '.layers[0].mediaType = "application/octet-stream"'
    refused 'has the media type "application/octet-stream", which is no archive'
    fresh
    edit '.layers += .layers'
    refused "and its configuration tells of"
    fresh
    echo '{"imageLayoutVersion": "2.0.0"}' >"$layout/oci-layout"
    refused 'the layout has version "2.0.0", this program reads 1'
    fresh
    jq '.manifests[0].platform = {os: "linux", architecture: "s390x"}' "$layout.good/index.json" >"$layout/index.json"
    refused 'it is for linux on s390x'
    fresh
    jq '.manifests[0].digest = "sha256:../../../etc/passwd"' "$layout.good/index.json" >"$layout/index.json"
    refused 'is no sha256 digest in hexadecimal'
    fresh
    tar -C "$layout" -czf "$BATS_TEST_TMPDIR/layout.tgz" .
    run -1 --separate-stderr "$WHERRY" image prepare --from "$BATS_TEST_TMPDIR/layout.tgz" --all
    [[ $stderr == *"which must be a tar archive that is not compressed"* ]]
    run -1 --separate-stderr "$WHERRY" image prepare --from "$ENGINE/root" --for docker --all
    [[ $stderr == *"--for goes with an OCI layout"* ]]
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
