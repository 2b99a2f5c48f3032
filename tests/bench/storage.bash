# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# What storage adds to `create`: prepared and not, against the size of the tree; disk and memory of many containers
# that share a base. The baselines are what others do at each create: an ISO of the whole tree, and a plain copy.

# storage_mount NAME LOWER...: an overlay mount laid out as podman lays it out, the uppermost layer first. Layers
# are complete directories below the graph. Prints the mount point.
storage_mount() {
    local dir=$bench_scratch/graph/overlay/$1 lower
    shift
    mkdir -p "$dir/diff/etc" "$dir/work" "$dir/merged"
    ln -s /proc/mounts "$dir/diff/etc/mtab"
    lower=$(printf "$bench_scratch/graph/overlay/%s/diff:" "$@")
    mount -t overlay overlay -o "lowerdir=${lower%:},upperdir=$dir/diff,workdir=$dir/work" "$dir/merged"
    echo "$dir/merged"
}

# storage_layer NAME FILES MIB: a layer of FILES files and MIB mebibytes in all; a few files hold most of it.
storage_layer() {
    local dir=$bench_scratch/graph/overlay/$1/diff files=$2 mib=$3 i
    mkdir -p "$dir"
    python3 - "$dir" "$files" "$mib" <<'PYTHON'
import os, random, sys
top, n, total = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) << 20
random.seed(n)
weights = [random.paretovariate(0.9) for _ in range(n)]
scale = total / sum(weights)
block = os.urandom(1 << 20)
for i, w in enumerate(weights):
    d = f"{top}/d{i // 10 % 97}/e{i // 10}"
    os.makedirs(d, exist_ok=True)
    size = int(w * scale)
    with open(f"{d}/file{i}", "wb") as f:
        while size > 0:
            f.write(block[: min(size, len(block))])
            size -= len(block)
PYTHON
}

# storage_probe ARG...: the probe (storage_probe.c) on a store of its own.
storage_probe() {
    "$bench_scratch/probe" "$@"
}

storage_row() { # NAME MIN MEDIAN MAX, in microseconds
    printf '%-36s %10.3f %10.3f %10.3f\n' "$1" "$(ratio3 "$2")" "$(ratio3 "$3")" "$(ratio3 "$4")"
}

ratio3() {
    awk -v a="$1" 'BEGIN { printf "%.3f", a / 1000 }'
}

storage_hits() {
    local runs=${BENCH_RUNS:-200} small middle large times crowd
    storage_layer one 10 1
    storage_layer hundred 500 100
    storage_layer thousand 2000 1024
    small=$(storage_mount c1 one)
    middle=$(storage_mount c100 hundred)
    large=$(storage_mount c1000 thousand)
    mapfile -t times < <(storage_probe "$bench_scratch/store" "$runs" hit "$small" "$middle" "$large")
    crowd=$(storage_probe "$bench_scratch/store" 100 crowd "$large")
    printf '%-36s %10s %10s %10s\n' 'prepared, ms' min median max
    # shellcheck disable=SC2086
    {
        storage_row 'create, 1 MiB' ${times[0]}
        storage_row 'create, 100 MiB' ${times[1]}
        storage_row 'create, 1 GiB' ${times[2]}
        storage_row '100 creates at once, 1 GiB' $crowd
    }
    # What runnc does at each create, with its options, and the floor of a copy.
    printf '\n'
    time_rounds 1 \
        iso-1m genisoimage -quiet -l -r -o "$bench_scratch/image.iso" "$small" --- \
        iso-100m genisoimage -quiet -l -r -o "$bench_scratch/image.iso" "$middle" --- \
        iso-1g genisoimage -quiet -l -r -o "$bench_scratch/image.iso" "$large" --- \
        copy-1g sh -c "rm -rf '$bench_scratch/copy' && cp -a '$large' '$bench_scratch/copy'"
    rm -rf "$bench_scratch/image.iso" "$bench_scratch/copy"
    figure create_1g_vs_1m "$(ratio "$(cut -d' ' -f2 <<<"${times[2]}")" "$(cut -d' ' -f2 <<<"${times[0]}")")" x
    figure storage_hit "$(ratio3 "$(cut -d' ' -f2 <<<"${times[2]}")")" ms
    umount "$small" "$middle" "$large"
}

