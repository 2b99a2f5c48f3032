# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# What the tests of the engine share. setup_suite.bash has set ENGINE, RUNTIME and WHERRY.

# shellcheck source=tests/support/time.bash
source "${BASH_SOURCE[0]%/*}/../../support/time.bash"

# p ARGUMENT...: the private podman, in an environment that holds nothing of the machine's.
# `engine` is the command, for where it must be a process of its own.
engine_command() {
    engine=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$ENGINE"
        CONTAINERS_CONF="$ENGINE/containers.conf" CONTAINERS_STORAGE_CONF="$ENGINE/storage.conf"
        podman --tmpdir "$ENGINE/tmp")
}
p() {
    engine_command
    "${engine[@]}" "$@" 3>&-
}

# The status of a container, as podman keeps it.
status_of() {
    p inspect --format '{{.State.Status}}' "$1"
}

# logs_have NAME WORDS: whether the container has printed that.
logs_have() {
    p logs "$1" | grep -q "$2"
}

# logs_have_greetings NAME N: whether hello has greeted N times.
logs_have_greetings() {
    [[ $(p logs "$1" | grep -c Hello) == "$2" ]]
}

# engine_residue: everything that the containers of this podman have on this machine, one line each; empty when all
# containers are removed. The processes of the test itself are not among it.
engine_residue() {
    pgrep -l '^(wherry|conmon|hello|web|aardvark)' || true
    ip -o link show type tun
    ip netns list
    find /run/wherry /run/crun /run/runc -mindepth 1 -maxdepth 1 2>/dev/null
    find /sys/fs/cgroup \( -fstype cgroup -o -fstype cgroup2 \) -type d -name 'libpod-*' ! -name 'libpod-conmon-*'
    grep -E "$ENGINE/root/overlay/|overlay-containers" /proc/self/mounts
    return 0
}

# Every test ends with no container and nothing of one.
teardown() {
    p pod rm --all --force --time 0 >/dev/null
    p rm --all --force --time 0 >/dev/null
    local residue
    residue=$(eventually_no_residue) || {
        echo "left behind:"
        echo "$residue"
        return 1
    }
}

# The network of a container is torn down after its removal has been reported.
eventually_no_residue() {
    local residue
    for _ in {1..50}; do
        residue=$(engine_residue)
        [[ -z $residue ]] && return 0
        sleep 0.05
    done
    echo "$residue"
    return 1
}
