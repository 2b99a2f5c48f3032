# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What block devices are, and where what guests write to them goes (docs/annotations.md, "Block devices"). The guest is
# tests/guests/kit/kit_disk.c, with the devices "root" and "data".
load spec.bash

setup() {
    spec_setup
    volume=$work/volume
    mkdir -p "$volume" "$bundle/rootfs/etc"
    cp "${WHERRY_BUILD:-$BATS_TEST_DIRNAME/../../build/release}/tests/guests/kit/kit_disk" "$bundle/rootfs/disk"
    echo "of the image" >"$bundle/rootfs/etc/file"
    store=$work/store
    printf 'store = %s\n' "$store" >"$work/settings"
    configure '.root.readonly = false'
    does
}

teardown() { spec_teardown; }

wherry() {
    "$runtime" --settings "$work/settings" --root "$root" "$@"
}

# list WORD...: as a JSON array.
list() {
    jq -cn '$ARGS.positional' --args -- "$@"
}

# does COMMAND...: the guest's arguments.
does() {
    configure '.process.args = ["/disk"] + $list' --argjson list "$(list "$@")"
}

# mounts DESTINATION [OPTION...]: the volume, or $source.
mounts() {
    local destination=$1
    shift
    configure '.mounts = [{type: "bind", source: $source, destination: $destination, options: $list}]' \
        --arg source "${source:-$volume}" --arg destination "$destination" --argjson list "$(list bind "$@")"
}

annotate() {
    configure '.annotations[$key] = $value' --arg key "dev.wherry.$1" --arg value "$2"
}

# Runs a container to its end.
runs() {
    timeout 30 "$runtime" --settings "$work/settings" --root "$root" run --bundle "$bundle" "${1:-c1}" </dev/null
}

@test "a mount whose path ends in the device's name is the device; the other is the root file system" {
    echo "of the volume" >"$volume/file"
    mounts /mnt/data ro
    does cat root /etc/file cat data /file
    run -0 runs
    [[ $output == *"/etc/file: of the image"* && $output == *"/file: of the volume"* ]]
}

@test "two mounts of that name are an error, and so is none" {
    mounts /mnt/data
    configure '.mounts += [.mounts[0] | .destination = "/other/data"]'
    refuses_cleanly 125 'the block device "data" could be the mount at "/mnt/data" or the one at "/other/data"' runs
    configure '.mounts = []'
    refuses_cleanly 125 'the annotation dev.wherry.block.root must say what "root" is, or a mount' runs
}

@test "a mounted file is a disk, and what a killed guest wrote is on it" {
    source=$work/disk
    truncate -s 1M "$source"
    mounts /data
    does write data 3 "for ever" wait
    create c1
    wherry start c1
    eventually 5 grep -q written "$work/output"
    wherry kill c1 KILL
    [[ $(dd if="$source" bs=512 skip=3 count=1 status=none | tr -d '\0') == "for ever" ]]
}

@test "a mounted file is one container's at a time" {
    source=$work/disk
    truncate -s 1M "$source"
    mounts /data
    does read data 0 wait
    create c1
    configure '.linux.cgroupsPath += "2"'
    refuses 125 "'$source' is in use by another container" runs c2
    mounts /data ro
    refuses 125 "'$source' is in use by another container" runs c2
    wherry delete --force c1
    does read data 0
    run -0 runs c2
}

@test "what a killed guest wrote to a directory is there the next time" {
    echo "of the volume" >"$volume/file"
    mounts /data
    does write data 300 "the first" wait
    create c1
    wherry start c1
    eventually 5 grep -q written "$work/output"
    wherry kill c1 KILL
    wherry delete --force c1
    does read data 300 cat data /file write data 301 "the second"
    run -0 runs c2
    [[ $output == *"block: the first"* && $output == *"of the volume"* && $output == *written* ]]
    does read data 301
    run -0 runs
    [[ $output == *"block: the second"* ]]
    [[ $(ls "$volume") == file && $(cat "$volume/file") == "of the volume" ]]
}

@test "a directory that has changed does not fit what was written to it" {
    echo 1 >"$volume/file"
    mounts /data
    does write data 300 text
    run -0 runs
    echo more >"$volume/other"
    refuses_cleanly 125 "the volume '$volume' as ext2: what was written to it is in '$store/delta/" runs
    run -0 wherry image deltas --format json
    key=$(jq -r '.[0].key' <<<"$output")
    [[ $(jq -r '.[0].owner' <<<"$output") == "the volume '$volume' as ext2" ]]
    run -0 wherry image drop "${key:0:12}"
    does read data 300
    run -0 runs
    [[ $output == *"block: "* && $output != *text* ]]
}

