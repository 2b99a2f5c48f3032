# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The installer of the Kubernetes example, on node file systems that are not this machine's; and its image.
bats_require_minimum_version 1.5.0

setup() {
    example=$BATS_TEST_DIRNAME/../../examples/kubernetes
    context=$BATS_TEST_TMPDIR/context node=$BATS_TEST_TMPDIR/node restarts=$BATS_TEST_TMPDIR/restarts
    "$example/installer/context" "$WHERRY_BUILD" "$context"
    mkdir -p "$node/etc/containerd"
    printf '#!/bin/sh\necho "$1" >>"%s"\n' "$restarts" >"$BATS_TEST_TMPDIR/restart"
    chmod +x "$BATS_TEST_TMPDIR/restart"
    : >"$restarts"
}

# In a root file system of busybox alone, as in the image.
install_on_node() {
    PATH=$context/bin "$context/bin/sh" "$context/install" --host "${where:-$node}" --restart "$BATS_TEST_TMPDIR/restart" "$@"
}

@test "containerd 1: the runtime is registered, once, and taken away again" {
    printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "pause"\n' >"$node/etc/containerd/config.toml"
    cp "$node/etc/containerd/config.toml" "$BATS_TEST_TMPDIR/before"
    install_on_node
    [ "$(cat "$restarts")" = containerd ]
    install_on_node
    [ "$(cat "$restarts")" = containerd ]
    [ "$(grep -c 'runtimes.wherry]' "$node/etc/containerd/config.toml")" = 1 ]
    run -0 containerd --config "$node/etc/containerd/config.toml" config dump
    [[ $output == *'BinaryName = "/opt/wherry/bin/wherry"'* && $output == *'sandbox_image = "pause"'* ]]
    install_on_node --uninstall
    cmp "$BATS_TEST_TMPDIR/before" "$node/etc/containerd/config.toml"
    [ ! -e "$node/opt/wherry" ]
    [ "$(grep -c containerd "$restarts")" = 2 ]
}

@test "containerd 2 and CRI-O have forms of their own" {
    printf 'version = 3\n' >"$node/etc/containerd/config.toml"
    mkdir "$node/etc/crio"
    install_on_node
    grep -q "io.containerd.cri.v1.runtime" "$node/etc/containerd/config.toml"
    grep -q 'runtime_path = "/opt/wherry/bin/wherry"' "$node/etc/crio/crio.conf.d/50-wherry.conf"
    [ "$(sort "$restarts" | tr '\n' ' ')" = "containerd crio " ]
    install_on_node --uninstall
    [ "$(cat "$node/etc/containerd/config.toml")" = "version = 3" ]
    [ ! -e "$node/etc/crio/crio.conf.d/50-wherry.conf" ]
}

@test "a node without an engine gets the programs, and what is no node is refused" {
    rmdir "$node/etc/containerd"
    install_on_node
    [ ! -s "$restarts" ]
    [ -x "$node/opt/wherry/bin/wherry-monitor" ]
    where=$BATS_TEST_TMPDIR/nowhere run -1 install_on_node
    [[ $output == *"is not the root file system of a node"* ]]
    run -2 install_on_node --unknown
    [[ $output == *usage* ]]
}

@test "what is installed runs from there" {
    install_on_node
    sed -i "s|/opt/wherry|$node/opt/wherry|g" "$node/opt/wherry/bin/wherry"
    run -0 "$node/opt/wherry/bin/wherry" --version
    [[ $output == "wherry version"* ]]
}

@test "the image installs from its own files alone" {
    ((EUID == 0)) || skip "only root can run containers here"
    local podman=(podman --root "$BATS_TEST_TMPDIR/store" --runroot "$BATS_TEST_TMPDIR/run" --tmpdir "$BATS_TEST_TMPDIR/tmp"
        --cgroup-manager cgroupfs --storage-driver vfs)
    [[ ${WHERRY_ISOLATED:-} == 1 ]] || skip "runs under tests/support/isolate only"
    "${podman[@]}" build -q -t wherry-installer "$context" 3>&-
    "${podman[@]}" run --rm --runtime runc --net none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 -v "$node:/host" \
        wherry-installer --restart /bin/true 3>&-
    [ -x "$node/opt/wherry/bin/wherry.bin" ]
}
