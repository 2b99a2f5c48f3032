#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Kubernetes' interface to containerd, as a kubelet uses it: pods, their containers, logs, figures, probes, ends.
bats_require_minimum_version 1.5.0
load engine

@test "a pod is a pause process of another runtime, and a guest in its network namespace answers" {
    local id web
    id=$(pod one)
    web=$(container_run one "$id" web web)
    eventually 10 fetch -o /dev/null "http://$(address_of "$id")/"
    has_state "$web" 1
    [[ $(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}" | jq -r .status.runtime_handler) == tested ]]
    pgrep -f '^/bin/busybox sleep 1000000'
}

@test "a container that ends has its exit code, and its log is in the format of the interface" {
    local id hello
    id=$(pod one)
    hello=$(container_run one "$id" hello hello '.args = ["word", "--exit", "7"]')
    eventually 10 has_state "$hello" 2
    [[ $(status_of "$hello" | jq .status.exit_code) == 7 ]]
    grep -E '^20[0-9T:.-]+(Z|\+[0-9:]+) stdout F .*word' "$ENGINE/logs/one/hello.log"
}

@test "a stopped container ends at once, a removed one is gone, and its pod takes another" {
    local id web milliseconds
    id=$(pod one)
    web=$(container_run one "$id" web web)
    eventually 10 fetch -o /dev/null "http://$(address_of "$id")/"
    milliseconds=$(milliseconds_of cri StopContainer "{\"container_id\": \"$web\", \"timeout\": 10}")
    echo "stop took $milliseconds ms"
    ((milliseconds < 3000))
    [[ $(status_of "$web" | jq .status.exit_code) != 137 ]]
    cri RemoveContainer "{\"container_id\": \"$web\"}"
    web=$(container_run one "$id" web web '.metadata.attempt = 1')
    eventually 10 fetch -o /dev/null "http://$(address_of "$id")/"
}

@test "several guests and a sidecar in one pod, each at its port" {
    local id address
    id=$(pod many)
    address=$(address_of "$id")
    container_run many "$id" sidecar box '.args = ["-c", "/bin/busybox nc -ll -p 90 -e /bin/busybox echo sidecar"]'
    container_run many "$id" first web
    [[ $RUNTIME != wherry ]] || container_run many "$id" second web '.args = ["--port=81"]'
    eventually 10 fetch -o /dev/null "http://$address/"
    [[ $RUNTIME != wherry ]] || eventually 10 fetch -o /dev/null "http://$address:81/"
    says_sidecar() { [[ $(busybox nc -w 3 "$address" 90 </dev/null) == sidecar ]]; }
    eventually 5 says_sidecar
}

@test "guests and sidecar of a pod reach each other, at its address and at 127.0.0.1" {
    [[ $RUNTIME == wherry ]] || skip "the payload of other runtimes listens at port 80 only"
    local id address sidecar
    id=$(pod talking)
    address=$(address_of "$id")
    sidecar=$(container_run talking "$id" sidecar box '.args = ["-c", "/bin/busybox nc -ll -p 90 -e /bin/busybox echo sidecar"]')
    container_run talking "$id" first web
    container_run talking "$id" second web '.args = ["--port=81"]'
    eventually 10 fetch -o /dev/null "http://$address:81/"
    local where port
    for where in 127.0.0.1 "$address"; do
        for port in 80 81; do
            exec_sync "$sidecar" /bin/sh -c \
                "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | /bin/busybox nc -w 3 $where $port" | jq -r .stdout | base64 -d | grep "<title>"
        done
    done
    image_dial "$BATS_TEST_TMPDIR/dial"
    image_archive dial "$BATS_TEST_TMPDIR/dial" /dial "$BATS_TEST_TMPDIR/dial.tar"
    ctr --address "$SOCKET" --namespace k8s.io images import "$BATS_TEST_TMPDIR/dial.tar" 3>&-
    local dial
    for where in 169.254.119.104 "$address"; do
        for port in 80 81 90; do
            dial=$(container_run talking "$id" "dial-$where-$port" dial ".args = [\"$where\", \"$port\"]")
            eventually 10 has_state "$dial" 2
            [[ $(status_of "$dial" | jq '.status.exit_code // 0') == 0 ]]
        done
    done
}

@test "port-forward leads to each guest and to the sidecar" {
    [[ $(containerd --version) != *" 1."* ]] || command -v socat || skip "containerd 1 forwards by socat, which is not installed"
    local id
    id=$(pod forwarded)
    container_run forwarded "$id" sidecar box '.args = ["-c", "/bin/busybox nc -ll -p 90 -e /bin/busybox echo sidecar"]'
    container_run forwarded "$id" first web
    [[ $RUNTIME != wherry ]] || container_run forwarded "$id" second web '.args = ["--port=81"]'
    eventually 10 fetch -o /dev/null "http://$(address_of "$id")/"
    answers() { forward "$id" "$1" <<<$'GET / HTTP/1.0\r\n\r' | grep -q "<title>"; }
    answers 80
    [[ $RUNTIME != wherry ]] || answers 81
    [[ $(forward "$id" 90 </dev/null) == sidecar ]]
    run forward "$id" 92 </dev/null
    ((status == 1))
    [[ $output == *"refused"* ]]
}

@test "a port of the host leads to the guest" {
    local id
    id=$(pod mapped '.port_mappings = [{container_port: 80, host_port: 8080}]')
    container_run mapped "$id" web web
    eventually 10 fetch -o /dev/null "http://10.79.0.1:8080/"
}

@test "figures of a container are read from its cgroup" {
    local id hello
    id=$(pod one)
    hello=$(container_run one "$id" hello hello '.args = ["--wait", "60"]')
    run -0 cri ContainerStats "{\"container_id\": \"$hello\"}"
    (($(jq -r '.stats.memory.working_set_bytes.value' <<<"$output") > 0))
    (($(jq -r '.stats.cpu.usage_core_nano_seconds.value' <<<"$output") > 0))
    [[ $(cri ListContainerStats | jq -r '.stats[0].attributes.id') == "$hello" ]]
}

@test "limits of memory and processors are the container's, and can be changed while it runs" {
    local id hello pid group
    id=$(pod one)
    hello=$(container_run one "$id" hello hello \
        '.args = ["--wait", "60"] | .linux.resources = {memory_limit_in_bytes: 67108864, cpu_quota: 50000, cpu_period: 100000}')
    pid=$(pid_of "$hello")
    group_of() { awk -F: -v name="$1" '$2 ~ "(^|,)" name "(,|$)" { print "/sys/fs/cgroup/" name $3 }' "/proc/$pid/cgroup"; }
    group=$(group_of memory)
    [[ $group == *"$CGROUP/one/$hello" && $(cat "$group/memory.limit_in_bytes") == 67108864 ]]
    cri UpdateContainerResources "{\"container_id\": \"$hello\", \"linux\": {\"cpu_quota\": 20000, \"cpu_period\": 100000}}"
    [[ $(cat "$(group_of cpu)/cpu.cfs_quota_us") == 20000 ]]
}

# pss PID: the process's share of memory, in KiB.
pss() {
    awk '$1 == "Pss:" { print $2 }' "/proc/$1/smaps_rollup"
}

@test "a pod's overhead covers its pause process and the shim, and a container's limit its monitor" {
    [[ $RUNTIME == wherry ]] || skip "the overhead of wherry's RuntimeClass"
    local id hello shim pause overhead sum
    id=$(pod one)
    hello=$(container_run one "$id" hello hello '.args = ["--wait", "60"] | .linux.resources = {memory_limit_in_bytes: 67108864}')
    overhead=$(awk '$1 == "memory:" { sub("Mi", "", $2); print $2 * 1024 }' "$ROOT/examples/kubernetes/runtimeclass.yaml")
    shim=$(pgrep -f "^/usr/bin/containerd-shim-runc-v2 .*-id $id")
    pause=$(pgrep -f '^/bin/busybox sleep 1000000')
    sum=$(($(pss "$shim") + $(pss "$pause")))
    echo "shim $(pss "$shim") KiB, pause $(pss "$pause") KiB, monitor and guest $(pss "$(pid_of "$hello")") KiB; overhead $overhead KiB"
    ((sum > 0 && sum <= overhead))
    (($(pss "$(pid_of "$hello")") <= 65536))
}

@test "exec probes: wherry-probe has an exit code, anything else is an error that says why" {
    [[ $RUNTIME == wherry ]] || skip "wherry-probe is a command of wherry's"
    local id web
    id=$(pod one)
    web=$(container_run one "$id" web web)
    eventually 10 exec_sync "$web" wherry-probe tcp 80
    [[ $(exec_sync "$web" wherry-probe http 80 / | jq '.exit_code // 0') == 0 ]]
    [[ $(exec_sync "$web" wherry-probe http 80 /absent | jq .exit_code) == 1 ]]
    run exec_sync "$web" cat /etc/passwd
    ((status != 0))
    [[ $output == *"is a unikernel"*"wherry-probe"* ]]
    has_state "$web" 1
}

@test "a sidecar's exec probes are its own" {
    local id box
    id=$(pod one)
    box=$(container_run one "$id" box box '.args = ["-c", "sleep 60"]')
    [[ $(exec_sync "$box" /bin/busybox true | jq '.exit_code // 0') == 0 ]]
    [[ $(exec_sync "$box" /bin/busybox false | jq .exit_code) == 1 ]]
}

@test "annotations of a pod reach the guest, and neither its pause process nor its sidecar" {
    [[ $RUNTIME == wherry ]] || skip "annotations of wherry's"
    local id hello
    id=$(pod annotated '.annotations = {"dev.wherry.memory": "32M", "dev.wherry.containers": "hello"}')
    container_run annotated "$id" sidecar box '.args = ["-c", "sleep 60"]'
    hello=$(container_run annotated "$id" hello hello '.args = ["--wait", "60"]')
    has_state "$hello" 1
    has_memory "$hello" $((32 << 20))
    run ! has_memory "$(container_run annotated "$id" other hello '.args = ["--wait", "60"]')" $((32 << 20))
}

# has_memory ID N: whether the guest has N bytes of memory, by the runtime's own record.
has_memory() {
    grep -qE "^memory_bytes[ =]$2\$" "/run/containerd/runc/k8s.io/$1/record"
}

@test "config maps and secrets: small files that are mounted are in the guest's image" {
    [[ $RUNTIME == wherry ]] || skip "the payload of other runtimes serves one file only"
    local id
    echo "from a config map" >"$BATS_TEST_TMPDIR/page.txt"
    id=$(pod one)
    container_run one "$id" web web \
        ".mounts = [{container_path: \"/srv/page.txt\", host_path: \"$BATS_TEST_TMPDIR/page.txt\", readonly: true}]"
    eventually 10 fetch -o /dev/null "http://$(address_of "$id")/page.txt"
    [[ $(fetch "http://$(address_of "$id")/page.txt") == "from a config map" ]]
}

@test "containerd restarts while a pod runs: the guest goes on, and its end is seen" {
    local id web
    id=$(pod one)
    web=$(container_run one "$id" web web)
    eventually 10 fetch -o /dev/null "http://$(address_of "$id")/"
    local address
    address=$(address_of "$id")
    engine_stop
    fetch -o /dev/null "http://$address/"
    engine_start
    has_state "$web" 1
    fetch -o /dev/null "http://$address/"
    cri StopContainer "{\"container_id\": \"$web\", \"timeout\": 10}"
    has_state "$web" 2
}

@test "a program that is not there is an error of its start, and the pod can be removed" {
    local id
    id=$(pod one)
    run container_run one "$id" absent hello '.command = ["/absent"]'
    ((status != 0))
    [[ $output == *"/absent"* && ${output,,} == *"no such file"* ]]
}

@test "a guest that is killed is a container that has exited, and the others of its pod go on" {
    local id web hello
    id=$(pod one)
    web=$(container_run one "$id" web web)
    hello=$(container_run one "$id" hello hello '.args = ["--wait", "60"]')
    kill -KILL "$(pid_of "$hello")"
    eventually 5 has_state "$hello" 2
    [[ $(status_of "$hello" | jq .status.exit_code) == 137 ]]
    eventually 5 fetch -o /dev/null "http://$(address_of "$id")/"
}

@test "a container that is killed for want of memory is reported as that" {
    [[ $RUNTIME == wherry ]] || skip "a guest that takes its memory late"
    local id greedy
    image_greedy "$BATS_TEST_TMPDIR/greedy"
    image_archive greedy "$BATS_TEST_TMPDIR/greedy" /greedy "$BATS_TEST_TMPDIR/greedy.tar"
    ctr --address "$SOCKET" --namespace k8s.io images import "$BATS_TEST_TMPDIR/greedy.tar" 3>&-
    id=$(pod one)
    greedy=$(container_run one "$id" greedy greedy '.args = ["later"] | .linux.resources = {memory_limit_in_bytes: 67108864}')
    memory_limit "$(pid_of "$greedy")" 33554432
    eventually 10 has_state "$greedy" 2
    is_out_of_memory() { [[ $(status_of "$greedy" | jq -r .status.reason) == OOMKilled ]]; }
    eventually 5 is_out_of_memory
    [[ $(status_of "$greedy" | jq .status.exit_code) == 137 ]]
}
