# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# runtime-spec config.md "Process" and config-linux.md: what is applied to the monitor, the container's process.
load spec.bash
setup() {
    spec_setup
    configure '.process.args = ["/hello", "--wait", "60"]'
}
teardown() { spec_teardown; }

pid() {
    cat "$work/pid"
}

create_it() {
    create c1 --pid-file "$work/pid"
}

@test "the monitor is in the cgroup of cgroupsPath before create returns" {
    create_it
    grep -q "/$cgroup/c\$" "/proc/$(pid)/cgroup"
}

# config-vm.md: the kernel is on the host, and "process" is for what runs in other containers.
@test "the kernel of a vm section runs, without a process too" {
    cp "$bundle/rootfs/hello" "$work/kernel"
    configure 'del(.process) | .vm = {kernel: {path: $kernel, parameters: ["of", "a vm"]}}' --arg kernel "$work/kernel"
    run -0 wherry run --bundle "$bundle" c1
    [[ $output == *"argument 1: of"*"argument 2: a vm"* ]]
}

@test "a session of its own, signals as by default, no descriptor of the caller's" {
    trap '' PIPE
    exec 9<"$bundle/config.json"
    create_it
    exec 9<&-
    trap - PIPE
    [[ $(ps -o sid= -p "$(pid)" | tr -d ' ') == "$(pid)" ]]
    [[ $(grep SigIgn "/proc/$(pid)/status" | cut -f 2) == 0000000000000000 ]] ||
        [[ $(grep SigIgn "/proc/$(pid)/status" | cut -f 2) == 0000000000001000 ]]
    [[ -z $(find "/proc/$(pid)/fd" -lname "*config.json") ]]
}

@test "no capabilities, no new privileges, a seccomp filter once the guest runs" {
    create_it
    wherry start c1
    grep -q "NoNewPrivs:.1" "/proc/$(pid)/status"
    grep -q "CapBnd:.0000000000000000" "/proc/$(pid)/status"
    grep -q "Seccomp:.2" "/proc/$(pid)/status"
}

@test "namespaces without a path are new, and listed ones only" {
    create_it
    local name
    for name in net uts ipc pid; do
        [[ $(readlink "/proc/$(pid)/ns/$name") != "$(readlink "/proc/self/ns/$name")" ]]
    done
    wherry delete --force c1
    configure 'del(.linux.namespaces[] | select(.type == "network"))'
    create_it
    [[ $(readlink "/proc/$(pid)/ns/net") == "$(readlink /proc/self/ns/net)" ]]
}

is_sleeping() {
    [[ $(cat "/proc/$1/comm") == sleep ]]
}

@test "a namespace with a path is joined" {
    unshare --net sleep 60 3>&- &
    local holder=$! net
    eventually 2 is_sleeping "$holder"
    net=$(readlink "/proc/$holder/ns/net")
    configure '(.linux.namespaces[] | select(.type == "network")).path = $path' --arg path "/proc/$holder/ns/net"
    create_it
    [[ $(readlink "/proc/$(pid)/ns/net") == "$net" ]]
    kill "$holder"
}

@test "oomScoreAdj and rlimits are the monitor's" {
    configure '.process.oomScoreAdj = 500 | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 100}]'
    create_it
    [[ $(cat "/proc/$(pid)/oom_score_adj") == 500 ]]
    grep -q "Max open files *100 *100 " "/proc/$(pid)/limits"
}

@test "the monitor runs as process.user, and the guest runs all the same" {
    configure '.process.user = {uid: 1000, gid: 1001}'
    create_it
    wherry start c1
    eventually 5 grep -q Hello "$work/output"
    is_status c1 running
}

@test "limits of memory, processor and processes are the cgroup's" {
    configure '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 32}, cpu: {quota: 50000, period: 100000}}'
    create_it
    wherry start c1
    eventually 5 grep -q Hello "$work/output"
    [[ $(wherry events --stats c1 | jq .data.memory.usage.limit) == 67108864 ]]
    [[ $(wherry events --stats c1 | jq .data.pids.limit) == 32 ]]
}

@test "a device cgroup that denies everything does not deny /dev/kvm to the monitor" {
    configure '.linux.resources.devices = [{allow: false, access: "rwm"}]'
    create_it
    wherry start c1
    eventually 5 grep -q Hello "$work/output"
}

@test "the guest gets process.args as words" {
    configure '.process.args = ["/hello", "two words", "say \"hi\"", "a\\b", ""]'
    create_it
    wherry start c1
    eventually 5 grep -qx "argument 2: say \"hi\"" "$work/output"
    grep -qx "argument 1: two words" "$work/output"
    grep -qx 'argument 3: a\\b' "$work/output"
    grep -qx "argument 4: " "$work/output"
}

@test "a terminal is sent over the console socket" {
    configure '.process.terminal = true | .process.consoleSize = {height: 33, width: 77} | .process.args = ["/hello"]'
    python3 - "$work/console" "$work/terminal" <<'PY' &
import array, fcntl, os, socket, struct, sys, termios
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
connection, _ = listener.accept()
_, ancillary, _, _ = connection.recvmsg(64, socket.CMSG_SPACE(4))
master = array.array("i", ancillary[0][2])[0]
rows, columns = struct.unpack("HHHH", fcntl.ioctl(master, termios.TIOCGWINSZ, bytes(8)))[:2]
text = b""
try:
    while chunk := os.read(master, 1024):
        text += chunk
except OSError:
    pass
open(sys.argv[2], "w").write(f"{rows}x{columns}\n" + text.decode())
PY
    local reader=$!
    eventually 5 test -S "$work/console"
    create c1 --console-socket "$work/console"
    wherry start c1
    wait "$reader" # and not for the clock of bats, which is a child, too
    grep -q 33x77 "$work/terminal"
    grep -q "Hello from a unikernel" "$work/terminal"
}
