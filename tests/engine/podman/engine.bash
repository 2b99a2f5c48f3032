# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# What the tests of the engine share. setup_suite.bash has set ENGINE, RUNTIME and WHERRY.

# shellcheck source=tests/support/time.bash
source "${BASH_SOURCE[0]%/*}/../../support/time.bash"
# shellcheck source=tests/support/residue.bash
source "${BASH_SOURCE[0]%/*}/../../support/residue.bash"
# shellcheck source=tests/engine/image.bash
source "${BASH_SOURCE[0]%/*}/../image.bash"

# p ARGUMENT...: the private podman, in an environment that holds nothing of the machine's.
# `engine` is the command, for where it must be a process of its own.
engine_command() {
    engine=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="$ENGINE"
        CONTAINERS_CONF="$ENGINE/containers.conf" CONTAINERS_STORAGE_CONF="$ENGINE/storage.conf" PODMAN_IGNORE_CGROUPSV1_WARNING=1
        podman --tmpdir "$ENGINE/tmp")
}
p() {
    engine_command
    "${engine[@]}" "$@" 3>&-
}

# The status of a container, as podman keeps it.
status_of() {
    p inspect --format '{{.State.Status}}' "$1"
}

# logs_have NAME WORDS: whether the container has printed that.
logs_have() {
    p logs "$1" | grep -q "$2"
}

# logs_have_greetings NAME N: whether hello has greeted N times.
logs_have_greetings() {
    [[ $(p logs "$1" | grep -c Hello) == "$2" ]]
}

# Every test ends with no container and nothing of one.
teardown() {
    p pod rm --all --force --time 0 >/dev/null
    p rm --all --force --time 0 >/dev/null
    residue_check
}
