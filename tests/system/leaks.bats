# SPDX-License-Identifier: Apache-2.0
#
# Nothing may be left of a container, however its life and that of the runtime ended. CONTAINERS=1000 makes it the long
# test.

@test "containers whose runtime is killed at random moments leave nothing" {
    [[ -c /dev/kvm && -c /dev/net/tun ]] || skip "no /dev/kvm or no /dev/net/tun"
    [[ -x ${WHERRY_BUILD:?}/examples/web/web ]] || skip "web is not built"
    "$BATS_TEST_DIRNAME/../support/isolate" "$BATS_TEST_DIRNAME/churn" "${CONTAINERS:-60}" 4
}