storage_misses() {
    local files mib name dir times runs
    for files in 6000 70000; do
        mib=$((files == 6000 ? 200 : 800)) runs=$((files == 6000 ? 5 : 2))
        name=files$files
        storage_layer "$name" "$files" "$mib"
        dir=$(storage_mount "c$files" "$name")
        mapfile -t times < <(storage_probe "$bench_scratch/miss$files" $((2 * runs)) miss "$dir")
        printf '\n%-36s %10s %10s %10s\n' "not prepared, $files files, ms" min median max
        # shellcheck disable=SC2086
        {
            storage_row 'wherry, before the guest starts' ${times[0]}
            storage_row '    processor time of it' ${times[1]}
            storage_row '    until all files are there' ${times[2]}
        }
        time_rounds "$runs" \
            wherry-whole sh -c "rm -rf '$bench_scratch/whole' && exec '$root/build/release/runtime/wherry' image \
                --store '$bench_scratch/whole' prepare '$dir'" --- \
            genisoimage genisoimage -quiet -l -r -o "$bench_scratch/image.iso" "$dir" --- \
            tar tar -C "$dir" -cf "$bench_scratch/image.tar" . --- \
            copy sh -c "rm -rf '$bench_scratch/copy' && cp -a '$dir' '$bench_scratch/copy'"
        name=$((files / 1000))k_files
        figure "miss_$name" "$(ratio3 "$(cut -d' ' -f2 <<<"${times[0]}")")" ms
        figure "miss_${name}_filled" "$(ratio3 "$(cut -d' ' -f2 <<<"${times[2]}")")" ms
        figure "miss_${name}_processor" "$(ratio3 "$(cut -d' ' -f1 <<<"${times[1]}")")" ms
        figure "miss_${name}_vs_genisoimage" "$(ratio "$(cut -d' ' -f2 <<<"${times[0]}")" "${median[genisoimage]}")" x
        [[ $files != 6000 ]] || figure background_vs_tar "$(ratio "${median[wherry-whole]}" "${median[tar]}")" x
        [[ $files == 6000 ]] || figure background_vs_tar_70k "$(ratio "${median[wherry-whole]}" "${median[tar]}")" x
        umount "$dir"
        rm -rf "$bench_scratch"/miss"$files"-* "$bench_scratch/whole" "$bench_scratch/copy" "$bench_scratch"/image.*
    done
}

# storage_run ID ROOTFS [OPTION...] -- ARG...: runs the program ARG of a root file system.
storage_run() {
    local id=$1 dir=$2 bundle=$bench_scratch/bundles/$1 options=()
    shift 2
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    mkdir -p "$bundle"
    jq -n --arg dir "$dir" '{ociVersion: "1.0.2", root: {path: $dir}, process: {cwd: "/", args: $ARGS.positional},
        annotations: {"dev.wherry.memory": "16M"},
        linux: {namespaces: [{type: "mount"}, {type: "network"}]}}' --args "${@:2}" >"$bundle/config.json"
    storage_wherry run "${options[@]}" --bundle "$bundle" "bench-$$-$id"
}

storage_wherry() {
    "$root/build/release/runtime/wherry" --root "$bench_scratch/state" --settings "$bench_scratch/settings" "$@"
}

# storage_mapped_kib STORE PID...: what the processes hold of the store's files (PSS, summed).
storage_mapped_kib() {
    local store=$1 pid
    shift
    for pid in "$@"; do
        cat "/proc/$pid/smaps"
    done | awk -v store="$store/" '/^[0-9a-f]+-[0-9a-f]+ / { inside = index($0, store) } /^Pss:/ && inside { sum += $2 }
        END { print sum }'
}

