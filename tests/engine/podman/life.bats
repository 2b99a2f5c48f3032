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
is_exited() { [[ $(status_of "$1") == exited ]]; }
is_given_up() {
    [[ $(p inspect --format '{{.RestartCount}} {{.State.Status}}' "$1") == "2 exited" ]]
}
