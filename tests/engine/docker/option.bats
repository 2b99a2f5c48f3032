#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The options of docker run that reach the runtime; terminals; volumes; what is refused, and how.
bats_require_minimum_version 1.5.0
load engine

@test "limits of memory, processors and processes reach the cgroup" {
    d run -d --name limited --memory 64m --cpus 0.5 --pids-limit 40 hello --wait 60
    local pid file
    pid=$(inspect .State.Pid limited)
    group_of() { awk -F: -v name="$1" '$2 ~ "(^|,)" name "(,|$)" { print "/sys/fs/cgroup/" name $3 }' "/proc/$pid/cgroup"; }
    file=$(group_of memory)/memory.limit_in_bytes
    [[ $(cat "$file") == $((64 << 20)) ]]
    [[ $(cat "$(group_of cpu)/cpu.cfs_quota_us") == 50000 ]]
    [[ $(cat "$(group_of pids)/pids.max") == 40 ]]
}

@test "read-only root, host name, user, ulimit, environment and labels" {
    run -0 d run --rm --read-only --hostname lighter --user 1000:1000 --ulimit nofile=512:512 --env A=b --label a=b hello
    [[ $output == *Hello* ]]
}

@test "the program runs as the user that --user names" {
    d run -d --name owned --user 1000:1000 hello --wait 60
    [[ $(awk '/^Uid:/ { print $2 }' "/proc/$(inspect .State.Pid owned)/status") == 1000 ]]
}

@test "-t gives the program a terminal, of the size that the engine has" {
    d run -dt --name wide hello --wait 60
    eventually 5 logs_have wide Hello
    curl -sf -X POST --unix-socket "$ENGINE/sock" "http://docker/containers/wide/resize?h=33&w=77"
    has_size() { [[ $(stty -F "/proc/$(inspect .State.Pid wide)/fd/1" size) == "33 77" ]]; }
    eventually 5 has_size
}

@test "-it shows the output on the caller's terminal" {
    engine_command
    run -0 timeout --foreground 20 script -qec "${engine[*]} run --rm -it hello words" /dev/null </dev/null
    [[ $output == *Hello* && $output == *words* ]]
}

@test "attach shows what the guest prints after it, and the exit status" {
    d run -d --name attached hello --wait 2 --exit 5
    run -5 timeout 20 env "${engine[@]}" attach --no-stdin attached
}

@test "attach can be left with the keys that detach" {
    d run -dit --name left hello --wait 60
    engine_command
    # docker says that it was left by status 1; 124 would be the time limit.
    run -1 timeout --foreground 20 script -qec "${engine[*]} attach left" /dev/null \
        < <(sleep 1; printf '\x10\x11'; sleep 1)
    has_status left running
}

@test "a volume's small files are in the guest's image" {
    [[ $RUNTIME == wherry ]] || skip "the payload of other runtimes serves one file only"
    mkdir "$BATS_TEST_TMPDIR/conf"
    echo "from the volume" >"$BATS_TEST_TMPDIR/conf/page.txt"
    d run -d --name mounted -p 8080:80 -v "$BATS_TEST_TMPDIR/conf/page.txt:/srv/page.txt:ro" web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/page.txt
    [[ $(fetch http://127.0.0.1:8080/page.txt) == "from the volume" ]]
}

@test "exec is refused with the reason, and the container goes on" {
    [[ $RUNTIME == wherry ]] || skip "a limit of unikernels"
    d run -d --name single hello --wait 60
    run d exec single /hello
    ((status != 0 && status <= 128)) # 128 is what docker 28 makes of a runtime's refusal
    [[ $output == *"is a unikernel"*"no second process"*"wherry-probe"* ]]
    has_status single running
}

@test "exec into a container that has ended is refused" {
    d run --name ended hello
    run -1 d exec ended /hello
    [[ $output == *"not running"* ]]
}

@test "a program that is not there: 127, and the name can be used again" {
    run -127 d run --name absent --entrypoint /absent hello
    [[ $output == *"/absent"* ]]
    d rm absent
    d run --rm --name absent hello
}

@test "a file that is no program is refused, and nothing is left of it" {
    mkdir "$BATS_TEST_TMPDIR/text"
    echo "not a program" >"$BATS_TEST_TMPDIR/text/text"
    printf 'FROM scratch\nCOPY text /text\nENTRYPOINT ["/text"]\n' >"$BATS_TEST_TMPDIR/text/Dockerfile"
    d build -q -t text "$BATS_TEST_TMPDIR/text"
    run d run --rm text
    ((status == 125 || status == 126))
    [[ $output == *"/text"* || $output == *"unikernel"* ]]
}

@test "a directory is there and cannot be run: 126" {
    [[ $RUNTIME == wherry ]] || skip "the payload has no directory"
    run -126 d run --rm --entrypoint /srv web
    [[ $output == *"/srv"*"not a regular file"* ]]
}

@test "run --init is as good as without" {
    run -4 d run --rm --init hello "a word" --exit 4
    [[ $output == *"a word"* ]]
}

@test "files are copied out of a container, and into it for its next start" {
    [[ $RUNTIME == wherry ]] || skip "the payload of other runtimes serves one file only"
    d run -d --name filled -p 8080:80 web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
    d cp filled:/srv/index.html "$BATS_TEST_TMPDIR/index.html"
    cmp "$BATS_TEST_TMPDIR/index.html" "$ROOT/examples/web/site/index.html"
    echo copied >"$BATS_TEST_TMPDIR/page.txt"
    d cp "$BATS_TEST_TMPDIR/page.txt" filled:/srv/page.txt
    d restart --time 0 filled
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/page.txt
}

@test "options of docker that are wrong are docker's to refuse: 125" {
    run -125 d run --rm --memory 1 hello
    [[ $output == *"inimum memory limit"* ]]
    run -125 d run --rm --runtime absent hello
    [[ $output == *absent* ]]
}

@test "an ordinary container runs as it does without wherry: exec, terminal, environment, volume" {
    mkdir "$BATS_TEST_TMPDIR/shared"
    d run -d --name box --env A=b -v "$BATS_TEST_TMPDIR/shared:/shared" box /bin/sh -c 'echo "$A" >/shared/said; sleep 60'
    run -0 d exec box /bin/busybox echo inside
    [[ $output == inside ]]
    eventually 5 test -s "$BATS_TEST_TMPDIR/shared/said"
    [[ $(cat "$BATS_TEST_TMPDIR/shared/said") == b ]]
    d pause box
    has_status box paused
    d unpause box
    run -0 d top box
    [[ $output == *sleep* ]]
    d stop --time 1 box
    [[ $(inspect .State.ExitCode box) == 137 ]]
}
