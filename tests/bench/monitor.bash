# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# The monitor beside Solo5's tenders hvt and spt: boot of Solo5's test_hello, block reads, and frames over a tap.
#
# WHERRY_SOLO5 is the path of a checkout of Solo5. It is copied and built in the scratch folder; nothing is fetched,
# and nothing in the checkout changes.
#
# The guests are guests/*.c, plain Solo5, built twice: with Solo5's own library (which takes one block a request, and
# the network ring where it is offered) and with the kit's (any number of blocks a request; a window, the network ring
# and posted buffers where they are offered). The responder is also linked with Solo5's library as it was before 2026,
# when it had no ring. Each binary for hvt runs unmodified in both hvt tenders. This monitor runs those with Solo5's
# library once with and once without its replacements for functions of that library (--no-graft), and once more without
# their symbols. Every round measures every cell once; a ratio is the median of the rounds' ratios.

bench_dir_guests=tests/bench/guests

# ---- Solo5 ----

# monitor_link_guest NAME ABI OUTPUT
monitor_link_guest() {
    "$bench_scratch/solo5/toolchain/bin/x86_64-solo5-none-static-cc" -O2 -mgeneral-regs-only -z "solo5-abi=$2" \
        "$bench_dir_guests/$1.c" "$bench_scratch/$1-manifest.c" -o "$3"
}

monitor_build_solo5() {
    local solo5=$bench_scratch/solo5 name abi
    cp -a "$WHERRY_SOLO5" "$solo5"
    # In a checkout that was built, a link leads to the checkout's library.
    rm -rf "$solo5/toolchain/lib"
    if ! (cd "$solo5" && ./configure.sh && make -j "$(nproc)") >"$bench_scratch/solo5.log" 2>&1; then
        tail -n 20 "$bench_scratch/solo5.log"
        return 1
    fi
    for name in reader responder; do
        "$solo5/elftool/solo5-elftool" gen-manifest "$bench_dir_guests/$name.json" "$bench_scratch/$name-manifest.c"
        for abi in hvt spt; do
            monitor_link_guest "$name" "$abi" "$bench_scratch/$name.$abi"
        done
    done
    # The library as it was before it had a ring: it makes hypercalls, whatever it is offered.
    sed -i 's/bi->host_features & HVT_FEATURE_RING_IO/0/' "$solo5/bindings/hvt/net.c"
    if ! (cd "$solo5" && make -j "$(nproc)") >>"$bench_scratch/solo5.log" 2>&1; then
        tail -n 20 "$bench_scratch/solo5.log"
        return 1
    fi
    monitor_link_guest responder hvt "$bench_scratch/responder-without-ring.hvt"
    # As they are published.
    strip -o "$bench_scratch/reader-stripped.hvt" "$bench_scratch/reader.hvt"
    strip -o "$bench_scratch/responder-stripped.hvt" "$bench_scratch/responder-without-ring.hvt"
}

# ---- Samples ----

# sample KEY VALUE: one more measured value.
declare -A samples
sample() {
    samples[$1]+="${samples[$1]:+ }$2"
}

# samples_row TITLE KEY UNIT: minimum, median and maximum of the rounds.
samples_row() {
    awk -v t="$1" -v list="${samples[$2]:-}" -v u="$3" 'BEGIN {
        n = split(list, v, " ")
        if (n == 0) { printf "%-44s %30s\n", t, "-"; exit }
        for (i = 2; i <= n; i++) for (j = i; j > 1 && v[j] + 0 < v[j-1] + 0; j--) { x = v[j]; v[j] = v[j-1]; v[j-1] = x }
        m = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
        printf "%-44s %12.2f %12.2f %12.2f  %s\n", t, v[1], m, v[n], u }'
}

