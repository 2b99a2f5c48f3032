# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Before the first test: a dockerd of our own, with a containerd that it starts itself, and the images `hello`, `web` and
# `box` (busybox, an ordinary container). RUNTIME says which runtime is tested: wherry unless it is set to crun or runc.

docker_configure() {
    local runtimes='"wherry": {"path": "'$WHERRY'"}, "crun": {"path": "/usr/bin/crun"}'
    mkdir -p "$ENGINE"
    cat >"$ENGINE/daemon.json" <<END
{
    "data-root": "$ENGINE/root", "exec-root": "$ENGINE/exec", "pidfile": "$ENGINE/pid",
    "hosts": ["unix://$ENGINE/sock"], "deprecated-key-path": "$ENGINE/key.json",
    "runtimes": { $runtimes }, "default-runtime": "$RUNTIME",
    "cgroup-parent": "$CGROUP", "exec-opts": ["native.cgroupdriver=cgroupfs"]
}
END
}

setup_suite() {
    [[ ${WHERRY_ISOLATED:-} == 1 ]] || {
        echo "run this in a world of its own: tests/support/isolate bats $BATS_TEST_DIRNAME" >&2
        return 1
    }
    ROOT=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
    ENGINE=$SCRATCH/docker
    RUNTIME=${RUNTIME:-wherry}
    WHERRY_BUILD=${WHERRY_BUILD:-$ROOT/build/release}
    WHERRY=$WHERRY_BUILD/runtime/wherry
    export ROOT ENGINE RUNTIME WHERRY_BUILD WHERRY

    docker_configure
    # shellcheck source=tests/engine/docker/engine.bash
    source "$BATS_TEST_DIRNAME/engine.bash"
    image_context hello "$ENGINE/hello"
    image_context web "$ENGINE/web"
    image_box "$ENGINE/box"
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin dockerd --config-file "$ENGINE/daemon.json" >"$ENGINE/log" 2>&1 3>&- 4>&- &
    DOCKERD_PID=$!
    export DOCKERD_PID
    eventually 20 d version >/dev/null 2>&1
    d build -q -t hello -f "$ENGINE/hello/Containerfile" "$ENGINE/hello"
    d build -q -t web -f "$ENGINE/web/Containerfile" "$ENGINE/web"
    tar -C "$ENGINE/box" -c . | d import --change 'CMD ["/bin/sh"]' - box
}

# It ends its containerd itself.
teardown_suite() {
    kill "$DOCKERD_PID"
    wait "$DOCKERD_PID" 2>/dev/null || true
    ! pgrep -l '^(containerd|dockerd)'
}
