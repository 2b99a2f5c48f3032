# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The web example under wherry-monitor, without a container: a tap in a network namespace, an ext2 image, curl.
bats_require_minimum_version 1.5.0

setup_file() {
    local program
    export NS=wherry-web-$$ MONITOR=$WHERRY_BUILD/monitor/wherry-monitor WEB=$WHERRY_BUILD/examples/web/web
    [[ -w /dev/kvm ]] || skip "there is no /dev/kvm"
    [[ -x $WEB ]] || skip "web is not built: there is no lwIP"
    for program in ip curl mke2fs; do
        command -v "$program" >/dev/null || skip "there is no '$program'"
    done

    local site=$BATS_FILE_TMPDIR/tree/srv i
    mkdir -p "$site/folder/deep"
    echo "index" >"$site/index.html"
    echo "deep index" >"$site/folder/deep/index.html"
    head -c 1048576 /dev/urandom >"$site/mebibyte.bin"
    head -c 5000000 /dev/urandom >"$site/large.bin"
    ln -s /srv/index.html "$site/link.html"
    : >"$site/empty.txt"
    echo "with a space" >"$site/a b.txt"
    for i in {1..200}; do echo "file $i" >"$site/file$i.txt"; done
    truncate -s 16M "$BATS_FILE_TMPDIR/image"
    mke2fs -q -F -t ext2 -b 4096 -d "$BATS_FILE_TMPDIR/tree" "$BATS_FILE_TMPDIR/image"

    ip netns add "$NS"
    ip -n "$NS" tuntap add tap0 mode tap
    ip -n "$NS" addr add 10.0.0.1/24 dev tap0
    ip -n "$NS" addr add fd00::1/64 dev tap0 nodad
    ip -n "$NS" link set tap0 up
    # 3 is where bats writes its results; a process in the background must not hold it open
    ip netns exec "$NS" "$MONITOR" --mem=32 --net:service=tap0 --block:root="$BATS_FILE_TMPDIR/image" "$WEB" \
        --ipv4=10.0.0.2/24 --ipv6=fd00::2/64 >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- &
    echo $! >"$BATS_FILE_TMPDIR/pid"
    for i in {1..100}; do
        grep -q "^serving" "$BATS_FILE_TMPDIR/log" && return
        sleep 0.1
    done
    cat "$BATS_FILE_TMPDIR/log"
    return 1
}

teardown_file() {
    [[ -f $BATS_FILE_TMPDIR/pid ]] || return 0
    kill "$(<"$BATS_FILE_TMPDIR/pid")" || true
    ip netns delete "$NS"
}

setup() {
    site=$BATS_FILE_TMPDIR/tree/srv
}

fetch() { # CURL-ARGUMENT...
    ip netns exec "$NS" curl -sS --max-time 30 "$@"
}

status_of() { # CURL-ARGUMENT...
    fetch -o /dev/null -w '%{http_code}' "$@"
}

