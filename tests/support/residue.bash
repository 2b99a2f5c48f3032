# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What containers leave on a machine. Meaningful under tests/support/isolate only, where all of it is theirs.

# Groups of this run, and podman's that were not there before it. One with a process 0 is in use outside.
residue_of_cgroups() {
    local group
    comm -13 "$SCRATCH/cgroups-before" <(find /sys/fs/cgroup \( -fstype cgroup -o -fstype cgroup2 \) -type d \
        \( -path "*$CGROUP/*" -o -name 'libpod-*' ! -name 'libpod-conmon-*' \) | sort) |
        while IFS= read -r group; do
            grep -qx 0 "$group/cgroup.procs" 2>/dev/null || echo "$group"
        done
}

# residue: one line a thing; nothing when all containers are removed.
residue() {
    local name
    for name in wherry conmon hello web aardvark; do
        pgrep -l "^$name"
    done
    ip -o link show type tun
    find /run/netns -mindepth 1 2>/dev/null
    find /run/wherry /run/crun /run/runc -mindepth 1 -maxdepth 1 2>/dev/null
    residue_of_cgroups
    grep -E 'overlay-containers|/rootfs|/run/wherry' /proc/self/mounts
    return 0
}

# residue_check: an engine may tear down a container's network after it has reported its removal.
residue_check() {
    local found
    for _ in {1..50}; do
        found=$(residue)
        [[ -z $found ]] && return 0
        sleep 0.05
    done
    echo "left behind:"
    echo "$found"
    return 1
}
