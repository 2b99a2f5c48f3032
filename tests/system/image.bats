# SPDX-License-Identifier: Apache-2.0
#
# `wherry image`: the store as an administrator sees it.

# shellcheck source=tests/support/time.bash
source "$BATS_TEST_DIRNAME/../support/time.bash"

bats_require_minimum_version 1.5.0

setup() {
    wherry=${WHERRY_BUILD:?}/runtime/wherry
    store=$BATS_TEST_TMPDIR/store
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/etc"
    head -c 300000 /dev/urandom >"$tree/data"
    PATH=$PATH:/usr/sbin
}

image() {
    "$wherry" image --store "$store" "$@"
}

@test "a prepared image is listed, exported and removed" {
    image prepare "$tree"
    run image prepare "$tree"
    [[ $output == *"was ready"* ]]
    key=$(image ls --format json | jq -r '.[0].key')
    [[ $(image inspect --format json "${key:0:12}" | jq -r .format) == ext2 ]]
    run image inspect "${key:0:12}"
    [[ $output == "$key"*"format     ext2"*"last used  20"*"pack "* ]]
    image export "$key" "$BATS_TEST_TMPDIR/image"
    e2fsck -fn "$BATS_TEST_TMPDIR/image"
    image rm "$key"
    [[ $(image ls --format json) == "[]" ]]
    [[ $(image gc --format json | jq .packs) == 1 ]]
}

@test "what is exported stands whole under its name, or what was there stays" {
    image prepare "$tree"
    key=$(image ls --format json | jq -r '.[0].key')
    mkdir "$BATS_TEST_TMPDIR/small"
    mount -t tmpfs -o size=64k tmpfs "$BATS_TEST_TMPDIR/small"
    echo before >"$BATS_TEST_TMPDIR/small/image"
    run image export "$key" "$BATS_TEST_TMPDIR/small/image"
    before=$(ls -A "$BATS_TEST_TMPDIR/small") kept=$(cat "$BATS_TEST_TMPDIR/small/image")
    umount "$BATS_TEST_TMPDIR/small"
    [[ $status == 1 && $output == *"write '$BATS_TEST_TMPDIR/small/image'"*"No space left on device"* ]]
    [[ $before == image && $kept == before ]]
    run -1 image export "$key" "$BATS_TEST_TMPDIR/nowhere/image"
    [[ $output == *"nowhere"*"No such file or directory"* ]]
    run -1 image export "$key" /dev/null
    [[ $output == *"write '/dev/null': it is no regular file"* ]]
}

@test "who waits sees how far it is: a bar on a terminal, else a line for each step, or JSON" {
    for _ in {1..40}; do
        head -c 20000000 /dev/zero >"$(mktemp -p "$tree")"
    done
    script -qec "'$wherry' image --store '$store' prepare '$tree'" /dev/null >"$BATS_TEST_TMPDIR/screen" </dev/null 3>&-
    grep -qE 'tree  \[=* *\] +[0-9]+ %  [0-9.]+ MiB/s' "$BATS_TEST_TMPDIR/screen"
    rm -rf "$store"
    run image prepare "$tree"
    [[ $output == *"$tree: packing '$tree', 763."*" MiB"* && $output != *"["* ]]
    rm -rf "$store"
    image prepare --format json "$tree" | jq -e -s '.[0].event == "packing" and .[0].bytes > 7e8 and .[1].event == "ready"'
}

@test "a tree becomes a tar archive" {
    image prepare --as tar "$tree"
    key=$(image ls --format json | jq -r '.[0].key')
    image export "$key" "$BATS_TEST_TMPDIR/image"
    tar -xOf "$BATS_TEST_TMPDIR/image" data | cmp - "$tree/data"
}

@test "damage is found and named" {
    image prepare "$tree"
    image verify
    pack=$(ls "$store/data")
    chmod u+w "$store/data/$pack"
    printf x | dd of="$store/data/$pack" bs=1 seek=5000 conv=notrunc status=none
    printf y | dd of="$store/data/$pack" bs=1 seek=5001 conv=notrunc status=none
    run image verify
    [[ $status == 1 ]]
    [[ $output == *"damaged  pack  $pack: its contents are damaged"* ]]
    [[ $output == *"1 objects of the store are damaged"* ]]
}

@test "an image in use is not removed, and who uses it is named" {
    image prepare "$tree"
    key=$(image ls --format json | jq -r '.[0].key')
    exec 7<"$store/img/$key/meta"
    flock --shared 7
    run image rm "$key"
    [[ $status == 1 && $output == *"the image '$key' is in use by process "* ]]
    image gc
    [[ $(image inspect --format json "$key" 7<&- | jq -r '.inUse, (.users | length > 0)') == $'true\ntrue' ]]
    exec 7<&-
    image rm "$key"
}

@test "gc leaves what was used lately, and as much as it is told to" {
    local i keys=()
    for i in 0 1 2; do
        mkdir -p "$tree$i"
        head -c 1000000 /dev/urandom >"$tree$i/data"
        keys[i]=$(image prepare --format json "$tree$i" | jq -r 'select(.event == "ready") | .key')
    done
    touch -d '3 days ago' "$store/img/${keys[0]}"
    touch -d '2 days ago' "$store/img/${keys[1]}"
    [[ $(image gc --format json --min-age 432000 | jq .images) == 0 ]]
    [[ $(image gc --format json --min-age 86400 --max-size 3000000 | jq .images) == 1 ]]
    [[ ! -e $store/img/${keys[0]} && -e $store/img/${keys[1]} && -e $store/img/${keys[2]} ]]
    # Opening it is a use.
    touch -d '2 days ago' "$store/img/${keys[2]}"
    image prepare "${tree}2"
    [[ $(image gc --format json --min-age 86400 | jq .images) == 1 ]]
    [[ ! -e $store/img/${keys[1]} && -e $store/img/${keys[2]} ]]
}

@test "wrong command lines are refused" {
    run image frob
    [[ $status == 1 && $output == *'unknown command "image frob"'* ]]
    run image prepare
    [[ $status == 1 && $output == *'"image prepare" wants root file systems, or --from and an engine'* ]]
    run image prepare --as zip "$tree"
    [[ $status == 1 && $output == *'unknown format "zip"'* ]]
    run image prepare nonsense
    [[ $status == 1 && $output == *"'nonsense' (an engine's images are named with --from)"* ]]
    run image ls --format xml
    [[ $status == 1 && $output == *'"xml" is no format to print in: text or json'* ]]
    run image inspect 0123
    [[ $status == 1 && $output == *"has no image '0123'"* ]]
}
