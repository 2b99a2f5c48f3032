# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# wherry doctor: what it finds on hosts that lack something, and that what it tells to do mends it.
load spec.bash

setup() {
    spec_setup
    bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    PATH=$bin:$PATH
    # No engine of this host is asked: its answer is not ours to know.
    engine podman 'echo /usr/bin/wherry'
    engine containerd 'echo "  [plugins.x.containerd.runtimes.wherry]"'
    engine containerd-shim-runc-v2 ''
    engine dockerd ''
    engine docker 'echo runc'
    engine crio 'echo "[crio.runtime.runtimes.wherry]"'
}
teardown() { spec_teardown; }

# engine NAME SCRIPT: a program of that name which does that.
engine() {
    printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
    chmod +x "$bin/$1"
}

# with_mounts COMMANDS: doctor where these commands have changed what is mounted.
with_mounts() {
    unshare --mount sh -c "$1"' && exec "$0" doctor' "$runtime"
}

@test "doctor finds a host that can run guests" {
    run -0 "$runtime" doctor
    [[ $output == *"ok       kvm  "* ]]
    [[ $output == *"ok       guest       ran in "* ]]
    [[ $output == *"ok       cgroups  "* ]]
    [[ $output == *"0 missing, "* ]]
}

@test "doctor misses a KVM that is not there, and says how to get it" {
    run -1 with_mounts 'mount -t tmpfs none /dev && mknod /dev/null c 1 3'
    [[ $output == *"missing  kvm         open '/dev/kvm': No such file or directory"*"modprobe kvm_intel"* ]]
    [[ $output == *"warning  network"*"/dev/net/tun: No such file or directory"*"modprobe tun"* ]]
}

@test "doctor misses a KVM that is something else" {
    run -1 with_mounts 'mount --bind /dev/null /dev/kvm'
    [[ $output == *"missing  kvm         KVM: get the API's version: "* ]]
}

@test "doctor misses rights" {
    local place=
    place=$(mktemp -d /tmp/doctor.XXXXXX)
    cp "$runtime" "$WHERRY_BUILD/monitor/wherry-monitor" "$place"
    chmod a+rx "$place"
    run -1 env --chdir=/ setpriv --reuid 65534 --clear-groups "$place/wherry" doctor
    rm -r "$place"
    [[ $output == *"missing  rights      user 65534 may not"* ]]
    [[ $output == *"missing  kvm         open '/dev/kvm': Permission denied"* ]]
}

@test "doctor warns of a store without room" {
    printf 'store = %s/full\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/conf"
    mkdir "$BATS_TEST_TMPDIR/full"
    run -0 unshare --mount sh -c 'mount -t tmpfs -o size=1m none "$1/full" && exec "$0" --settings "$1/conf" doctor' \
        "$runtime" "$BATS_TEST_TMPDIR"
    [[ $output == *"warning  store       '$BATS_TEST_TMPDIR/full' has "*" MiB left"*"wherry image gc"* ]]
}

@test "doctor says how each engine learns of the runtime, and believes the engine" {
    run -0 "$runtime" doctor
    [[ $output == *"ok       podman      --runtime=wherry is '/usr/bin/wherry'"* ]]
    [[ $output == *"ok       containerd "* ]]
    [[ $output == *"ok       cri-o "* ]]

    engine podman 'echo "Error: default OCI runtime \"wherry\" not found: invalid argument" >&2; exit 125'
    engine containerd 'echo "version = 2"'
    engine crio 'echo "[crio.runtime]"'
    run -1 "$runtime" doctor
    local register
    register=$(realpath "$WHERRY_BUILD/libexec/wherry/register")
    [[ $output == *"warning  podman "*"$register --wherry $runtime add podman"* ]]
    [[ $output == *"warning  containerd "*"$register --wherry $runtime add containerd"*"systemctl restart containerd"* ]]
    [[ $output == *"missing  cri-o "*"$register --wherry $runtime add cri-o"*"systemctl restart crio"* ]]
    [[ $output == *"missing  docker "*"$register --wherry $runtime add docker"* || $output == *"docker      cannot be asked"* ]]
    "$register" --host "$BATS_TEST_TMPDIR/host" --wherry "$runtime" add podman containerd cri-o docker
    grep -F "wherry = [\"$runtime\"]" "$BATS_TEST_TMPDIR/host/etc/containers/containers.conf.d/wherry.conf"
    grep -F "BinaryName = \"$runtime\"" "$BATS_TEST_TMPDIR/host/etc/containerd/config.toml"
    grep -F "runtime_path = \"$runtime\"" "$BATS_TEST_TMPDIR/host/etc/crio/crio.conf.d/50-wherry.conf"
    [[ $(jq -r .runtimes.wherry.path "$BATS_TEST_TMPDIR/host/etc/docker/daemon.json") == "$runtime" ]]
}

@test "doctor does not wait for an engine that hangs" {
    engine podman 'sleep 60'
    run "$runtime" doctor
    [[ $output == *"warning  podman "*"did not end within 10.000 s"* ]]
}
