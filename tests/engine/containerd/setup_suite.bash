# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Before the first test: a containerd of our own and the images `hello` and `web` in it. RUNTIME says which runtime is
# tested: wherry unless it is set to crun or runc, the references, which run ../podman/payload.c in the unikernels' place.

containerd_configure() {
    mkdir -p "$ENGINE"
    cat >"$ENGINE/config.toml" <<END
version = 2
root = "$ENGINE/root"
state = "$ENGINE/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
address = "$ENGINE/containerd.sock"
[ttrpc]
address = "$ENGINE/containerd.sock.ttrpc"
END
}

# image_archive NAME: an OCI layout in a tar archive with one layer, made of the staged folder $ENGINE/stage/NAME. Engines
# read what any builder writes; this one needs nothing but tar, gzip and sha256sum.
image_blob() { # FILE -> digest; moves it to its place in the layout
    local digest
    digest=$(sha256sum "$1" | cut -d' ' -f1)
    mv "$1" "$layout/blobs/sha256/$digest"
    echo "$digest"
}
image_archive() {
    local name=$1 layout=$ENGINE/layout-$1 diff layer config manifest size
    mkdir -p "$layout/blobs/sha256"
    tar -C "$ENGINE/stage/$name" --sort=name --owner=0 --group=0 --numeric-owner -cf "$layout/layer" .
    diff=$(sha256sum "$layout/layer" | cut -d' ' -f1)
    size=$(stat -c %s "$layout/layer")
    layer=$(image_blob "$layout/layer")
    jq -cn --arg diff "sha256:$diff" --arg name "/$name" '{architecture: "amd64", os: "linux",
        config: {Entrypoint: [$name]}, rootfs: {type: "layers", diff_ids: [$diff]}}' >"$layout/config"
    local config_size
    config_size=$(stat -c %s "$layout/config")
    config=$(image_blob "$layout/config")
    jq -cn --arg config "sha256:$config" --argjson config_size "$config_size" \
        --arg layer "sha256:$layer" --argjson size "$size" '{schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: $config_size},
        layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $layer, size: $size}]}' \
        >"$layout/manifest"
    local manifest_size
    manifest_size=$(stat -c %s "$layout/manifest")
    manifest=$(image_blob "$layout/manifest")
    jq -cn --arg manifest "sha256:$manifest" --argjson size "$manifest_size" --arg name "localhost/$name:latest" \
        '{schemaVersion: 2, manifests: [{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $manifest,
        size: $size, annotations: {"io.containerd.image.name": $name}, platform: {architecture: "amd64", os: "linux"}}]}' \
        >"$layout/index.json"
    echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
    tar -C "$layout" -cf "$ENGINE/$name.tar" .
}

# Where the files of an image come from.
containerd_stage() {
    local name
    for name in hello web; do
        mkdir -p "$ENGINE/stage/$name"
        if [[ $RUNTIME == wherry ]]; then
            cp "$WHERRY_BUILD/examples/$name/$name" "$ENGINE/stage/$name/$name"
        else
            gcc -O1 -static -Wall -Wextra -Werror "$ROOT/tests/engine/podman/payload.c" -o "$ENGINE/stage/$name/$name"
        fi
    done
    cp -r "$ROOT/examples/web/site" "$ENGINE/stage/web/srv"
    mkdir "$ENGINE/stage/web/www" && echo '<title>a page</title>' >"$ENGINE/stage/web/www/index.html"
}

setup_suite() {
    [[ ${WHERRY_ISOLATED:-} == 1 ]] || {
        echo "run this in a world of its own: tests/support/isolate bats $BATS_TEST_DIRNAME" >&2
        return 1
    }
    ROOT=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
    ENGINE=$SCRATCH/containerd
    RUNTIME=${RUNTIME:-wherry}
    WHERRY_BUILD=${WHERRY_BUILD:-$ROOT/build/release}
    case $RUNTIME in
    wherry) RUNTIME_PATH=$WHERRY_BUILD/runtime/wherry ;;
    *) RUNTIME_PATH=$(command -v "$RUNTIME") ;;
    esac
    export ROOT ENGINE RUNTIME RUNTIME_PATH WHERRY_BUILD

    containerd_configure
    containerd_stage
    image_archive hello
    image_archive web
    containerd --config "$ENGINE/config.toml" >"$ENGINE/log" 2>&1 3>&- &
    CONTAINERD_PID=$!
    export CONTAINERD_PID
    # shellcheck source=tests/engine/containerd/engine.bash
    source "$BATS_TEST_DIRNAME/engine.bash"
    eventually 20 c version >/dev/null 2>&1
    c images import "$ENGINE/hello.tar"
    c images import "$ENGINE/web.tar"
}

teardown_suite() {
    kill "$CONTAINERD_PID"
    wait "$CONTAINERD_PID" 2>/dev/null || true
}
