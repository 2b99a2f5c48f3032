#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What cannot be run: the exit status says whose fault it is (125 the engine or the runtime, 126 it is there and cannot
# be run, 127 it is not there), one message says why, and nothing stays behind.
bats_require_minimum_version 1.5.0
load engine

@test "a program that is not there: 127" {
    run -127 p run --name absent --entrypoint /absent hello
    [[ $output == *"/absent"* ]]
}

@test "an option that the engine does not know: 125" {
    run -125 p run --no-such-option hello
    [[ $output == *"unknown flag: --no-such-option"* ]]
}

@test "a container that failed to start can be removed and its name used again" {
    run -127 p run --name phoenix --entrypoint /absent hello
    run -0 p rm phoenix
    run -0 p run --rm --name phoenix hello
}

@test "exec into a container that has ended is refused" {
    p run --name ended hello
    run -255 p exec ended /hello
    [[ $output == *"can only create exec sessions on running containers"* ]]
}
