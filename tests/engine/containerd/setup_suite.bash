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
    # shellcheck source=tests/engine/image.bash
    source "$ROOT/tests/engine/image.bash"
    local name
    for name in hello web; do
        image_root "$name" "$ENGINE/$name"
        image_archive "$name" "$ENGINE/$name" "/$name" "$ENGINE/$name.tar"
    done
    containerd --config "$ENGINE/config.toml" >"$ENGINE/log" 2>&1 3>&- &
    echo $! >"$ENGINE/pid"
    # shellcheck source=tests/engine/containerd/engine.bash
    source "$BATS_TEST_DIRNAME/engine.bash"
    eventually 20 c version >/dev/null 2>&1
    c images import "$ENGINE/hello.tar"
    c images import "$ENGINE/web.tar"
}

teardown_suite() {
    local pid
    pid=$(cat "$ENGINE/pid")
    kill "$pid"
    while [[ $(awk '{ print $3 }' "/proc/$pid/stat" 2>/dev/null) == [^Z] ]]; do
        sleep 0.05
    done
}