# figure_paired NAME KEY KEY: the first by the second, round by round.
figure_paired() {
    local middle low high
    read -r low middle high < <(awk -v a="${samples[$2]}" -v b="${samples[$3]}" 'BEGIN {
        n = split(a, x, " "); split(b, y, " ")
        for (i = 1; i <= n; i++) r[i] = x[i] / y[i]
        for (i = 2; i <= n; i++) for (j = i; j > 1 && r[j] < r[j-1]; j--) { t = r[j]; r[j] = r[j-1]; r[j-1] = t }
        m = n % 2 ? r[(n + 1) / 2] : (r[n / 2] + r[n / 2 + 1]) / 2
        printf "%.3f %.3f %.3f\n", r[1], m, r[n] }')
    figure "$1" "$middle" x
    echo "    the rounds' ratios: $low to $high"
}

# ---- Boot ----

monitor_boot() {
    local runs=${BENCH_RUNS:-60} tests=$bench_scratch/solo5/tests/test_hello
    # A program that only ends: what no tender can do without.
    printf 'int main(void) { return 0; }\n' >"$bench_scratch/end.c"
    gcc -O2 -static "$bench_scratch/end.c" -o "$bench_scratch/end"
    echo 'boot of test_hello, from exec to the end of the process'
    time_rounds "$runs" \
        hvt "$hvt" "$tests/test_hello.hvt" Hello_Solo5 --- \
        wherry "$wherry_monitor" "$tests/test_hello.hvt" Hello_Solo5 --- \
        wherry-no-graft "$wherry_monitor" --no-graft "$tests/test_hello.hvt" Hello_Solo5 --- \
        spt "$spt" "$tests/test_hello.spt" Hello_Solo5 --- \
        'a program that ends' "$bench_scratch/end"
    figure boot_vs_hvt "${paired[wherry]}" x
    echo "    the rounds' ratios: ${paired_spread[wherry]}"
    figure boot_no_graft_vs_hvt "${paired[wherry-no-graft]}" x
    figure boot_vs_spt "$(ratio "${median[wherry]}" "${median[spt]}")" x
    figure boot_wherry "$(ratio "${median[wherry]}" 1000)" ms
    figure boot_hvt "$(ratio "${median[hvt]}" 1000)" ms
}

# ---- Block ----

# monitor_read CELL TENDER GUEST [OPTION]: reads a second, in pieces of 4 KiB and of 1 MiB.
monitor_read() {
    local cell=$1 tender=$2 guest=$3 size text
    shift 3
    for size in 4096 1048576; do
        text=$("$tender" "$@" --block:disk="$bench_scratch/disk" --block-sector-size:disk=4096 "$guest" "$size")
        sample "$cell.$size" "$(awk '/ reads in / { print $1 / $4 * 1e9 }' <<<"$text")"
    done
}

monitor_block() {
    local rounds=$1 i size cell
    head -c 4M /dev/urandom >"$bench_scratch/disk"
    for ((i = 0; i < rounds; i++)); do
        monitor_read wherry "$wherry_monitor" "$bench_scratch/reader.hvt"
        monitor_read wherry-stripped "$wherry_monitor" "$bench_scratch/reader-stripped.hvt"
        monitor_read wherry-no-graft "$wherry_monitor" "$bench_scratch/reader.hvt" --no-graft
        monitor_read hvt "$hvt" "$bench_scratch/reader.hvt"
        monitor_read spt "$spt" "$bench_scratch/reader.spt"
        monitor_read wherry-kit "$wherry_monitor" "$kit_guests/bench_reader"
        monitor_read hvt-kit "$hvt" "$kit_guests/bench_reader"
    done
    printf '%-44s %12s %12s %12s\n' 'block reads a second' min median max
    for size in 4096 1048576; do
        samples_row "$((size / 1024)) KiB, Solo5's library: wherry" "wherry.$size" ''
        samples_row "$((size / 1024)) KiB, Solo5's library: wherry, stripped" "wherry-stripped.$size" ''
        samples_row "$((size / 1024)) KiB, Solo5's library: wherry, no graft" "wherry-no-graft.$size" ''
        samples_row "$((size / 1024)) KiB, Solo5's library: hvt" "hvt.$size" ''
        samples_row "$((size / 1024)) KiB, Solo5's library: spt" "spt.$size" ''
        samples_row "$((size / 1024)) KiB, kit: wherry (window)" "wherry-kit.$size" ''
        samples_row "$((size / 1024)) KiB, kit: hvt" "hvt-kit.$size" ''
    done
    figure_paired block_vs_hvt wherry-kit.4096 hvt-kit.4096
    figure_paired block_1m_vs_hvt wherry-kit.1048576 hvt-kit.1048576
    figure_paired block_solo5_vs_hvt wherry.4096 hvt.4096
    figure_paired block_1m_solo5_vs_hvt wherry.1048576 hvt.1048576
    figure_paired block_stripped_vs_hvt wherry-stripped.4096 hvt.4096
    figure_paired block_by_hypercall_vs_hvt wherry-no-graft.4096 hvt.4096
    figure_paired block_1m_by_hypercall_vs_hvt wherry-no-graft.1048576 hvt.1048576
}