@test "a directory can be read-only, or forget what is written" {
    mounts /data ro
    does write data 300 text
    run -0 runs
    [[ $output == *refused* ]]
    mounts /data
    annotate block.data "mount:/data,discard"
    annotate block.root rootfs
    does write data 300 text read data 300
    run -0 runs
    [[ $output == *"block: text"* ]]
    does read data 300
    run -0 runs
    [[ $output != *text* ]]
    [[ $(wherry image deltas --format json) == "[]" ]]
}

@test "the root file system keeps changes on request, with the container's files of the first time" {
    source=$work/hosts
    echo "first hosts" >"$source"
    mounts /etc/hosts
    annotate block.root rootfs,keep
    annotate block.data rootfs
    does cat root /etc/hosts write root 2000 kept
    run -0 runs
    [[ $output == *"first hosts"* && $output == *written* ]]
    echo "other hosts" >"$source"
    does read root 2000 cat root /etc/hosts cat root /etc/file
    run -0 runs
    [[ $output == *"block: kept"* && $output == *"first hosts"* && $output == *"of the image"* ]]
    run -0 runs c2
    [[ $output != *kept* && $output == *"other hosts"* ]]
    echo other >"$bundle/rootfs/etc/file"
    refuses_cleanly 125 "the block device 'root' of the container 'c1' of '$root': what was written to it" runs
}

@test "archives do not keep changes to the root file system" {
    annotate block.root rootfs,keep,format=tar
    annotate block.data rootfs
    refuses_cleanly 125 "changes to the root file system cannot be kept as tar" runs
}

@test "what is written has a limit, and the guest survives it" {
    annotate block.root rootfs,limit=64K
    annotate block.data rootfs,keep,limit=8K
    does fill root fill data read root 8
    run -0 runs
    [[ $output == *"filled: 16"* && $output == *"filled: 2"* && $output == *"block: filled"* ]]
    [[ $output == *"wherry-monitor: block device 'root': writing fails: the limit of what it may write is reached"* ]]
    [[ $(grep -c "writing fails" <<<"$output") == 2 ]]
}

@test "under a memory limit, writes stay within it" {
    annotate block.root rootfs
    annotate block.data rootfs,limit=1M
    configure '.linux.resources.memory.limit = 67108864'
    head -c 40000000 /dev/zero >"$bundle/rootfs/large"
    does fill root fill data
    run -0 runs
    [[ $output == *"filled: 256"* && $output == *"'root': writing fails: the limit"* ]]
    [[ $(grep -oP 'filled: \K\d+' <<<"$output" | head -1) -gt 500 ]]
}

@test "options that contradict each other are refused" {
    annotate block.data rootfs
    annotate block.root rootfs,ro,keep
    refuses_cleanly 125 "is read-only, and says what becomes of writes" runs
    annotate block.root mount:/data,keep
    mounts /data ro
    refuses_cleanly 125 'the block device "root" is read-only, so no changes to it can be kept' runs
    source=$work/disk
    truncate -s 1M "$source"
    mounts /data
    annotate block.root mount:/data,limit=1M
    refuses_cleanly 125 'the block device "root" has a limit on what is written, but that goes to the mounted file' runs
}

@test "small mounts are in the image: secrets, and config maps as Kubernetes lays them out" {
    mkdir -p "$volume/..2026/sub" && echo secret >"$volume/..2026/key" && echo deep >"$volume/..2026/sub/deep"
    ln -s ..2026 "$volume/..data" && ln -s ..data/key "$volume/key" && ln -s ..data/sub "$volume/sub"
    ln -s /etc/passwd "$volume/escape" && mkfifo "$volume/pipe"
    mounts /var/config
    echo token >"$work/token"
    configure '.mounts += [{type: "bind", source: $token, destination: "/run/secrets/a/token", options: ["bind", "ro"]}]' \
        --arg token "$work/token"
    annotate block.root "rootfs"
    annotate block.data "rootfs,format=fat"
    does cat root /var/config/key cat root /var/config/sub/deep cat root /run/secrets/a/token \
        cat root /var/config/escape cat root /var/config/..data/key
    run -0 runs
    [[ $output == *"/var/config/key: secret"* && $output == *"deep: deep"* && $output == *"token: token"* ]]
    [[ $output == *"escape: error -2"* && $output == *"..data/key: error -2"* ]]
}

@test "mounts that do not fit into the image are said in the log" {
    head -c 2000000 /dev/zero >"$volume/large"
    mounts /etc
    annotate block.root rootfs
    annotate block.data rootfs
    does cat root /etc/file
    run -0 wherry --log "$work/log" run --bundle "$bundle" c1 </dev/null
    [[ $output == *"of the image"* ]]
    grep -q 'mount \\"/etc\\": the guest does not see it, as the root file system has files there' "$work/log" ||
        grep -q 'mount "/etc": the guest does not see it, as the root file system has files there' "$work/log"
    mounts /srv/large
    run -0 wherry --log "$work/log" run --bundle "$bundle" c1 </dev/null
    grep -q 'as it is too large to be put' "$work/log"
}
