# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# What the engines' tests of prepared images share. Wants WHERRY.

# store_empty: an empty store, in which nobody builds.
store_empty() {
    local store=/var/lib/wherry/store
    eventually 10 store_is_quiet
    rm -rf "$store"
}
store_is_quiet() {
    [[ -z $(find /var/lib/wherry/store/lock -type f ! -name collect 2>/dev/null) ]]
}

# store_keys: the images in the store, one a line.
store_keys() {
    "$WHERRY" image ls --format json | jq -r '.[].key'
}

# store_keys_in_use: those that a container has.
store_keys_in_use() {
    "$WHERRY" image ls --format json | jq -r '.[] | select(.inUse) | .key'
}

# hit_of KEY: the container that runs has opened just this image: one that reads its files in place has none.
hit_of() {
    [[ -n $1 && $(store_keys_in_use) == "$1" ]] || {
        echo "in use: $(store_keys_in_use), prepared: $1, in the store: $(store_keys)"
        return 1
    }
}
