# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# runtime-spec runtime.md: "Operations", "Lifecycle" and "State".
load spec.bash
setup() { spec_setup; }
teardown() { spec_teardown; }

# runtime.md, "Create": "This operation MUST generate an error if it is not provided a path to the bundle and the
# container ID"
@test "create without an id is an error" {
    refuses_cleanly 1 "takes the arguments: ID" wherry create --bundle "$bundle"
}

# "If the ID provided is not unique across all containers within the scope of the runtime ... MUST generate an error"
@test "create with the id of another container is an error" {
    create c1
    refuses 1 "container with given ID already exists" wherry create --bundle "$bundle" c1
    is_status c1 created
}

@test "create in the cgroup of another container is an error, and does the other no harm" {
    create c1
    refuses 1 "has processes in it already" wherry create --bundle "$bundle" c2
    is_status c1 created
    wherry start c1
    eventually 5 grep -q Hello "$work/output"
}

@test "ids that are no file names are refused" {
    refuses_cleanly 1 "invalid container id format: '../c1'" wherry create --bundle "$bundle" ../c1
    refuses_cleanly 1 "invalid container id format: 'a/b'" wherry create --bundle "$bundle" a/b
    refuses_cleanly 1 "container id is empty" wherry create --bundle "$bundle" ""
}

# "the user-specified program (from process) MUST NOT be run at this time"
@test "create runs everything but the guest" {
    create c1
    is_status c1 created
    [[ ! -s $work/output ]]
    wherry start c1
    eventually 5 grep -q "Hello from a unikernel" "$work/output"
}

# "Any changes made to config.json after this operation will not have an effect on the container"
@test "changes to config.json after create have no effect" {
    configure '.process.args = ["/hello", "before"] | .annotations.when = "before"'
    create c1
    configure '.process.args = ["/hello", "after"] | .annotations.when = "after"'
    wherry start c1
    eventually 5 grep -q "argument 1: before" "$work/output"
    [[ $(wherry state c1 | jq -r .annotations.when) == before ]]
}

# runtime.md, "Start": "Attempting to start a container that is not created MUST have no effect on the container and
# MUST generate an error"
@test "start of what is not created is an error" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    refuses 1 "container 'c1' does not exist" wherry start c1
    create c1
    wherry start c1
    refuses 1 "cannot start an already running container" wherry start c1
    is_status c1 running
}

# runtime.md, "Kill": "Attempting to send a signal to a container that is neither created nor running MUST have no
# effect on the container and MUST generate an error"
@test "a container whose start fails has stopped, and delete removes it" {
    cp "${hello%/hello/hello}/web/web" "$bundle/rootfs/web"
    configure '.process.args = ["/web"]'
    create c1
    refuses 1 "interface" wherry start c1
    is_status c1 stopped
    wherry delete c1
}

@test "a guest that would take the host's interfaces is refused by create" {
    cp "${hello%/hello/hello}/web/web" "$bundle/rootfs/web"
    configure '.process.args = ["/web"] | .linux.namespaces |= map(select(.type != "network"))'
    refuses_cleanly 1 "host's network namespace" wherry create --bundle "$bundle" c1
}

@test "kill of what is not there or has stopped is an error" {
    refuses 1 "container 'c1' does not exist" wherry kill c1 TERM
    create c1
    wherry start c1
    eventually 5 is_status c1 stopped
    refuses 1 "container not running: 'c1' is stopped" wherry kill c1 TERM
    wherry kill --all c1 KILL
}

@test "kill takes names and numbers, and TERM is the default" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    local signal
    for signal in "" TERM SIGTERM sigterm 15 KILL 9; do
        create c1
        wherry start c1
        # shellcheck disable=SC2086 # none is none
        wherry kill c1 $signal
        eventually 2 is_status c1 stopped
        wherry delete c1
    done
    create c1
    refuses 1 'unknown signal "TERMINATE"' wherry kill c1 TERMINATE
}

@test "a created container can be killed" {
    create c1
    wherry kill c1 KILL
    eventually 2 is_status c1 stopped
}

# runtime.md, "Delete": "Attempting to delete a container that is not stopped MUST have no effect on the container and
# MUST generate an error"
@test "delete of a running container is an error, delete --force is not" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    create c1
    wherry start c1
    refuses 1 "cannot delete a container that is not stopped: 'c1' is running" wherry delete c1
    is_status c1 running
    wherry delete --force c1
    refuses_cleanly 1 "container 'c1' does not exist" wherry state c1
}

# Engines rely on this one, against the letter of the specification, as runc and crun do it.
@test "delete of a created container ends it" {
    create c1
    wherry delete c1
    refuses_cleanly 1 "container 'c1' does not exist" wherry state c1
}

@test "delete of a missing container is an error, delete --force is not" {
    refuses_cleanly 1 "container 'c1' does not exist" wherry delete c1
    wherry delete --force c1
}

