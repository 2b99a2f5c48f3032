#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The life of a container, step by step: create, init, start, stop, kill, restart, rm, and what ps and inspect say.
bats_require_minimum_version 1.5.0
load engine

@test "create, init, start: the guest runs when it is started, not before" {
    p create --name stepwise hello --wait 30
    [[ $(status_of stepwise) == created ]]
    p init stepwise
    [[ $(status_of stepwise) == initialized ]]
    sleep 0.3
    run -0 p logs stepwise
    [[ $output == "" ]]
    p start stepwise
    [[ $(status_of stepwise) == running ]]
    eventually 2 logs_have stepwise Hello
}

@test "rm --force of a container that was initialised and not started" {
    p create --name unstarted hello
    p init unstarted
    run -0 p rm --force unstarted
}

@test "stop takes well under a second, and the guest ends by itself" {
    p run -d --name stopped web
    eventually 5 logs_have stopped serving
    local milliseconds
    milliseconds=$(milliseconds_of p stop --time 5 stopped)
    echo "stop took $milliseconds ms"
    ((milliseconds < 1000))
    [[ $(status_of stopped) == exited ]]
    [[ $(p inspect --format '{{.State.ExitCode}}' stopped) != 137 ]]
}

@test "kill ends the guest, with the signal in its exit status" {
    p run -d --name killed hello --wait 60
    p kill killed
    run -0 p wait killed
    [[ $output == 137 ]]
}

@test "kill --signal TERM is a request to stop" {
    p run -d --name asked hello --wait 60
    p kill --signal TERM asked
    eventually 2 is_exited asked
}

@test "restart gives the guest a new life" {
    p run -d --name again hello --wait 60
    local first
    first=$(p inspect --format '{{.State.Pid}}' again)
    p restart --time 1 again
    [[ $(status_of again) == running ]]
    [[ $(p inspect --format '{{.State.Pid}}' again) != "$first" ]]
    eventually 2 logs_have_greetings again 2
}

@test "start of a container that has ended runs it again" {
    p create --name twice hello --exit 3
    run -3 p start --attach twice
    run -3 p start --attach twice
    [[ $output == *Hello* ]]
}

@test "rm refuses a running container, rm --force removes it" {
    p run -d --name stubborn hello --wait 60
    run -2 p rm stubborn
    [[ $output == *"cannot remove container"*running* ]]
    run -0 p rm --force --time 0 stubborn
    run -1 p container exists stubborn
}

@test "ps and inspect show pid, image, status and start time" {
    p run -d --name seen hello --wait 60
    run -0 p ps --format '{{.Names}} {{.Image}} {{.Status}}'
    [[ $output == "seen localhost/hello:latest Up "* ]]
    local pid
    pid=$(p inspect --format '{{.State.Pid}}' seen)
    kill -0 "$pid"
    [[ $(p inspect --format '{{.OCIRuntime}}' seen) == "$RUNTIME" ]]
    [[ $(p inspect --format '{{.State.StartedAt.Year}}' seen) == "$(date +%Y)" ]]
}

@test "a restart policy starts a guest that fails again" {
    p run -d --name persistent --restart on-failure:2 hello --exit 1
    eventually 10 is_given_up persistent
    [[ $(p logs persistent | grep -c Hello) == 3 ]]
}
@test "attach gives the guest's terminal its size, and can be left with the keys that detach" {
    p run -dt --name left hello --wait 60
    engine_command
    run -0 timeout 30 "$ROOT/tests/support/terminal" 2 33 77 '\x10\x11' "${engine[@]}" attach left
    [[ $(status_of left) == running ]]
    [[ $(stty -F "/proc/$(p inspect --format '{{.State.Pid}}' left)/fd/1" size) == "33 77" ]]
}

@test "stats shows what the container uses" {
    p run -d --name measured hello --wait 60
    run -0 p stats --no-stream --no-reset --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' measured
    [[ $output == "measured "*"B / "*"B "[1-9]* && $output != *" 0B /"* ]]
}

@test "files are copied into a container before it starts, and out of it when it has ended" {
    [[ $RUNTIME == wherry ]] || skip "the payload of other runtimes serves one file only"
    echo copied >"$BATS_TEST_TMPDIR/page.txt"
    p create --name filled -p 8080:80 web
    p cp "$BATS_TEST_TMPDIR/page.txt" filled:/srv/page.txt
    p start filled
    serves() { [[ $(curl --silent --fail --max-time 5 http://127.0.0.1:8080/page.txt) == "$1" ]]; }
    eventually 10 serves copied
    p stop --time 1 filled
    p cp filled:/srv/index.html "$BATS_TEST_TMPDIR/index.html"
    cmp "$BATS_TEST_TMPDIR/index.html" "$ROOT/examples/web/site/index.html"
    echo changed >"$BATS_TEST_TMPDIR/page.txt"
    p cp "$BATS_TEST_TMPDIR/page.txt" filled:/srv/page.txt
    p start filled
    eventually 10 serves changed
}

@test "a container that is killed for want of memory is reported as that" {
    [[ $RUNTIME == wherry ]] || skip "a guest that takes its memory late"
    image_greedy "$BATS_TEST_TMPDIR/greedy"
    p build -q -t greedy "$BATS_TEST_TMPDIR/greedy"
    local id
    id=$(p create --name greedy --memory 64m greedy later)
    # conmon 2.1.6 leaves its word in the directory where podman was called, and podman looks for it in this one.
    cd "$ENGINE/root/overlay-containers/$id/userdata"
    p start greedy
    cd "$ROOT"
    memory_limit "$(p inspect --format '{{.State.Pid}}' greedy)" 33554432
    run -0 p wait greedy
    [[ $output == 137 ]]
    is_out_of_memory() { [[ $(p inspect --format '{{.State.OOMKilled}}' greedy) == true ]]; }
    eventually 5 is_out_of_memory
}

is_exited() { [[ $(status_of "$1") == exited ]]; }
is_given_up() {
    [[ $(p inspect --format '{{.RestartCount}} {{.State.Status}}' "$1") == "2 exited" ]]
}