@test "a file comes as it is in the image" {
    fetch -o "$BATS_TEST_TMPDIR/got" http://10.0.0.2/mebibyte.bin
    [ "$(sha256sum <"$BATS_TEST_TMPDIR/got")" = "$(sha256sum <"$site/mebibyte.bin")" ]
    fetch -o "$BATS_TEST_TMPDIR/got" http://10.0.0.2/large.bin
    cmp "$BATS_TEST_TMPDIR/got" "$site/large.bin"
    [ "$(fetch "http://10.0.0.2/a%20b.txt")" = "with a space" ]
    [ "$(fetch http://10.0.0.2/link.html)" = "index" ]
    [ -z "$(fetch http://10.0.0.2/empty.txt)" ]
}

@test "a directory is its index, and needs its slash" {
    [ "$(fetch http://10.0.0.2/)" = "index" ]
    [ "$(fetch http://10.0.0.2/folder/deep/)" = "deep index" ]
    [ "$(fetch -o /dev/null -w '%{http_code} %{redirect_url}' http://10.0.0.2/folder/deep)" = \
        "301 http://10.0.0.2/folder/deep/" ]
    [ "$(status_of http://10.0.0.2/folder/)" = 404 ]
}

@test "HEAD answers without a body" {
    run -0 fetch -I http://10.0.0.2/mebibyte.bin
    [[ ${lines[0]} == "HTTP/1.1 200 OK"* ]]
    [[ $output == *"Content-Length: 1048576"* ]]
}

@test "a range is cut out" {
    fetch -r 1000-1999 -o "$BATS_TEST_TMPDIR/got" http://10.0.0.2/mebibyte.bin
    cmp "$BATS_TEST_TMPDIR/got" <(tail -c +1001 "$site/mebibyte.bin" | head -c 1000)
    [ "$(status_of -r 1000-1999 http://10.0.0.2/mebibyte.bin)" = 206 ]
    [ "$(status_of -r 9999999- http://10.0.0.2/mebibyte.bin)" = 416 ]
}

@test "what a client has it does not get again" {
    local tag
    tag=$(fetch -I http://10.0.0.2/ | tr -d '\r' | sed -n 's/^ETag: //p')
    [ -n "$tag" ]
    [ "$(status_of -H "If-None-Match: $tag" http://10.0.0.2/)" = 304 ]
}

@test "what cannot be answered is refused" {
    [ "$(status_of http://10.0.0.2/nothing)" = 404 ]
    [ "$(status_of --path-as-is http://10.0.0.2/../etc/passwd)" = 400 ]
    [ "$(status_of http://10.0.0.2/%zz)" = 400 ]
    [ "$(status_of -X DELETE http://10.0.0.2/)" = 405 ]
    [ "$(status_of -T "$site/large.bin" http://10.0.0.2/)" = 405 ]
    [ "$(status_of -H "A: $(printf '%09000d' 0)" http://10.0.0.2/)" = 431 ]
}

@test "one connection carries many requests, ahead of their answers too" {
    local i urls=()
    for i in {1..20}; do urls+=("http://10.0.0.2/file$i.txt"); done
    run -0 fetch -w '%{num_connects}\n' "${urls[@]}"
    [ "$(grep -c '^1$' <<<"$output")" -eq 1 ]
    [ "$(grep -c '^0$' <<<"$output")" -eq 19 ]

    # shellcheck disable=SC2016 # expanded by the shell in the namespace
    run -0 ip netns exec "$NS" timeout 10 bash -c '
        exec 4<>/dev/tcp/10.0.0.2/80
        for i in 1 2 3; do printf "GET /file$i.txt HTTP/1.1\r\nHost: x\r\n\r\n"; done >&4
        printf "GET /file4.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" >&4
        cat <&4'
    [ "$(grep -c '^file [1-4]$' <<<"$output")" -eq 4 ]
}

@test "200 clients at once are all served" {
    local urls
    urls=$(for i in {1..200}; do printf 'url = "http://10.0.0.2/file%d.txt"\noutput = "%s/%d"\n' \
        "$i" "$BATS_TEST_TMPDIR" "$i"; done)
    fetch --parallel --parallel-immediate --parallel-max 200 -K - <<<"$urls"
    for i in {1..200}; do [ "$(<"$BATS_TEST_TMPDIR/$i")" = "file $i" ] || return 1; done
}

@test "a slow client does not hold up another one" {
    ip netns exec "$NS" bash -c 'exec 4<>/dev/tcp/10.0.0.2/80; printf "GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\nGET " >&4
        sleep 3' 3>&- &
    local slow=$!
    sleep 0.5
    [ "$(fetch --max-time 2 http://10.0.0.2/)" = "index" ]
    wait "$slow"
    [ "$(fetch http://10.0.0.2/)" = "index" ]
}

@test "each request leaves a line in the log" {
    fetch -o /dev/null "http://10.0.0.2/nothing?\"x"
    grep -qF '10.0.0.1 "GET /nothing??x HTTP/1.1" 404 14' "$BATS_FILE_TMPDIR/log"
}

@test "over IPv6" {
    run -0 fetch "http://[fd00::2]/"
    [[ $output == index ]]
    fetch "http://[fd00::2]/large.bin" | cmp - "$site/large.bin"
    run -0 ip netns exec "$NS" ping -6 -c 1 -W 5 fd00::2
    grep -q '^FD00::1 "GET / HTTP/1.1" 200' "$BATS_FILE_TMPDIR/log"
}
