# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The Debian package, installed and removed in a copy of this host that is written to memory.
bats_require_minimum_version 1.5.0

setup_file() {
    [[ ${WHERRY_ISOLATED:-} ]] || skip "runs under tests/support/isolate only"
    export host=$SCRATCH/host changes=$SCRATCH/changes
    mkdir "$host" "$changes"
    (cd "$SCRATCH" && cpack --config "${WHERRY_BUILD:?}/CPackConfig.cmake" >"$SCRATCH/cpack.log") ||
        { cat "$SCRATCH/cpack.log"; return 1; }
    mount -t tmpfs none "$changes"
    mkdir "$changes"/{upper,work}
    mount -t overlay -o "lowerdir=/,upperdir=$changes/upper,workdir=$changes/work" none "$host"
    mount --rbind /dev "$host/dev"
    mount --rbind /sys "$host/sys"
    mount -t proc none "$host/proc"
    mount -t tmpfs none "$host/run"
    mkdir -p "$host/root/package"
    cp "$SCRATCH"/wherry_*.deb "$host/root/package/wherry.deb"
    # As on a host where nobody has told an engine of wherry.
    rm -rf "$host/etc/docker" "$host/etc/containers/containers.conf.d"
    find "$changes/upper" ! -type d | sort >"$SCRATCH/before"
}

teardown_file() {
    [[ ${host:-} ]] && umount --recursive "$host"
    umount "$changes"
}

# on_host COMMAND...: in the copy. An engine's daemon is not started by a package's script there.
on_host() {
    chroot "$host" env --chdir=/ PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

@test "the package needs nothing that Debian 12 has not, and says what it is" {
    run -0 dpkg-deb --field "$host/root/package/wherry.deb" Depends Recommends
    [[ $output == *libc6* && $output == *libyajl2* && $output == *libmnl0* && $output == *"crun | runc"* ]]
}

@test "installed, the programs and pages are there and the engines know the runtime" {
    run -0 on_host dpkg -i /root/package/wherry.deb
    [[ $output == *"changed /etc/containers/containers.conf.d/wherry.conf"* ]]
    [[ $output == *"changed /etc/containerd/config.toml"* ]]
    [[ $output == *"to be restarted: containerd"* ]]

    run -0 on_host wherry --version
    run -0 on_host test -e /usr/share/man/man8/wherry.8
    run on_host wherry doctor
    [[ $output == *"ok       guest       ran in "* ]]
    [[ $output == *"ok       podman      --runtime=wherry is '/usr/bin/wherry'"* ]]
    [[ $output == *"ok       containerd  Kubernetes' runtime handler is 'wherry'"* ]]
}

@test "installed again, it changes nothing" {
    run -0 on_host dpkg -i /root/package/wherry.deb
    [[ $output != *"changed /etc"* && $output != *"to be restarted"* ]]
}

@test "an engine that is installed later is told too" {
    rm -rf "$host/etc/containers/containers.conf.d"
    run -0 on_host dpkg-trigger --no-await /usr/bin/podman
    run -0 on_host dpkg --configure --pending
    [[ -e $host/etc/containers/containers.conf.d/wherry.conf ]]
}

@test "docker's configuration keeps what else is in it" {
    mkdir -p "$host/etc/docker"
    echo '{"debug": true, "runtimes": {"other": {"path": "/bin/other"}}}' >"$host/etc/docker/daemon.json"
    run -0 on_host /usr/libexec/wherry/register add docker
    run -0 jq -c . "$host/etc/docker/daemon.json"
    [[ $output == '{"debug":true,"runtimes":{"other":{"path":"/bin/other"},"wherry":{"path":"/usr/bin/wherry"}}}' ]]
    run -0 on_host /usr/libexec/wherry/register remove docker
    run -0 jq -c . "$host/etc/docker/daemon.json"
    [[ $output == '{"debug":true,"runtimes":{"other":{"path":"/bin/other"}}}' ]]
    rm -r "$host/etc/docker"
}

@test "what somebody else has said of the runtime is left alone" {
    printf '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.wherry]\n' >"$host/root/config.toml"
    mkdir -p "$host/root/other/etc/containerd"
    mv "$host/root/config.toml" "$host/root/other/etc/containerd/config.toml"
    run -1 --separate-stderr on_host /usr/libexec/wherry/register --host /root/other add containerd
    [[ $stderr == *"has a runtime 'wherry' of its own"* ]]
    run -0 cat "$host/root/other/etc/containerd/config.toml"
    [[ ${#lines[@]} == 1 ]]
    rm -r "$host/root/other"
}

@test "wrong words are errors" {
    run -1 on_host /usr/libexec/wherry/register
    [[ $output == *"say add or remove"* ]]
    run -1 on_host /usr/libexec/wherry/register add emacs
    [[ $output == *"there is no engine 'emacs'"* ]]
}

@test "removed, it leaves nothing behind" {
    mkdir -p "$host/var/lib/wherry/store"
    run -0 on_host dpkg --purge wherry
    [[ $output == *"removed /etc/containers/containers.conf.d/wherry.conf"* ]]
    # Whiteouts apart (character devices), what the copy has that the host has not; dpkg's and engines' own aside.
    find "$changes/upper" ! -type d ! -type c | sort >"$SCRATCH/after"
    run -0 comm -13 "$SCRATCH/before" "$SCRATCH/after"
    run grep -vE "^$changes/upper/(var/(lib/(dpkg|containers|cni)|log|cache|tmp)|run|tmp|etc/containers/networks|etc/containerd/config.toml)(/|$)" <<<"$output"
    [[ -z $output ]] || { echo "$output" >&2; false; }
    cmp /etc/containerd/config.toml "$host/etc/containerd/config.toml"
    [[ ! -e $host/var/lib/wherry ]] || [[ -e /var/lib/wherry ]]
}