# ---- Net ----

# monitor_exchange CELL TENDER GUEST [OPTION]: what frames.c measures of one guest.
monitor_exchange() {
    local cell=$1 tender=$2 guest=$3 round_trips from to pid
    shift 3
    "$tender" "$@" --net:net=tap0 "$guest" >"$bench_scratch/net.log" 2>&1 &
    pid=$!
    if ! read -r round_trips from to < <(timeout 100 "$root/build/bench/frames" tap0); then
        kill "$pid" || true
        wait "$pid" || true
        cat "$bench_scratch/net.log"
        return 1
    fi
    wait "$pid" # the guest has been told to end
    sample "$cell.trips" "$round_trips"
    sample "$cell.from" "$from"
    sample "$cell.to" "$to"
}

# Runs in a network namespace of its own.
monitor_net() {
    local rounds=$1 i metric title unit
    ip tuntap add tap0 mode tap
    sysctl -qw net.ipv6.conf.tap0.disable_ipv6=1 2>/dev/null || true
    ip link set tap0 up
    for ((i = 0; i < rounds; i++)); do
        monitor_exchange wherry "$wherry_monitor" "$bench_scratch/responder.hvt"
        monitor_exchange wherry-no-graft "$wherry_monitor" "$bench_scratch/responder.hvt" --no-graft
        monitor_exchange hvt "$hvt" "$bench_scratch/responder.hvt"
        monitor_exchange wherry-old "$wherry_monitor" "$bench_scratch/responder-without-ring.hvt"
        monitor_exchange wherry-old-stripped "$wherry_monitor" "$bench_scratch/responder-stripped.hvt"
        monitor_exchange wherry-old-no-graft "$wherry_monitor" "$bench_scratch/responder-without-ring.hvt" --no-graft
        monitor_exchange hvt-old "$hvt" "$bench_scratch/responder-without-ring.hvt"
        monitor_exchange spt "$spt" "$bench_scratch/responder.spt"
        monitor_exchange wherry-kit "$wherry_monitor" "$kit_guests/bench_responder"
        monitor_exchange hvt-kit "$hvt" "$kit_guests/bench_responder"
        monitor_exchange hvt-kit-plain "$bench_scratch/hvt-without-ring" "$kit_guests/bench_responder"
    done
    printf '%-44s %12s %12s %12s\n' 'frames over a tap' min median max
    for metric in trips from to; do
        case $metric in
        trips) title='64 bytes and back' unit=/s ;;
        from) title='1514 bytes out' unit=MB/s ;;
        to) title='1514 bytes in' unit=MB/s ;;
        esac
        samples_row "$title, Solo5's library: wherry" "wherry.$metric" "$unit"
        samples_row "$title, Solo5's library: wherry, no graft" "wherry-no-graft.$metric" "$unit"
        samples_row "$title, Solo5's library: hvt" "hvt.$metric" "$unit"
        samples_row "$title, without ring: wherry" "wherry-old.$metric" "$unit"
        samples_row "$title, without ring: wherry, stripped" "wherry-old-stripped.$metric" "$unit"
        samples_row "$title, without ring: wherry, no graft" "wherry-old-no-graft.$metric" "$unit"
        samples_row "$title, without ring: hvt" "hvt-old.$metric" "$unit"
        samples_row "$title, system calls: spt" "spt.$metric" "$unit"
        samples_row "$title, kit: wherry (posted buffers)" "wherry-kit.$metric" "$unit"
        samples_row "$title, kit: hvt (ring)" "hvt-kit.$metric" "$unit"
        samples_row "$title, kit: hvt (hypercalls)" "hvt-kit-plain.$metric" "$unit"
    done
    # The same binary in both: of the kit, by what each tender offers at best, and by hypercalls in solo5-hvt; of
    # Solo5's library by the ring in both; of the library without a ring with and without its replacement, and by
    # hypercalls in solo5-hvt.
    figure_paired net_vs_hvt wherry-kit.trips hvt-kit-plain.trips
    figure_paired net_out_vs_hvt wherry-kit.from hvt-kit-plain.from
    figure_paired net_in_vs_hvt wherry-kit.to hvt-kit-plain.to
    figure_paired net_by_ring_vs_hvt wherry-no-graft.trips hvt.trips
    figure_paired net_out_by_ring_vs_hvt wherry-no-graft.from hvt.from
    figure_paired net_in_by_ring_vs_hvt wherry-no-graft.to hvt.to
    figure_paired net_solo5_vs_hvt wherry-old.trips hvt-old.trips
    figure_paired net_out_solo5_vs_hvt wherry-old.from hvt-old.from
    figure_paired net_in_solo5_vs_hvt wherry-old.to hvt-old.to
    figure_paired net_stripped_vs_hvt wherry-old-stripped.trips hvt-old.trips
    figure_paired net_out_stripped_vs_hvt wherry-old-stripped.from hvt-old.from
    figure_paired net_in_stripped_vs_hvt wherry-old-stripped.to hvt-old.to
    figure_paired net_by_hypercall_vs_hvt wherry-old-no-graft.trips hvt-old.trips
    figure_paired net_out_by_hypercall_vs_hvt wherry-old-no-graft.from hvt-old.from
    figure_paired net_in_by_hypercall_vs_hvt wherry-old-no-graft.to hvt-old.to
}