# A hundred unikernels, each with an image of its own on one base, that have read all of it.
storage_functions() {
    local n=100 i dirs=() pids=() base own=0 store=$bench_scratch/functions disk image_kib whole_kib
    storage_layer base 2000 200
    cp "$root/build/release/tests/bench/hold_guest" "$bench_scratch/graph/overlay/base/diff/"
    for ((i = 0; i < n; i++)); do
        storage_layer "f$i" 4 1
        dirs+=("$(storage_mount "cf$i" "f$i" base)")
    done
    "$root/build/release/runtime/wherry" image --store "$store" prepare "${dirs[@]}" >"$bench_scratch/log" 2>&1 || {
        cat "$bench_scratch/log"
        return 1
    }
    base=$(du -sk "$bench_scratch/graph/overlay/base/diff" | cut -f1)
    own=$(for ((i = 0; i < n; i++)); do du -sk "$bench_scratch/graph/overlay/f$i/diff"; done |
        awk '{ s += $1 } END { print s }')
    disk=$(du -sk "$store" | cut -f1)

    echo "store = $store" >"$bench_scratch/settings"
    for ((i = 0; i < n; i++)); do
        storage_run "f$i" "${dirs[i]}" --detach -- /hold_guest </dev/null >"$bench_scratch/f$i.out"
    done
    for ((i = 0; i < n; i++)); do
        until [[ $(<"$bench_scratch/f$i.out") == read ]]; do sleep 0.1; done
    done
    mapfile -t pids < <(storage_wherry list --format json | jq '.[].pid')
    ((${#pids[@]} == n))
    image_kib=$(storage_mapped_kib "$store" "${pids[@]}")
    whole_kib=$(pss_kib "${pids[@]}")

    printf '\n%-36s %10s\n' "$n functions on one base, MiB" ''
    printf '%-36s %10d\n' 'base and own parts' $(((base + own) / 1024)) 'store' $((disk / 1024)) \
        'memory of the images, all read' $((image_kib / 1024)) 'and of the monitors with their guests' \
        $((whole_kib / 1024)) 'an ISO for each' $(((n * base + own) / 1024))
    figure disk_100_functions "$(ratio "$disk" $((base + own)))" x
    figure memory_100_functions "$(ratio "$image_kib" $((base + own)))" x
    figure memory_100_monitors "$(ratio "$whole_kib" $((base + own)))" x
    storage_end_guests
    for i in "${dirs[@]}"; do umount --lazy "$i"; done
}

storage_reads() {
    local dir rates
    dir=$(storage_mount cread base)
    mapfile -t rates < <(storage_probe "$bench_scratch/read" 5 read "$dir")
    # shellcheck disable=SC2086
    printf '%-36s %10s %10s\n' 'blocks of 4 KiB, MB/s' image memcpy 'in order' ${rates[0]} 'at random' ${rates[1]}
    figure image_read_vs_memcpy "$(ratio "${rates[0]% *}" "${rates[0]#* }")" x
    figure image_random_read_vs_memcpy "$(ratio "${rates[1]% *}" "${rates[1]#* }")" x
    umount "$dir"
}

# A guest's reads of its warm image, against memcpy of the same pages in a process of the host; the best of six runs, made
# in turn. "kit" is what a program of the kit gets; "window" and "call" are the two ways that it chooses from.
storage_guest_reads() {
    local dir size order who first warm name turns
    local -A best=()
    mapfile -t turns < <(printf 'memcpy\nkit\n%.0s' {1..6} && printf 'window\ncall\n')
    [[ -d $bench_scratch/graph/overlay/base ]] || storage_layer base 2000 200
    dir=$(storage_mount cguest base)
    cp "$root/build/release/tests/bench/read_guest" "$dir/"
    storage_probe "$bench_scratch/store" 1 copy "$dir" 4096 sequential >/dev/null # prepares, and warms
    echo "store = $bench_scratch/store" >"$bench_scratch/settings"
    printf '%-32s %10s %10s %10s %10s\n' 'reads of a warm image, MB/s' memcpy kit window call
    for name in 1048576/sequential 4096/sequential 4096/random; do
        size=${name%/*} order=${name#*/}
        for who in "${turns[@]}"; do
            if [[ $who == memcpy ]]; then
                read -r first warm < <(storage_probe "$bench_scratch/store" 10 copy "$dir" "$size" "$order")
            else
                read -r first warm < <(storage_run reader "$dir" -- /read_guest "$who" "$size" "$order")
            fi
            ((warm <= ${best[$who]:-0})) || best[$who]=$warm
            ((first <= ${best[${who}_first]:-0})) || best[${who}_first]=$first
        done
        printf '%-32s %10d %10d %10d %10d\n' "pieces of $size, $order" "${best[memcpy]}" "${best[kit]}" \
            "${best[window]}" "${best[call]}" '    the first time' "${best[memcpy_first]}" "${best[kit_first]}" \
            "${best[window_first]}" "${best[call_first]}"
        name=guest_read_${order}_$((size / 1024))k
        figure "${name}_vs_memcpy" "$(ratio "${best[kit]}" "${best[memcpy]}")" x
        figure "${name}_first_vs_memcpy" "$(ratio "${best[kit_first]}" "${best[memcpy_first]}")" x
        best=()
    done | tee "$bench_scratch/guest_reads"
    figure guest_read_vs_memcpy "$(awk '/k_vs_memcpy/ { if (!n++ || $3 < low) low = $3 } END { print low }' \
        "$bench_scratch/guest_reads")" x
}

storage_end_guests() {
    local id
    for id in $(storage_wherry list --quiet); do
        storage_wherry delete --force "$id"
    done
}

bench_end() {
    local dir
    [[ ! -f $bench_scratch/settings ]] || storage_end_guests
    for dir in "$bench_scratch"/graph/overlay/*/merged; do
        # Lazily: a guest that has just ended may hold its file for a moment.
        ! mountpoint -q "$dir" || umount --lazy "$dir"
    done
}

bench_storage() {
    packages_install genisoimage
    gcc -O2 -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Ibase/include -Istorage/include -Istorage/overlay/include \
        tests/bench/storage_probe.c build/release/storage/libstorage.a build/release/storage/libstorage-formats.a \
        build/release/storage/libstorage-layers.a build/release/storage/overlay/liboverlay.a \
        build/release/base/libbase.a -o "$bench_scratch/probe"
    storage_hits
    storage_misses
    storage_functions
    storage_reads
    storage_guest_reads
}
