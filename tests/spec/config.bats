# SPDX-License-Identifier: Apache-2.0
#
# What a configuration may say, and what comes of it: config.json through the command line. The parser's own tests
# have every rule; here are those that end in a status, a message and nothing left behind.

bats_require_minimum_version 1.5.0

setup() {
    [[ $EUID == 0 && -w /dev/kvm ]] || skip "needs root and /dev/kvm"
    wherry=${WHERRY_BUILD:?}/runtime/wherry
    root=$BATS_TEST_TMPDIR/root
    bundle=$BATS_TEST_TMPDIR/bundle
    settings=$BATS_TEST_TMPDIR/settings
    mkdir -p "$bundle/rootfs/app"
    cp "$WHERRY_BUILD/examples/hello/hello" "$bundle/rootfs/app/hello"
    printf '%s\n' "store = $BATS_TEST_TMPDIR/store" "delegate = $BATS_TEST_TMPDIR/other" >"$settings"
    printf '#!/bin/sh\necho handed over\n' >"$BATS_TEST_TMPDIR/other"
    chmod +x "$BATS_TEST_TMPDIR/other"
    "$wherry" spec --bundle "$bundle"
    change '.process.args = ["/app/hello"] | .linux.namespaces |= map(select(.type != "network"))'
}

# change FILTER: edits config.json with jq.
change() {
    jq "$1" "$bundle/config.json" >"$bundle/changed"
    mv "$bundle/changed" "$bundle/config.json"
}

w() {
    "$wherry" --root "$root" --settings "$settings" "$@" 3>&-
}

# fails_with STATUS WORDS: the container fails like that, and is not there.
fails_with() {
    run "-$1" w run --bundle "$bundle" c
    echo "$output"
    [[ $output == *"$2"* ]]
    [[ $(wc -l <<<"$output") == 1 ]]
    [[ -z $(w list --quiet) ]]
}

@test "the configuration that spec writes runs" {
    run w run --bundle "$bundle" c
    echo "$output"
    [[ $status == 0 && $output == *Hello* ]]
}

@test "a relative path of the program starts at the working directory" {
    change '.process.args = ["./hello"] | .process.cwd = "/app"'
    run w run --bundle "$bundle" c
    [[ $status == 0 && $output == *Hello* ]]
    change '.process.cwd = "/"'
    fails_with 127 'process.args[0]'
}

# As docker and podman write them for `run --init`.
@test "an init that the engine mounts is left out for a unikernel, and told of a program by itself" {
    change '.mounts += [{destination: "/sbin/docker-init", type: "bind", source: "/bin/true", options: ["bind", "ro"]}]
        | .process.args = ["/sbin/docker-init", "--", "/app/hello", "a word", "--exit", "4"]'
    run -4 w run --bundle "$bundle" c
    [[ $output == *"argument 1: a word"* ]]
    cp /bin/true "$bundle/rootfs/app/true"
    local program
    for program in /app/true /app/absent absent; do
        change ".process.args[2] = \"$program\""
        run -0 w run --bundle "$bundle" c
        [[ $output == *"handed over"* ]]
    done
}

@test "a memory limit says what it leaves for the guest, and beyond what a guest can have it is no error" {
    change '.linux.resources.memory = {limit: (6 * 1048576)}'
    fails_with 126 "the unikernel needs at least 2048 KiB of memory and there are 1984 KiB for it under the container's limit"
    change '.linux.resources.memory = {limit: (8 * 1073741824)}'
    run -0 w run --bundle "$bundle" c
    [[ $output == *Hello* ]]
}

@test "unknown properties change nothing, of any version 1" {
    change '.ociVersion = "1.99.0" | .unheardOf = {} | .process.unheardOf = 1 | .linux.unheardOf = []'
    run w run --bundle "$bundle" c
    [[ $status == 0 && $output == *Hello* ]]
}

@test "what a unikernel cannot have is refused by its name" {
    change '.linux.intelRdt = {closID: "x"}'
    fails_with 125 'config.json: linux.intelRdt: not supported'
}

@test "what wherry cannot do is no matter when another runtime does it" {
    change '.linux.intelRdt = {closID: "x"} | .process.args = ["/app/script"]'
    printf '#!/bin/sh\n' >"$bundle/rootfs/app/script"
    run w create --bundle "$bundle" c
    echo "$output"
    [[ $status == 0 && $output == *'handed over'* ]]
    w delete --force c
    [[ ! -e /run/wherry-delegated/${root//\//%2F}/c ]]
}

@test "a document that breaks a rule is an error that names the property" {
    change '.linux.resources.memory.limit = "64M"'
    fails_with 125 'linux.resources.memory.limit: must be a number, not a string'
}

@test "a document that is no JSON is an error that names the line" {
    echo ']' >>"$bundle/config.json"
    fails_with 125 'parse error: trailing garbage'
    printf '{"ociVersion":"1.0.0",\n"root":{"path":"a","path":"b"}}' >"$bundle/config.json"
    fails_with 125 "line 2: the object has two members 'path'"
}

@test "a flood of brackets is refused at once" {
    head -c 100M /dev/zero | tr '\0' '[' >"$bundle/config.json"
    SECONDS=0
    fails_with 125 'config.json'
    ((SECONDS <= 2))
    truncate -s 16M "$bundle/config.json"
    fails_with 125 'nested too deeply'
}

@test "a broken description of a unikernel is an error, not a hand-over" {
    change '.annotations = {"com.urunc.unikernel.binary": "/app/hello"}'
    fails_with 125 'only half described'
    change '.annotations = {"dev.wherry.memory": "lots"}'
    fails_with 125 "annotation dev.wherry.memory: 'lots' is not a size"
    change '.annotations = {"com.urunc.unikernel.hypervisor": "qemu"}'
    fails_with 125 "'qemu' is not supported"
}

@test "an annotation names the unikernel" {
    change '.annotations = {"dev.wherry.binary": "/app/hello"} | .process.args = ["ignored"]'
    run w run --bundle "$bundle" c
    [[ $status == 0 && $output == *Hello* ]]
}
