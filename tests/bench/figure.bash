# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# How benchmarks time and print. Sourced by tests/bench/run, which sets root.
# shellcheck disable=SC2034,SC2154

# time_rounds RUNS NAME COMMAND ARG... --- NAME COMMAND ARG...: the commands in turn (timer.c); prints the table, and
# leaves each command's median in median[NAME], in microseconds, its peak memory in peak[NAME], in KiB, and its time by
# the first command's of the same round in paired[NAME] (the median) and paired_spread[NAME].
declare -A median peak paired paired_spread
time_rounds() {
    local name low first middle third high kib by_low by_middle by_high
    printf '%-24s %9s %9s %9s %9s %9s   %s\n' 'ms' min q1 median q3 max 'peak KiB'
    while IFS=$'\t' read -r name low first middle third high kib by_low by_middle by_high; do
        paired[$name]=${by_middle:-}
        paired_spread[$name]="${by_low:-} to ${by_high:-}"
        median[$name]=$middle
        peak[$name]=$kib
        awk -v n="$name" -v a="$low" -v b="$first" -v c="$middle" -v d="$third" -v e="$high" -v k="$kib" 'BEGIN {
            printf "%-24s %9.2f %9.2f %9.2f %9.2f %9.2f   %8d\n", n, a/1e3, b/1e3, c/1e3, d/1e3, e/1e3, k }'
    done < <("$root/build/bench/timer" "$@" || echo failed)
    [[ ${name:-} != failed ]]
}

# figure NAME VALUE UNIT
figure() {
    printf 'FIGURE %s %s %s\n' "$1" "$2" "$3"
}

# ratio A B: A / B with two decimals.
ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}

# pss_kib PID...: the proportional set size of the processes, summed.
pss_kib() {
    local pid
    for pid in "$@"; do
        cat "/proc/$pid/smaps_rollup"
    done | awk '/^Pss:/ { sum += $2 } END { print sum }'
}
