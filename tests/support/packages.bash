# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0

# What it takes to build the project with gcc.
# shellcheck disable=SC2034 # for those who source this
packages_build=(
    gcc cmake ninja-build pkg-config libc6-dev libyajl-dev libseccomp-dev libmnl-dev libsystemd-dev libarchive-dev
    musl-dev check dpkg-dev
)

# packages_install NAME...: installs the Debian packages among them that are missing, without a question.
packages_install() {
    local name missing=()
    for name in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
    done
    ((${#missing[@]} > 0)) || return 0

    ((EUID == 0)) || {
        echo "missing packages, and only root can install them: ${missing[*]}"
        return 1
    }
    export DEBIAN_FRONTEND=noninteractive
    local apt=(apt-get -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
    "${apt[@]}" install --no-install-recommends "${missing[@]}" && return 0
    "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"
}
