#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Workers create, start, kill and delete containers, while containerd, its shims, the runtime and the monitors are killed at
# random moments. Afterwards nothing may be left. CONTAINERS=1000 and a longer BATS_TEST_TIMEOUT make it the long test.
bats_require_minimum_version 1.5.0
load engine

readonly workers=8

# Each worker has a network namespace that its containers use one after the other, as a pod's do.
make_network() {
    ip netns add "churn$1"
    ip link add "churn$1" type veth peer name lan0 netns "churn$1"
    ip link set "churn$1" up
    ip -n "churn$1" addr add "10.66.$1.2/24" dev lan0
    ip -n "churn$1" link set lan0 up
}

# live ID WORKER: one life of a container. What fails in it has been hit by the killer.
live() {
    local image=web
    ((RANDOM % 3)) || image=hello
    case $((RANDOM % 4)) in
    0) ctr_run --detach --with-ns "network:/run/netns/churn$2" "localhost/$image:latest" "$1" "/$image" ;;
    1) timeout "0.$((RANDOM % 9 + 1))" ctr --address "$ENGINE/containerd.sock" run --rm --runtime io.containerd.runc.v2 \
        --runc-binary "$RUNTIME_PATH" --with-ns "network:/run/netns/churn$2" "localhost/$image:latest" "$1" "/$image" ;;
    2) ctr_run --rm localhost/hello:latest "$1" /hello --exit 3 && return ;;
    3) ctr_run --detach localhost/hello:latest "$1" /hello --wait 60 && c tasks kill --signal "$((RANDOM % 2 ? 9 : 15))" "$1" ;;
    esac
    ((RANDOM % 2)) || c tasks pause "$1"
    c tasks delete --force "$1"
    c containers delete "$1"
}

work() {
    local i
    RANDOM=$((${SEED:-1} * 1000 + $1))
    for ((i = $1; i < ${CONTAINERS:-40}; i += workers)); do
        live "churn-$i" "$1" || true
        echo "lived: churn-$i"
    done
    touch "$BATS_TEST_TMPDIR/ended$1"
}

# strike: one process of a random kind ends at once, wherever it is.
strike() {
    local pattern pids
    case $((RANDOM % 8)) in
    0) pattern='^[^ ]*containerd-shim-runc-v2 ' ;;
    1) pattern='^[^ ]*wherry-monitor' ;;
    *) pattern="^$RUNTIME_PATH " ;;
    esac
    mapfile -t pids < <(pgrep -f "$pattern")
    ((${#pids[@]} > 0)) && kill -KILL "${pids[RANDOM % ${#pids[@]}]}" 2>/dev/null && echo "struck: ${pattern##*[/]}"
    return 0
}

engine_kill() {
    kill -KILL "$(cat "$ENGINE/pid")"
    containerd --config "$ENGINE/config.toml" >>"$ENGINE/log" 2>&1 3>&- 4>&- &
    echo $! >"$ENGINE/pid"
    eventually 20 c version >/dev/null 2>&1
    echo "struck: containerd"
}

# A container whose shim was killed is deleted when containerd has seen it, which may take a call or two. A task without its
# container, as containerd 2 may have one then, can only be lost.
forget_all() {
    local id
    for id in $(c containers ls -q); do
        timeout 20 ctr --address "$ENGINE/containerd.sock" tasks delete --force "$id" 3>&-
        c containers delete "$id"
    done
    [[ -z $(c containers ls -q) ]]
}

# containerd may be at it, too.
unmount_lost() {
    awk -v folder="$ENGINE/state/" 'index($2, folder) == 1 { print $2 }' /proc/self/mounts | xargs -r umount || true
    ! grep -qF " $ENGINE/state/" /proc/self/mounts
}

# remove_lost: a containerd that was killed may know nothing of a shim that it had begun, and repeats no deletion in which the
# runtime was killed, whatever the runtime. This is what an administrator does then.
remove_lost() {
    local id shim
    for shim in $(pgrep -f '^[^ ]*containerd-shim-runc-v2 '); do
        kill -KILL "$shim" && echo "lost: a shim"
    done
    for id in $("$RUNTIME_PATH" --root /run/containerd/runc/default list --quiet); do
        "$RUNTIME_PATH" --root /run/containerd/runc/default delete --force "$id" && echo "lost: a container"
    done
    eventually 10 unmount_lost
}

locks_held() {
    lslocks --noheadings --output PATH | grep -E '^(/var/lib/wherry|/run/wherry|/run/containerd/runc)'
}

@test "containers whose engine, shims and runtime are killed at random leave nothing" {
    [[ $RUNTIME == wherry ]] || skip "what other runtimes leave is not looked at"
    local w
    for ((w = 0; w < workers; w++)); do
        make_network "$w"
        work "$w" >"$BATS_TEST_TMPDIR/worker$w" 2>&1 3>&- &
    done
    until [[ $(find "$BATS_TEST_TMPDIR" -name 'ended*' | wc -l) == "$workers" ]]; do
        sleep "0.$((RANDOM % 2))$((RANDOM % 10))"
        strike
        ((RANDOM % 30)) || engine_kill
    done >"$BATS_TEST_TMPDIR/struck"
    engine_kill
    echo "$(cat "$BATS_TEST_TMPDIR"/worker* | grep -c ^lived) containers; $(sort "$BATS_TEST_TMPDIR/struck" | uniq -c | paste -sd,)"
    eventually 30 forget_all
    remove_lost >"$BATS_TEST_TMPDIR/lost"
    sort "$BATS_TEST_TMPDIR/lost" | uniq -c
    for ((w = 0; w < workers; w++)); do
        [[ -z $(ip -n "churn$w" -o link show type tun) && -z $(tc -n "churn$w" filter show dev lan0 ingress) ]]
        ip netns del "churn$w"
    done
    eventually 10 no_residue
    run ! locks_held
    "$RUNTIME_PATH" image verify
}
