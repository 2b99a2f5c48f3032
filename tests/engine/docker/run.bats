#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker run and a container's life: output, exit status, signals, restarts, what docker says about it.
bats_require_minimum_version 1.5.0
load engine

@test "run shows what the guest prints, passes arguments on, and ends with its exit status" {
    run -0 d run --rm hello "two words" "it's"
    [[ $output == *Hello* && $output == *"two words"* && $output == *"it's"* ]]
    local status_wanted
    for status_wanted in 1 42 255; do
        run "-$status_wanted" d run --rm hello --exit "$status_wanted"
    done
}

@test "run -d, logs, wait and inspect" {
    d run -d --name background hello --wait 1 --exit 7
    has_status background running
    run -0 d wait background
    [[ $output == 7 ]]
    run -0 d logs background
    [[ $output == *Hello* ]]
    [[ $(inspect .State.ExitCode background) == 7 && $(inspect .HostConfig.Runtime background) == "$RUNTIME" ]]
}

@test "--rm removes the container when the guest ends" {
    d run --rm --name brief hello
    run -1 d inspect brief
    [[ $output == *"No such object: brief"* ]]
}

@test "create, then start --attach, twice" {
    d create --name twice hello --exit 3
    run -3 d start --attach twice
    run -3 d start --attach twice
    [[ $output == *Hello* ]]
}

@test "stop takes well under a second, and the guest ends by itself" {
    d run -d --name stopped web
    eventually 5 logs_have stopped serving
    local milliseconds
    milliseconds=$(milliseconds_of d stop --time 5 stopped)
    echo "stop took $milliseconds ms"
    ((milliseconds < 1000))
    has_status stopped exited
    [[ $(inspect .State.ExitCode stopped) != 137 ]]
}

@test "kill ends the guest, with the signal in its exit status" {
    d run -d --name killed hello --wait 60
    d kill killed
    run -0 d wait killed
    [[ $output == 137 ]]
    d run -d --name asked hello --wait 60
    d kill --signal TERM asked
    eventually 5 has_status asked exited
}

@test "restart gives the guest a new life" {
    d run -d --name again hello --wait 60
    local first
    first=$(inspect .State.Pid again)
    d restart --time 1 again
    has_status again running
    [[ $(inspect .State.Pid again) != "$first" ]]
    greeted_twice() { [[ $(d logs again | grep -c Hello) == 2 ]]; }
    eventually 5 greeted_twice
}

@test "a restart policy starts a guest that fails again, as often as it says" {
    d run -d --name persistent --restart on-failure:2 hello --exit 1
    given_up() { [[ $(inspect '.RestartCount}} {{.State.Status' persistent) == "2 exited" ]]; }
    eventually 15 given_up
    [[ $(d logs persistent | grep -c Hello) == 3 ]]
}

@test "rm refuses a running container, rm --force removes it" {
    d run -d --name stubborn hello --wait 60
    run -1 d rm stubborn
    [[ $output == *"cannot remove"*running* ]]
    d rm --force stubborn
}

@test "pause stops the guest where it is, unpause lets it go on" {
    d run -d --name held -p 8080:80 web
    eventually 10 fetch -o /dev/null http://127.0.0.1:8080/
    d pause held
    has_status held paused
    run ! fetch --max-time 1 -o /dev/null http://127.0.0.1:8080/
    d unpause held
    has_status held running
    eventually 5 fetch -o /dev/null http://127.0.0.1:8080/
}

@test "stats and top show the process of the container" {
    d run -d --name measured hello --wait 60
    run -0 d stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' measured
    [[ $output == "measured "*"B / "*"B "[1-9]* && $output != *" 0B /"* ]]
    run -0 d top measured
    [[ $output == *"$(inspect .State.Pid measured)"* ]]
}

@test "events tell of a container's end, with its exit status" {
    local since
    since=$(date +%s)
    d run --name told hello --exit 9 || true
    run -0 d events --since "$since" --until "$(($(date +%s) + 1))" --format '{{.Action}} {{.Actor.Attributes.exitCode}}'
    [[ $output == *create* && $output == *start* && $output == *"die 9"* ]]
}

@test "update changes the limits of a running container, and leaves those that are not named" {
    d run -d --name changed --memory 128m --cpu-shares 512 hello --wait 60
    d update --cpus 0.5 changed
    local group
    group=$(awk -F: '$2 ~ /(^|,)cpu(,|$)/ { print $3 }' "/proc/$(inspect .State.Pid changed)/cgroup")
    [[ $(cat /sys/fs/cgroup/cpu/"$group"/cpu.cfs_quota_us) == 50000 ]]
    [[ $(cat /sys/fs/cgroup/cpu/"$group"/cpu.shares) == 512 ]]
}

@test "a container that docker does not limit has the shares of any process" {
    d run -d --name plain hello --wait 60
    local group
    group=$(awk -F: '$2 ~ /(^|,)cpu(,|$)/ { print $3 }' "/proc/$(inspect .State.Pid plain)/cgroup")
    [[ $(cat /sys/fs/cgroup/cpu/"$group"/cpu.shares) == 1024 ]]
}

@test "a container that is killed for want of memory is reported as that" {
    [[ $RUNTIME == wherry ]] || skip "a guest that takes its memory late"
    image_greedy "$BATS_TEST_TMPDIR/greedy"
    d build -q -t greedy -f "$BATS_TEST_TMPDIR/greedy/Containerfile" "$BATS_TEST_TMPDIR/greedy"
    d run -d --name greedy --memory 64m greedy later
    memory_limit "$(inspect .State.Pid greedy)" 33554432
    run -0 d wait greedy
    [[ $output == 137 ]]
    [[ $(inspect .State.OOMKilled greedy) == true ]]
}
