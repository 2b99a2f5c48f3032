#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# podman run: output, exit status, foreground and background.
bats_require_minimum_version 1.5.0
load engine

@test "run shows what the guest prints, and ends with status 0" {
    run -0 p run --rm hello
    [[ $output == *"Hello"* ]]
}

@test "run passes arguments on" {
    run -0 p run --rm hello "two words" "it's"
    [[ $output == *"two words"* && $output == *"it's"* ]]
}

@test "run ends with the guest's exit status" {
    local status_wanted
    for status_wanted in 1 42 124 254 255; do
        run "-$status_wanted" p run --rm hello --exit "$status_wanted"
    done
}

@test "run -d returns while the guest runs, logs shows its output, wait its status" {
    run -0 p run -d --name background hello --wait 1 --exit 7
    [[ $(status_of background) == running ]]
    run -0 p wait background
    [[ $output == 7 ]]
    run -0 p logs background
    [[ $output == *"Hello"* ]]
    [[ $(p inspect --format '{{.State.ExitCode}}' background) == 7 ]]
}

@test "run --rm removes the container when the guest ends" {
    run -0 p run --rm --name brief hello
    run -1 p container exists brief
}

@test "the same image runs many times at once" {
    local i
    for i in {1..5}; do
        p run -d --name "many$i" hello --wait 30 "number $i"
    done
    run -0 p ps --format '{{.Names}} {{.Status}}'
    [[ $(grep -c ' Up ' <<<"$output") == 5 ]]
    for i in {1..5}; do
        eventually 2 logs_have "many$i" "number $i"
    done
}

@test "run with limits of memory, processor and processes" {
    run -0 p run --rm --memory 128m --cpus 0.5 --pids-limit 64 hello
    [[ $output == *"Hello"* ]]
}

@test "run with a read-only root, a hostname, a user and labels" {
    run -0 p run --rm --read-only --hostname lighter --user 1000:1000 --label a=b hello
    [[ $output == *"Hello"* ]]
}

@test "run --init is as good as without" {
    run -4 p run --rm --init hello "a word" --exit 4
    [[ $output == *"a word"* ]]
}

@test "run in the foreground passes SIGTERM on" {
    local engine
    engine_command
    "${engine[@]}" run --name foreground hello --wait 60 3>&- &
    local foreground=$!
    # podman passes signals on from when it is attached, a little after the guest has printed; before, it dies of them.
    eventually 10 logs_have foreground Hello
    sleep 1
    kill -TERM "$foreground"
    run wait "$foreground"
    eventually 5 is_exited foreground
}

is_exited() { [[ $(status_of "$1" 2>/dev/null) == exited ]]; }