@test "a monitor that is stopped by a signal: start says so at once, kill and delete end it" {
    local before=$SECONDS
    configure '.process.args = ["/hello", "--wait", "60"]'
    create c1 --pid-file "$work/pid"
    kill -STOP "$(cat "$work/pid")"
    run -1 wherry start c1
    [[ $output == *"start the guest: the monitor (process $(cat "$work/pid")) is stopped by a signal or a debugger"* ]]
    ((SECONDS - before < 10))
    is_status c1 stopped
    wherry delete c1

    create c1 --pid-file "$work/pid"
    wherry start c1
    kill -STOP "$(cat "$work/pid")"
    wherry kill c1 KILL
    eventually 5 is_status c1 stopped
    wherry delete c1

    create c1 --pid-file "$work/pid"
    wherry start c1
    kill -STOP "$(cat "$work/pid")"
    wherry delete --force c1
    ((SECONDS - before < 20))
}

# "Once a container is deleted its ID MAY be used by a subsequent container"
@test "an id can be used again" {
    create c1
    wherry delete --force c1
    create c1
    is_status c1 created
}

# runtime.md, "State"
@test "the state has the members of the specification" {
    configure '.annotations["a.b"] = "c" | .process.args = ["/hello", "--wait", "60"]'
    create c1 --pid-file "$work/pid"
    local state
    state=$(wherry state c1)
    [[ $(jq -r .ociVersion <<<"$state") == 1.* ]]
    [[ $(jq -r .id <<<"$state") == c1 ]]
    [[ $(jq -r .status <<<"$state") == created ]]
    [[ $(jq -r .pid <<<"$state") == "$(cat "$work/pid")" ]]
    [[ $(jq -r .bundle <<<"$state") == "$(realpath "$bundle")" ]]
    [[ $(jq -r '.annotations["a.b"]' <<<"$state") == c ]]
    wherry start c1
    is_status c1 running
    wherry kill c1 KILL
    eventually 2 is_status c1 stopped
    [[ $(wherry state c1 | jq -r .pid) == 0 ]]
}

@test "the pid file holds digits and nothing else" {
    create c1 --pid-file "$work/pid"
    [[ $(od -An -c "$work/pid" | tr -d ' 0-9\n') == "" ]]
    kill -0 "$(cat "$work/pid")"
}

@test "run ends with the guest's status and leaves nothing" {
    configure '.process.args = ["/hello", "--exit", "7"]'
    run -7 --separate-stderr wherry run --bundle "$bundle" c1
    [[ $output == *"Hello from a unikernel"* ]]
    [[ -z $(what_is_left) ]]
}

@test "run passes signals on, and 128 and its number is the status" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    wherry run --bundle "$bundle" c1 >"$work/output" 2>&1 &
    local pid=$! status=0
    eventually 5 grep -q Hello "$work/output"
    kill -TERM "$pid"
    wait "$pid" || status=$?
    [[ $status -eq 143 ]]
}

@test "run --detach returns while the guest runs" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    wherry run --detach --bundle "$bundle" c1 </dev/null >"$work/output" 2>&1
    is_status c1 running
}

@test "a monitor that is killed is a stopped container" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    create c1 --pid-file "$work/pid"
    wherry start c1
    kill -KILL "$(cat "$work/pid")"
    eventually 2 is_status c1 stopped
    wherry delete c1
}

@test "a create that is killed leaves nothing that delete --force does not remove" {
    configure '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "60"]}]'
    "$runtime" --root "$root" create --bundle "$bundle" c1 </dev/null >"$work/output" 2>&1 &
    local pid=$! hook
    eventually 5 pgrep -P "$pid" -x sleep >"$work/hook"
    is_status c1 creating
    hook=$(cat "$work/hook")
    kill -KILL "$pid"
    wait "$pid" || true
    kill -KILL "$hook"
    wherry delete --force c1
    [[ -z $(what_is_left) ]]
}

@test "an id that was claimed and no more is no container, and delete --force gives it back" {
    mkdir -p "$root/c1"
    refuses 1 "container 'c1' does not exist" wherry state c1
    refuses 1 "cannot start a container that is not created: 'c1' is creating" wherry start c1
    [[ -z $(wherry list -q) ]]
    wherry delete --force c1
    create c1
    is_status c1 created
}

@test "list shows every container with its status" {
    create c1
    configure '.linux.cgroupsPath += "2"'
    create c2
    wherry start c2
    eventually 5 is_status c2 stopped
    [[ $(wherry list -q) == $'c1\nc2' ]]
    [[ $(wherry list --format json | jq -r '.[] | .id + " " + .status') == $'c1 created\nc2 stopped' ]]
    [[ $(wherry list | wc -l) -eq 3 ]]
    # Its columns are as wide as what stands in them.
    cp -r "$bundle" "$bundle-whose-path-is-longer-than-a-column-would-be"
    create c3 --bundle "$bundle-whose-path-is-longer-than-a-column-would-be"
    [[ $(wherry list | awk '{ print match($0, /CREATED|20[0-9][0-9]-/) }' | sort -u | wc -l) -eq 1 ]]
}

