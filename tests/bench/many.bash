# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# Many unikernels at once: BENCH_MANY (200) times web under a podman of its own, each with 32 MiB for its guest, until all of
# them answer; then what they cost in memory. Everything is in a world of its own (tests/support/isolate).

# many_start NAME: prints the milliseconds that `podman run -d` took.
many_start() {
    milliseconds_of p run -d --name "$1" --annotation dev.wherry.memory=32M web --quiet
}

many_answers() {
    curl --silent --fail --max-time 5 --output /dev/null "http://$1/"
}

# many_sum COMMAND: KiB of memory (PSS) of all processes of that name.
many_sum() {
    local pids
    mapfile -t pids < <(pgrep -x "$1")
    pss_kib "${pids[@]}"
}

# How many of the addresses answer.
many_count() {
    local address n=0
    for address in "$@"; do
        ! many_answers "$address" || n=$((n + 1))
    done
    echo "$n"
}

many_inside() {
    local n=$1 i start addresses answering
    local BATS_TEST_DIRNAME=$root/tests/engine/podman
    # shellcheck source=tests/engine/podman/setup_suite.bash
    source "$BATS_TEST_DIRNAME/setup_suite.bash"
    setup_suite >/dev/null

    start=${EPOCHREALTIME/./}
    for ((i = 1; i <= n; i++)); do
        many_start "web$i" >>"$SCRATCH/times"
    done
    figure many_started_in "$(ratio $((${EPOCHREALTIME/./} - start)) 1000000)" s
    mapfile -t addresses < <(p inspect --format '{{.NetworkSettings.IPAddress}}' $(seq -f 'web%g' "$n"))
    eventually 30 many_answers "${addresses[-1]}"
    answering=$(many_count "${addresses[@]}")
    figure many_answering "$answering" "of $n"
    sort -n "$SCRATCH/times" | awk '{ t[NR] = $1 } END { print "podman run -d, ms: min " t[1] ", median " \
        t[int((NR + 1) / 2)] ", max " t[NR] }'
    figure many_run_median "$(sort -n "$SCRATCH/times" | sed -n "$(((n + 1) / 2))p")" ms
    figure many_monitor_pss "$(ratio "$(many_sum wherry-monitor)" $((n * 1024)))" MiB
    figure many_conmon_pss "$(ratio "$(many_sum conmon)" $((n * 1024)))" MiB
    p rm --all --force --time 0 >/dev/null
    residue_check
    ((answering == n))
}

bench_many() {
    packages_install podman catatonit netavark aardvark-dns iptables curl jq
    export root
    WHERRY_BUILD=$root/build/release "$root/tests/support/isolate" bash -c 'set -euo pipefail
        source "$root/tests/bench/figure.bash"
        source "$root/tests/bench/many.bash"
        many_inside "$1"' many "${BENCH_MANY:-200}"
}
