# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What a guest is told: its network, as an engine has set it up, and its environment.
load spec.bash

setup() {
    spec_setup
    [[ -x $WHERRY_BUILD/examples/web/web ]] || skip "web is not built: there is no lwIP"
    cp "$WHERRY_BUILD/examples/web/web" "$bundle/rootfs/web"
    mkdir "$bundle/rootfs/srv"
    echo index >"$bundle/rootfs/srv/index.html"
    pod=wherry-pod-$BATS_TEST_NUMBER
    ip netns add "$pod"
    ip link add peer type veth peer name eth0 netns "$pod"
    ip address add 10.99.0.1/24 dev peer
    ip address add fd99::1/64 dev peer nodad
    ip link set peer up
    configure '.process.args = ["/web"]
        | .linux.namespaces = [.linux.namespaces[] | select(.type != "network")] + [{type: "network", path: $path}]' \
        --arg path "/run/netns/$pod"
}

teardown() {
    spec_teardown
    ip netns delete "$pod"
    ip link delete peer 2>/dev/null || true
}

in_pod() {
    ip -n "$pod" "$@"
}

# start_web: returns when it serves.
start_web() {
    create c1
    wherry start c1
    eventually 10 grep -q '^serving' "$work/output" || { cat "$work/output"; return 1; }
}

fetch() {
    curl --silent --show-error --max-time 10 "$@"
}

@test "a guest serves at its IPv4 and its IPv6 address" {
    in_pod address add 10.99.0.7/24 dev eth0
    in_pod address add fd99::7/64 dev eth0 nodad
    in_pod link set eth0 up
    start_web
    run -0 fetch http://10.99.0.7/
    [[ $output == index ]]
    run -0 fetch "http://[fd99::7]/"
    [[ $output == index ]]
}

@test "a guest serves where there is IPv6 only" {
    in_pod address add fd99::7/64 dev eth0 nodad
    in_pod link set eth0 up
    start_web
    run -0 fetch "http://[fd99::7]/"
    [[ $output == index ]]
}

@test "a guest serves at a further IPv6 address" {
    in_pod address add fd99::7/64 dev eth0 nodad
    in_pod address add fd97::7/48 dev eth0 nodad
    in_pod link set eth0 up
    ip address add fd97::1/48 dev peer nodad
    start_web
    run -0 fetch "http://[fd97::7]/"
    [[ $output == index ]]
    run -0 fetch "http://[fd99::7]/"
    [[ $output == index ]]
}

@test "a guest answers by the routes that were set" {
    ip address add 10.98.0.1/32 dev peer
    ip address add fd98::1/128 dev peer nodad
    in_pod address add 10.99.0.7/24 dev eth0
    in_pod address add fd99::7/64 dev eth0 nodad
    in_pod link set eth0 up
    # The default route leads nowhere; what was set for the client's network leads to it.
    in_pod route add default via 10.99.0.200
    in_pod route add 10.98.0.0/16 via 10.99.0.1
    in_pod -6 route add default via fd99::200
    in_pod -6 route add fd98::/64 via fd99::1
    start_web
    run -0 fetch --interface 10.98.0.1 http://10.99.0.7/
    [[ $output == index ]]
    run -0 fetch --interface fd98::1 "http://[fd99::7]/"
    [[ $output == index ]]
}

@test "a guest reaches a gateway outside of its own network by a route on the link" {
    ip address add 169.254.1.1/32 dev peer
    ip route add 10.97.0.7/32 dev peer
    in_pod address add 10.97.0.7/32 dev eth0
    in_pod link set eth0 up
    in_pod route add 169.254.1.1 dev eth0
    in_pod route add default via 169.254.1.1
    start_web
    run -0 fetch http://10.97.0.7/
    [[ $output == index ]]
}

@test "a guest has the environment of process.env" {
    configure '.process.args = ["/hello", "--env", "GREETING", "--env", "NOTHING"]
        | .process.env += ["GREETING=good day", "OTHER=1"]'
    run -0 --separate-stderr wherry run --bundle "$bundle" c1
    [[ $output == *"GREETING=good day"*"NOTHING is not set"* ]]
}

