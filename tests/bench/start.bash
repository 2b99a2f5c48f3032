# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# From nothing to the end of the smallest program: `wherry run` of hello, `crun run` and `runc run` of a static `true`.
#
# crun refuses hosts whose unified cgroup hierarchy has controllers beside v1 (hybrid), so everything runs in a mount
# namespace in which that hierarchy is out of sight, for all three alike.

# A bundle whose root file system holds one static program that does nothing.
start_make_true() {
    mkdir -p "$bench_scratch/true/rootfs"
    echo 'int main(void) { return 0; }' >"$bench_scratch/true.c"
    gcc -O2 -static "$bench_scratch/true.c" -o "$bench_scratch/true/rootfs/true"
    (cd "$bench_scratch/true" && runc spec)
    start_edit "$bench_scratch/true/config.json" '.process.args = ["/true"] | .process.terminal = false'
}

start_make_hello() { # NAME ARG...
    local bundle=$bench_scratch/$1 arguments
    shift
    mkdir -p "$bundle/rootfs"
    cp "$root/build/release/examples/hello/hello" "$bundle/rootfs/hello"
    (cd "$bundle" && "$wherry" spec)
    arguments=$(printf '%s\n' /hello "$@" | jq -R . | jq -cs .)
    start_edit "$bundle/config.json" ".process.args = $arguments | .process.terminal = false"
}

start_edit() { # FILE FILTER
    jq "$2" "$1" >"$1.new" && mv "$1.new" "$1"
}

# Waits until the guest of container $1 runs, and prints the monitor's pid.
start_pid() {
    local state
    for _ in {1..200}; do
        state=$("$wherry" --root "$bench_scratch/state" state "$1" 2>/dev/null || true)
        if [[ $(jq -r .status <<<"$state") == running ]]; then
            jq -r .pid <<<"$state"
            return
        fi
        sleep 0.05
    done
    return 1
}

start_measure() {
    local runs=${BENCH_RUNS:-40} pid
    time_rounds "$runs" \
        wherry "$wherry" --root "$bench_scratch/state" run --bundle "$bench_scratch/hello" bench-wherry --- \
        crun crun --root "$bench_scratch/crun" run --bundle "$bench_scratch/true" bench-crun --- \
        runc runc --root "$bench_scratch/runc" run --bundle "$bench_scratch/true" bench-runc

    "$wherry" --root "$bench_scratch/state" create --bundle "$bench_scratch/waiting" bench-pss >/dev/null
    "$wherry" --root "$bench_scratch/state" start bench-pss
    pid=$(start_pid bench-pss)
    sleep 0.3
    local pss
    pss=$(pss_kib "$pid")
    "$wherry" --root "$bench_scratch/state" delete --force bench-pss

    figure run_vs_crun "$(ratio "${median[wherry]}" "${median[crun]}")" x
    figure run_vs_runc "$(ratio "${median[wherry]}" "${median[runc]}")" x
    figure run_wherry "$(ratio "${median[wherry]}" 1000)" ms
    figure run_crun "$(ratio "${median[crun]}" 1000)" ms
    figure run_runc "$(ratio "${median[runc]}" 1000)" ms
    figure hello_pss "$(ratio "$pss" 1024)" MiB
}

bench_start() {
    packages_install crun runc
    wherry=$root/build/release/runtime/wherry
    start_make_true
    start_make_hello hello
    start_make_hello waiting --wait 60
    if mountpoint -q /sys/fs/cgroup/unified; then
        # The functions and variables go along: the same shell, in another mount namespace.
        export root bench_scratch wherry
        export -f start_measure start_pid time_rounds figure ratio pss_kib
        unshare -m --propagation private bash -c \
            'umount /sys/fs/cgroup/unified && declare -A median peak paired paired_spread && set -euo pipefail && start_measure'
    else
        start_measure
    fi
}
