# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# What the tests of the engine share. setup_suite.bash has set ENGINE, RUNTIME and WHERRY.

# shellcheck source=tests/support/time.bash
source "${BASH_SOURCE[0]%/*}/../../support/time.bash"
# shellcheck source=tests/support/residue.bash
source "${BASH_SOURCE[0]%/*}/../../support/residue.bash"
# shellcheck source=tests/engine/image.bash
source "${BASH_SOURCE[0]%/*}/../image.bash"

# d ARGUMENT...: Debian's docker, talking to the private dockerd; `engine` is the command, for where it must be a
# process of its own.
engine_command() {
    engine=(env -i PATH=/usr/bin:/bin HOME="$ENGINE" TERM=vt100 DOCKER_BUILDKIT=0 /usr/bin/docker -H "unix://$ENGINE/sock")
}
d() {
    engine_command
    "${engine[@]}" "$@" 3>&-
}

# inspect FORMAT NAME
inspect() {
    d inspect --format "{{$1}}" "$2"
}
has_status() {
    [[ $(inspect .State.Status "$1" 2>/dev/null) == "$2" ]]
}
logs_have() {
    d logs "$1" 2>&1 | grep -q "$2"
}
address_of() {
    inspect .NetworkSettings.IPAddress "$1"
}
fetch() {
    curl --silent --show-error --fail --max-time 5 "$@"
}

# What docker itself keeps about containers, beside residue(); but it collects files of network namespaces later.
docker_residue() {
    residue
    pgrep -l '^containerd-shi'
    pgrep -l '^docker-proxy'
    find "$ENGINE/exec/runtime-runc" "$ENGINE/exec/runtime-$RUNTIME" -mindepth 2 -maxdepth 2 2>/dev/null
    grep -E "$ENGINE/root/.*/merged" /proc/self/mounts
    return 0
}
no_residue() {
    [[ -z $(docker_residue) ]]
}

# Every test ends with no container and nothing of one.
teardown() {
    local ids
    mapfile -t ids < <(d ps -aq)
    ((${#ids[@]} == 0)) || d rm -f "${ids[@]}" >/dev/null
    eventually 5 no_residue || {
        echo "left behind:"
        docker_residue
        return 1
    }
}
