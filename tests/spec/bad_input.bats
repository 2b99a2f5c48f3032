# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What cannot be run: one clear message, the exit status of the contract (125 could not be set up, 126 cannot be loaded,
# 127 is not there), and nothing left behind.
load spec.bash
setup() { spec_setup; }
teardown() { spec_teardown; }

run_bundle() {
    wherry run --bundle "$bundle" c1
}

# hello with one byte changed: offset (decimal), value (octal).
patch_hello() {
    # shellcheck disable=SC2059 # an octal escape
    printf "\\$2" | dd of="$bundle/rootfs/hello" bs=1 seek="$1" conv=notrunc status=none
}

# The offset of the note's contents: the name "Solo5" and what follows it.
note_offset() {
    grep -obUaP "Solo5\x00\x00\x00" "$bundle/rootfs/hello" | head -n "$1" | tail -n 1 | cut -d: -f1
}

@test "a program that is not there: 127" {
    configure '.process.args = ["/nowhere"]'
    refuses_cleanly 127 "'/nowhere': no such file or directory" run_bundle
    configure '.process.args = ["nowhere"]'
    refuses_cleanly 127 '"nowhere": executable file not found in $PATH: no such file or directory' run_bundle
}

@test "a file that is neither a unikernel nor a program: 126" {
    echo "nothing" >"$bundle/rootfs/hello"
    refuses_cleanly 126 "load the unikernel '/hello': not an ELF file" run_bundle
    : >"$bundle/rootfs/hello"
    refuses_cleanly 126 "load the unikernel '/hello': not an ELF file" run_bundle
}

@test "a directory and a pipe instead of a unikernel: 126" {
    configure '.process.args = ["/"]'
    refuses_cleanly 126 "execute '/', not a regular file: permission denied" run_bundle
    mkfifo "$bundle/rootfs/pipe"
    configure '.process.args = ["/pipe"]'
    refuses_cleanly 126 "execute '/pipe', not a regular file: permission denied" run_bundle
    configure '.annotations["dev.wherry.binary"] = "/pipe"'
    refuses_cleanly 126 "the unikernel '/pipe' is not a regular file" run_bundle
}

@test "a unikernel that is cut off: 126" {
    truncate --size 5000 "$bundle/rootfs/hello"
    refuses_cleanly 126 "load the unikernel '/hello': program header 1: the file ends before its segment does" run_bundle
}

@test "a unikernel for another machine: 126" {
    patch_hello 18 267
    refuses_cleanly 126 "load the unikernel '/hello': built for aarch64, not for x86-64" run_bundle
}

# The ABI note's descriptor: target, then version, behind the name's eight bytes and two of padding to eight.
@test "a unikernel for another target: 126, and no other runtime is tried" {
    local at=
    for at in 1 2; do
        at=$(note_offset "$at")
        [[ -n $at ]] || continue
        patch_hello "$((at + 8))" 002
    done
    refuses_cleanly 126 "load the unikernel '/hello': built for Solo5 target 'spt' (2)" run_bundle
}

@test "memory that is too small: 126" {
    configure '.linux.resources.memory.limit = 4194304'
    refuses_cleanly 126 "needs at least" run_bundle
}

@test "memory that does not fit into the limit: 125" {
    configure '.linux.resources.memory.limit = 33554432 | .annotations["dev.wherry.memory"] = "64M"'
    refuses_cleanly 125 "do not fit into linux.resources.memory.limit" run_bundle
}

@test "a device that is configured, but that the unikernel does not declare: 125" {
    configure '.annotations["dev.wherry.net.extra"] = "eth0"'
    refuses_cleanly 125 '"extra"' run_bundle
}

@test "a command line of more than 8191 bytes: 125" {
    configure '.process.args = ["/hello", ("x" * 9000)]'
    refuses_cleanly 125 "longer than 8191 bytes" run_bundle
}

@test "no /dev/kvm: 125" {
    # shellcheck disable=SC2016 # for the inner shell
    refuses_cleanly 125 "open '/dev/kvm': No such file or directory" unshare --mount sh -c \
        'mount -t tmpfs tmpfs /dev && mknod /dev/null c 1 3 && exec "$@"' sh \
        "$runtime" --root "$root" run --bundle "$bundle" c1
}

@test "no config.json, and one that is no JSON: 125" {
    rm "$bundle/config.json"
    refuses_cleanly 125 "config.json': No such file or directory" run_bundle
    echo "{" >"$bundle/config.json"
    refuses_cleanly 125 "config.json" run_bundle
    printf '{"ociVersion":"1.2.1","ociVersion":"1.2.1"}' >"$bundle/config.json"
    refuses_cleanly 125 "ociVersion" run_bundle
}

@test "100 MB of brackets: 125" {
    head -c 100000000 /dev/zero | tr '\0' '[' >"$bundle/config.json"
    refuses_cleanly 125 "config.json" run_bundle
    head -c 10000000 /dev/zero | tr '\0' '[' >"$bundle/config.json"
    refuses_cleanly 125 "config.json" run_bundle
}

# config.md, "Extensibility": "Implementations that are reading/processing this configuration file MUST NOT generate an
# error if they encounter an unknown property"
@test "unknown properties are no error" {
    configure '.unheard = {of: [1, 2]} | .process.unheard = true | .linux.unheard = "x"'
    run -0 run_bundle
}

@test "an ociVersion that is none is an error" {
    configure '.ociVersion = "invalid"'
    refuses_cleanly 125 "ociVersion" run_bundle
}

@test "symlinks that point outside stay inside the root file system" {
    ln -s /etc/passwd "$bundle/rootfs/absolute"
    ln -s ../../../../../../etc/passwd "$bundle/rootfs/relative"
    ln -s / "$bundle/rootfs/up"
    configure '.process.args = ["/absolute"]'
    refuses_cleanly 127 "no such file or directory" run_bundle
    configure '.process.args = ["/relative"]'
    refuses_cleanly 127 "no such file or directory" run_bundle
    configure '.process.args = ["/up/hello"]'
    run -0 run_bundle
}

@test "a half unikernel is an error, and no other runtime is tried" {
    cp /bin/busybox "$bundle/rootfs/busybox"
    configure '.process.args = ["/busybox", "true"] | .annotations["com.urunc.unikernel.unikernelType"] = "mirage"'
    refuses_cleanly 125 "the unikernel is only half described" run_bundle
    configure '.process.args = ["/busybox", "true"] | .annotations = {"dev.wherry.binary": "/busybox"}'
    refuses_cleanly 126 "load the unikernel '/busybox': no Solo5 ABI note" run_bundle
}

@test "create says the same, with status 1" {
    configure '.process.args = ["/nowhere"]'
    refuses_cleanly 1 "'/nowhere': no such file or directory" wherry create --bundle "$bundle" c1
}

@test "a console socket without a terminal, and one that is not there" {
    refuses_cleanly 1 "process.terminal is not true" wherry create --bundle "$bundle" --console-socket /nowhere c1
    configure '.process.terminal = true'
    refuses_cleanly 1 "console socket" wherry create --bundle "$bundle" --console-socket /nowhere c1
}

@test "a pid file that cannot be written" {
    refuses_cleanly 1 "/nowhere/pid" wherry create --bundle "$bundle" --pid-file /nowhere/pid c1
}

@test "a network namespace that is not there" {
    configure '(.linux.namespaces[] | select(.type == "network")).path = "/nowhere"'
    refuses_cleanly 125 "/nowhere" run_bundle
}
