# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# What the tests of the interface share. setup_suite.bash has set ENGINE, SOCKET, RUNTIME and RUNTIME_PATH.

# shellcheck source=tests/support/time.bash
source "${BASH_SOURCE[0]%/*}/../../support/time.bash"
# shellcheck source=tests/support/residue.bash
source "${BASH_SOURCE[0]%/*}/../../support/residue.bash"
# shellcheck source=tests/engine/image.bash
source "${BASH_SOURCE[0]%/*}/../image.bash"

engine_start() {
    containerd --config "$ENGINE/config.toml" >>"$ENGINE/log" 2>&1 3>&- 4>&- &
    echo $! >"$ENGINE/containerd.pid"
    eventually 20 cri_is_ready
}
engine_stop() {
    local pid
    pid=$(cat "$ENGINE/containerd.pid")
    kill "$pid"
    while [[ -d /proc/$pid && $(awk '{ print $3 }' "/proc/$pid/stat") != Z ]]; do
        sleep 0.05
    done
    wait "$pid" 2>/dev/null || true
}

# cri METHOD [JSON]
cri() {
    "$ROOT/tests/engine/cri/client.py" "$SOCKET" "$@" 3>&-
}
cri_is_ready() {
    [[ -S $SOCKET ]] && cri Status 2>/dev/null |
        jq -e '[.status.conditions[] | select(.status and (.type | endswith("Ready")))] | length == 2' >/dev/null
}

# pod NAME [FILTER]: runs a sandbox of the tested runtime and prints its id; FILTER changes its configuration.
pod_config() {
    jq -cn --arg name "$1" --arg logs "$ENGINE/logs/$1" --arg parent "$CGROUP/$1" '{metadata: {name: $name, uid: $name,
        namespace: "default"}, hostname: $name, log_directory: $logs, linux: {cgroup_parent: $parent}} | '"${2:-.}"
}
pod() {
    pod_config "$@" >"$ENGINE/pod-$1"
    mkdir -p "$ENGINE/logs/$1"
    cri RunPodSandbox "$(jq -c '{config: ., runtime_handler: "tested"}' "$ENGINE/pod-$1")" | jq -r .pod_sandbox_id
}
address_of() {
    cri PodSandboxStatus "{\"pod_sandbox_id\": \"$1\"}" | jq -r .status.network.ip
}

# container POD-NAME POD-ID NAME IMAGE [FILTER]: creates one and prints its id. container_run also starts it.
container() {
    cri CreateContainer "$(jq -c --arg pod "$2" --arg name "$3" --arg image "localhost/$4:latest" '{pod_sandbox_id: $pod,
        sandbox_config: ., config: ({metadata: {name: $name}, image: {image: $image}, log_path: ($name + ".log")} | '"${5:-.}"')}' \
        "$ENGINE/pod-$1")" | jq -r .container_id
}
container_run() {
    local id
    id=$(container "$@") && [[ $id ]] || return
    cri StartContainer "{\"container_id\": \"$id\"}" >/dev/null && echo "$id"
}

# What the interface says of a container: its state (0 created, 1 running, 2 exited), exit_code, reason.
status_of() {
    cri ContainerStatus "{\"container_id\": \"$1\", \"verbose\": true}"
}
has_state() {
    [[ $(status_of "$1" | jq '.status.state // 0') == "$2" ]]
}
pid_of() {
    status_of "$1" | jq -r '.info.info | fromjson | .pid'
}
exec_sync() {
    cri ExecSync "$(printf '%s\n' "${@:2}" |
        jq -Rsc --arg id "$1" '{container_id: $id, timeout: 10, cmd: split("\n")[:-1]}')"
}
# forward POD-ID PORT: standard input to the port of the pod, and its answer back, as by `kubectl port-forward`.
forward() {
    "$BATS_TEST_DIRNAME/port_forward.py" \
        "$(cri PortForward "{\"pod_sandbox_id\": \"$1\", \"port\": [$2]}" | jq -r .url)" "$2"
}
fetch() {
    curl --silent --show-error --fail --max-time 5 "$@"
}

engine_residue() {
    residue
    pgrep -l '^containerd-shi'
    find /run/containerd/runc -mindepth 2 -maxdepth 2 2>/dev/null
    grep -E "$ENGINE/state/.*/rootfs" /proc/self/mounts
    return 0
}
no_residue() {
    [[ -z $(engine_residue) ]]
}

# Every test ends with no pod and nothing of one.
teardown() {
    local id
    for id in $(cri ListPodSandbox | jq -r '.items[]?.id'); do
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}" >/dev/null
        cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}" >/dev/null
    done
    # The kubelet's: cgroups of pods.
    find /sys/fs/cgroup -depth -type d -path "*$CGROUP/*" -exec rmdir {} + 2>/dev/null || true
    eventually 5 no_residue || {
        echo "left behind:"
        engine_residue
        return 1
    }
}
