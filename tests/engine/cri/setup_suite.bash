# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Before the first test: a containerd of our own with its Kubernetes interface, a bridge by CNI, and the images `hello`,
# `web`, `box` (busybox) and `pause`. RUNTIME says which runtime the handler "tested" stands for: wherry unless it is set to
# crun or runc. The handler of ordinary pods is runc, as on any node.

cri_configure() {
    mkdir -p "$ENGINE/net"
    cat >"$ENGINE/config.toml" <<END
version = 2
root = "$ENGINE/root"
state = "$ENGINE/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
address = "$SOCKET"
[ttrpc]
address = "$SOCKET.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "localhost/pause:latest"
disable_apparmor = true
restrict_oom_score_adj = true
stream_server_address = "127.0.0.1"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$ENGINE/net"
[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested]
runtime_type = "io.containerd.runc.v2"
pod_annotations = ["dev.wherry.*", "com.urunc.unikernel.*"]
container_annotations = ["dev.wherry.*", "com.urunc.unikernel.*"]
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.tested.options]
BinaryName = "$RUNTIME_PATH"
END
    cat >"$ENGINE/net/10-tested.conflist" <<END
{"cniVersion": "0.4.0", "name": "tested", "plugins": [
    {"type": "bridge", "bridge": "pods0", "isGateway": true, "hairpinMode": true,
     "ipam": {"type": "host-local", "dataDir": "$ENGINE/addresses", "routes": [{"dst": "0.0.0.0/0"}],
              "ranges": [[{"subnet": "10.79.0.0/24"}]]}},
    {"type": "portmap", "capabilities": {"portMappings": true}, "snat": true}]}
END
}

# The sandbox's process, as any pause image has one.
cri_pause() {
    image_box "$1"
    printf '#!/bin/sh\nexec /bin/busybox sleep 1000000\n' >"$1/pause"
    chmod +x "$1/pause"
}

setup_suite() {
    [[ ${WHERRY_ISOLATED:-} == 1 ]] || {
        echo "run this in a world of its own: tests/support/isolate bats $BATS_TEST_DIRNAME" >&2
        return 1
    }
    ROOT=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
    ENGINE=$SCRATCH/cri
    SOCKET=$ENGINE/sock
    RUNTIME=${RUNTIME:-wherry}
    WHERRY_BUILD=${WHERRY_BUILD:-$ROOT/build/release}
    case $RUNTIME in
    wherry) RUNTIME_PATH=$WHERRY_BUILD/runtime/wherry ;;
    *) RUNTIME_PATH=$(command -v "$RUNTIME") ;;
    esac
    export ROOT ENGINE SOCKET RUNTIME RUNTIME_PATH WHERRY_BUILD

    # What CNI remembers of the machine's own networks stays out of reach.
    mkdir -p /var/lib/cni && mount -t tmpfs tmpfs /var/lib/cni
    cri_configure
    # shellcheck source=tests/engine/cri/engine.bash
    source "$BATS_TEST_DIRNAME/engine.bash"
    image_root hello "$ENGINE/hello"
    image_root web "$ENGINE/web"
    image_box "$ENGINE/box"
    cri_pause "$ENGINE/pause"
    engine_start
    local image
    for image in hello=/hello web=/web box=/bin/sh pause=/pause; do
        image_archive "${image%=*}" "$ENGINE/${image%=*}" "${image#*=}" "$ENGINE/image.tar"
        ctr --address "$SOCKET" --namespace k8s.io images import "$ENGINE/image.tar"
    done
}

teardown_suite() {
    engine_stop
    ! pgrep -l '^containerd'
}