bench_monitor() {
    if [[ ! -x ${WHERRY_SOLO5:-}/configure.sh ]]; then
        echo 'monitor: WHERRY_SOLO5 must be the path of a checkout of https://github.com/Solo5/solo5' >&2
        return 2
    fi
    WHERRY_SOLO5=$(cd "$WHERRY_SOLO5" && pwd)
    local rounds=${BENCH_ROUNDS:-7}
    monitor_build_solo5
    gcc -O2 -Wall -Wextra -Werror tests/bench/frames.c -o build/bench/frames
    wherry_monitor=$root/build/release/monitor/wherry-monitor
    kit_guests=$root/build/release/tests/bench/guests
    hvt=$bench_scratch/solo5/tenders/hvt/solo5-hvt
    spt=$bench_scratch/solo5/tenders/spt/solo5-spt
    gcc -O2 -Wall -Wextra -Werror -shared -fPIC tests/bench/no_ioeventfd.c -o build/bench/no_ioeventfd.so
    printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$root/build/bench/no_ioeventfd.so" "$hvt" \
        >"$bench_scratch/hvt-without-ring"
    chmod +x "$bench_scratch/hvt-without-ring"
    monitor_boot
    monitor_block "$rounds"
    # The functions and variables go along: the same shell, in another network namespace.
    export root bench_scratch wherry_monitor kit_guests hvt spt
    export -f monitor_net monitor_exchange sample samples_row figure_paired figure
    unshare --net bash -c 'declare -A samples && set -euo pipefail && monitor_net "$1"' monitor_net "$rounds"
}
