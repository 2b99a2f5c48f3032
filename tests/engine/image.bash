# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
#
# The images `hello` and `web` for every engine: their build contexts, and archives for engines that build nothing. With
# another RUNTIME than wherry they hold podman/payload.c, a Linux program that does what the examples do.
# Wants ROOT, RUNTIME, WHERRY_BUILD and SCRATCH.

# image_root NAME FOLDER: the root file system of an image.
image_root() {
    mkdir -p "$2"
    if [[ $RUNTIME == wherry ]]; then
        cp "$WHERRY_BUILD/examples/$1/$1" "$2/$1"
        [[ $1 != web ]] || cp -r "$ROOT/examples/web/site" "$2/srv"
        return
    fi
    mkdir "$2/www"
    gcc -O1 -static -Wall -Wextra -Werror "$ROOT/tests/engine/podman/payload.c" -o "$2/$1"
    echo '<title>a page</title>' >"$2/www/index.html"
}

# image_context NAME FOLDER: what an engine builds the image from; for the unikernels the examples' own Containerfiles.
image_context() {
    if [[ $RUNTIME == wherry ]]; then
        cp -r "$ROOT/examples/$1" "$2"
        cp "$WHERRY_BUILD/examples/$1/$1" "$2/$1"
        return
    fi
    image_root "$1" "$2"
    printf 'FROM scratch\nCOPY %s /%s\nCOPY www /www\nENTRYPOINT ["/%s"]\n' "$1" "$1" "$1" >"$2/Containerfile"
}

# image_greedy FOLDER: root file system and build context of a guest that, with the argument "later", waits for three seconds
# and then takes all the memory that it was given.
image_greedy() {
    mkdir -p "$1"
    cp "$WHERRY_BUILD/tests/guests/guest_touch_memory_and_disk" "$1/greedy"
    printf 'FROM scratch\nCOPY greedy /\nENTRYPOINT ["/greedy"]\n' >"$1/Containerfile"
}

# image_dial FOLDER: root file system and build context of a guest that connects to others.
image_dial() {
    mkdir -p "$1"
    cp "$WHERRY_BUILD/tests/guests/dial/dial" "$1/dial"
    printf 'FROM scratch\nCOPY dial /\nENTRYPOINT ["/dial"]\n' >"$1/Containerfile"
}

# memory_limit PID BYTES: sets the memory limit of a process's cgroup, whatever its container was promised.
memory_limit() {
    local group
    group=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { print $3 }' "/proc/$1/cgroup")
    echo "$2" >"/sys/fs/cgroup/memory/$group/memory.limit_in_bytes"
}

# image_box FOLDER: the root file system of an ordinary container: busybox.
image_box() {
    mkdir -p "$1/bin"
    cp "$(command -v busybox)" "$1/bin/busybox"
    ln -sf busybox "$1/bin/sh"
}

image_blob() { # FILE -> its digest; moves it to its place in the layout
    local digest
    digest=$(sha256sum "$1" | cut -d' ' -f1)
    mv "$1" "$layout/blobs/sha256/$digest"
    echo "$digest"
}

# image_archive NAME FOLDER ENTRYPOINT ARCHIVE: localhost/NAME:latest as an OCI layout in a tar archive, with the files of
# FOLDER as its one layer. Engines read what any builder writes; this one needs nothing but tar, jq and sha256sum.
image_archive() {
    local name=$1 folder=$2 entrypoint=$3 archive=$4 layout diff layer config manifest size config_size manifest_size
    layout=$(mktemp -d -p "$SCRATCH")
    mkdir -p "$layout/blobs/sha256"
    tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner -cf "$layout/layer" .
    diff=$(sha256sum "$layout/layer" | cut -d' ' -f1)
    size=$(stat -c %s "$layout/layer")
    layer=$(image_blob "$layout/layer")
    jq -cn --arg diff "sha256:$diff" --arg entrypoint "$entrypoint" '{architecture: "amd64", os: "linux",
        config: {Entrypoint: [$entrypoint], Env: ["PATH=/bin"]}, rootfs: {type: "layers", diff_ids: [$diff]}}' \
        >"$layout/config"
    config_size=$(stat -c %s "$layout/config")
    config=$(image_blob "$layout/config")
    jq -cn --arg config "sha256:$config" --argjson config_size "$config_size" \
        --arg layer "sha256:$layer" --argjson size "$size" '{schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: $config_size},
        layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $layer, size: $size}]}' \
        >"$layout/manifest"
    manifest_size=$(stat -c %s "$layout/manifest")
    manifest=$(image_blob "$layout/manifest")
    jq -cn --arg manifest "sha256:$manifest" --argjson size "$manifest_size" --arg name "localhost/$name:latest" \
        '{schemaVersion: 2, manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $manifest,
        size: $size, annotations: {"io.containerd.image.name": $name}, platform: {architecture: "amd64", os: "linux"}}]}' \
        >"$layout/index.json"
    echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
    tar -C "$layout" -cf "$archive" .
    rm -r "$layout"
}