@test "pause stops the guest, resume lets it go on" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    create c1
    refuses 1 "container not paused" wherry resume c1
    wherry start c1
    wherry pause c1
    is_status c1 paused
    refuses 1 "container not running or created: 'c1' is paused" wherry pause c1
    refuses 1 "cannot delete a container that is not stopped: 'c1' is paused" wherry delete c1
    wherry resume c1
    is_status c1 running
    wherry pause c1
    wherry delete --force c1
    [[ -z $(what_is_left) ]]
}

# freezer WORDS: freezes or thaws the container's cgroup behind the runtime's back.
freezer() {
    if [[ -d /sys/fs/cgroup/freezer ]]; then
        echo "$1"
    else
        [[ $1 == FROZEN ]] && echo 1 || echo 0
    fi >"$(freezer_file)"
}
freezer_file() {
    if [[ -d /sys/fs/cgroup/freezer ]]; then
        echo "/sys/fs/cgroup/freezer/$cgroup/c/freezer.state"
    else
        echo "/sys/fs/cgroup/$cgroup/c/cgroup.freeze"
    fi
}

@test "the state is paused when the kernel says so, whoever froze the cgroup" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    create c1
    wherry start c1
    freezer FROZEN
    eventually 2 is_status c1 paused
    [[ $(wherry list --format json | jq -r '.[0].status') == paused ]]
    wherry resume c1
    is_status c1 running
    wherry pause c1
    freezer THAWED
    eventually 2 is_status c1 running
}

@test "SIGKILL ends a paused container" {
    configure '.process.args = ["/hello", "--wait", "60"]'
    create c1
    wherry start c1
    wherry pause c1
    wherry kill c1 KILL
    eventually 2 is_status c1 stopped
    wherry delete c1
}

@test "ps names the monitor, as table and as json" {
    create c1 --pid-file "$work/pid"
    [[ $(wherry ps --format json c1) == "[$(cat "$work/pid")]" ]]
    run -0 wherry ps c1
    [[ ${#lines[@]} -eq 2 && ${lines[0]} =~ ^UID\ +PID\  && ${lines[1]} =~ ^root\ +$(cat "$work/pid")\ .*wherry-monitor ]]
}

@test "ps hands options to the host's ps, and prints its lines of the container's processes" {
    create c1 --pid-file "$work/pid"
    run -0 wherry ps c1 -e -o comm,pid
    [[ ${#lines[@]} -eq 2 && ${lines[0]} =~ ^COMMAND\ +PID$ && ${lines[1]} =~ ^wherry-monitor\ +$(cat "$work/pid")$ ]]
    refuses 1 "what ps prints has no column PID" wherry ps c1 -e -o comm
}

@test "events --stats has the figures of the cgroup and of the monitor" {
    configure '.process.args = ["/hello", "--wait", "60"] | .linux.resources.memory.limit = 67108864'
    create c1
    wherry start c1
    local stats
    stats=$(wherry events --stats c1)
    [[ $(jq -r '.type + .id' <<<"$stats") == statsc1 ]]
    [[ $(jq .data.memory.usage.limit <<<"$stats") == 67108864 ]]
    (($(jq .data.pids.current <<<"$stats") >= 1))
    (($(jq .data.wherry.hypercalls <<<"$stats") >= 1))
}

@test "update changes limits, but not below the guest's memory" {
    configure '.process.args = ["/hello", "--wait", "60"] | .linux.resources.memory.limit = 67108864'
    create c1
    wherry start c1
    wherry update --memory 134217728 c1
    [[ $(wherry events --stats c1 | jq .data.memory.usage.limit) == 134217728 ]]
    echo '{"memory":{"limit":100663296}}' | wherry update --resources - c1
    [[ $(wherry events --stats c1 | jq .data.memory.usage.limit) == 100663296 ]]
    refuses 1 "cannot shrink" wherry update --memory 1048576 c1
    local amount
    for amount in 131072k 128M 128mb 128MiB; do
        wherry update --memory 96M c1
        wherry update --memory "$amount" c1
        [[ $(wherry events --stats c1 | jq .data.memory.usage.limit) == 134217728 ]]
    done
    for amount in 128Q 128MM M 12.5M 8388608P; do
        refuses 1 "--memory '$amount' is not a number" wherry update --memory "$amount" c1
    done
}

@test "exec, checkpoint and restore are refused with the reason" {
    configure '.process.args += ["--wait", "60"]'
    create c1
    refuses 255 "has no second process" wherry exec c1 ls
    refuses 255 "'ls' cannot be executed in it" wherry exec --cwd / c1 ls -la --color
    echo '{"args": ["ls"], "cwd": "/"}' >"$work/process"
    refuses 255 "has no second process" wherry exec --process "$work/process" --detach --pid-file /nowhere c1
    refuses 255 "cannot exec in a container that is created" wherry exec c1 wherry-probe tcp 80
    wherry start c1
    refuses 255 "has no network device" wherry exec c1 wherry-probe tcp 80
    refuses 255 "neither it nor the annotation" wherry exec c1 wherry-probe
    refuses 1 "cannot be checkpointed" wherry checkpoint --image-path /nowhere c1
    refuses 1 "cannot be checkpointed" wherry checkpoint --help
    refuses 1 "cannot be restored" wherry restore --bundle "$bundle" --image-path /nowhere c2
}