@test "an environment that is too long is refused when the container is created" {
    configure '.process.args = ["/hello"] | .process.env += ["LONG=" + ("x" * 16384)]'
    refuses_cleanly 125 "process.env: longer than the 16384 bytes that a guest can take" \
        wherry run --bundle "$bundle" c1
}

# cmdline_of LIBRARY: what a guest of a library is told, at 10.99.0.7.
cmdline_of() {
    in_pod address add 10.99.0.7/24 dev eth0
    in_pod link set eth0 up
    in_pod route add default via 10.99.0.1
    cp "$WHERRY_BUILD/tests/guests/compat/guest_cmdline_$1" "$bundle/rootfs/guest"
    configure '.process.args = ["/guest", "one", "two"]'
    run -0 --separate-stderr wherry run --bundle "$bundle" c1
}

@test "a guest of MirageOS is told its address as MirageOS wants it, without an annotation" {
    cmdline_of mirage
    [[ $output == *"told: --net-ipv4=10.99.0.7/24 --net-ipv4-gateway=10.99.0.1 one two"* ]]
}

@test "a guest of rumprun is told its address as rumprun wants it, without an annotation" {
    cmdline_of rumprun
    [[ $output == *'told: {"cmdline":"one two",'*'"addr":"10.99.0.7","mask":"24","gw":"10.99.0.1"}}'* ]]
}

@test "an annotation says that a guest of MirageOS wants its arguments only" {
    configure '.annotations["dev.wherry.type"] = "plain"'
    cmdline_of mirage
    [[ $output == *"told: one two"* ]]
}

@test "a guest of an unknown library is told its arguments only" {
    cmdline_of plain
    [[ $output == *"told: one two"* ]]
}

# ---- Pause: the guest and the thread that serves its ring stop together ----

# start_loaded_web: web, with clients that fetch a large file all the time.
start_loaded_web() {
    head -c 4M /dev/urandom >"$bundle/rootfs/srv/large"
    in_pod address add 10.99.0.7/24 dev eth0
    in_pod link set eth0 up
    start_web
    for _ in 1 2 3; do
        while :; do fetch http://10.99.0.7/large || sleep 0.1; done >/dev/null 2>&1 3>&- &
        clients+=($!)
    done
    eventually 10 has_sent 1000
}

stop_clients() {
    kill "${clients[@]}" 2>/dev/null
    wait "${clients[@]}" 2>/dev/null || true
}

sent() {
    wherry events --stats c1 | jq .data.wherry.netSentPackets
}

has_sent() {
    (($(sent) >= $1))
}

@test "a paused guest sends nothing, and goes on when it is resumed" {
    local clients=() before
    start_loaded_web
    # One transfer that lives through the pauses.
    fetch --max-time 60 --limit-rate 1M --output "$work/large" http://10.99.0.7/large 3>&- &
    local transfer=$!
    for _ in 1 2 3; do
        wherry pause c1
        before=$(sent)
        run ! fetch --max-time 0.5 http://10.99.0.7/
        [[ $(sent) == "$before" ]]
        wherry resume c1
        eventually 10 has_sent $((before + 100))
    done
    stop_clients
    wait "$transfer"
    cmp "$work/large" "$bundle/rootfs/srv/large"
    run -0 fetch http://10.99.0.7/
    [[ $output == index ]]
}

@test "a guest that was paused in the middle of its traffic can be killed" {
    local clients=()
    start_loaded_web
    wherry pause c1
    wherry kill c1 KILL
    eventually 2 is_status c1 stopped
    stop_clients
    wherry delete c1
    [[ -z $(what_is_left) ]]
}

@test "a guest that was paused in the middle of its traffic can be deleted by force" {
    local clients=()
    start_loaded_web
    wherry pause c1
    wherry delete --force c1
    stop_clients
    [[ -z $(what_is_left) ]]
}
