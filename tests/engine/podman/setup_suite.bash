# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Before the first test: a podman of our own (store, networks, configuration) and the images `hello` and `web`.
# RUNTIME says which runtime is tested: wherry unless it is set to crun or runc, the references. These run
# payload.c, which does what the examples do.

# The registered runtimes all write their errors as JSON, as podman asks those it knows to.
engine_configure() {
    mkdir -p "$ENGINE"
    cat >"$ENGINE/containers.conf" <<END
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "$RUNTIME"
runtime_supports_json = ["wherry", "crun", "runc"]
runtime_supports_nocgroup = ["wherry", "crun"]
cgroup_manager = "cgroupfs"
events_logger = "file"
[engine.runtimes]
wherry = ["$WHERRY"]
crun = ["/usr/bin/crun"]
runc = ["/usr/sbin/runc"]
[network]
network_backend = "netavark"
network_config_dir = "$ENGINE/networks"
END
    cat >"$ENGINE/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$ENGINE/root"
runroot = "$ENGINE/run"
END
}

setup_suite() {
    [[ ${WHERRY_ISOLATED:-} == 1 ]] || {
        echo "run this in a world of its own: tests/support/isolate bats $BATS_TEST_DIRNAME" >&2
        return 1
    }
    ROOT=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
    ENGINE=$SCRATCH/podman
    RUNTIME=${RUNTIME:-wherry}
    WHERRY_BUILD=${WHERRY_BUILD:-$ROOT/build/release}
    WHERRY=$WHERRY_BUILD/runtime/wherry
    export ROOT ENGINE RUNTIME WHERRY_BUILD WHERRY

    engine_configure
    # shellcheck source=tests/engine/podman/engine.bash
    source "$BATS_TEST_DIRNAME/engine.bash"
    image_context hello "$ENGINE/hello"
    image_context web "$ENGINE/web"
    p build -q -t hello "$ENGINE/hello"
    p build -q -t web "$ENGINE/web"
}
