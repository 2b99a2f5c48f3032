# SPDX-License-Identifier: Apache-2.0
#
# The tests of cgroups where there is nothing but cgroup v2, with every controller: in an emulated machine, because a
# host has only one arrangement. TCG_KVM names the script that boots it; the default is beside the project.

setup() {
    machine=$BATS_TEST_DIRNAME/../support/machine
    command -v qemu-system-x86_64 >/dev/null || skip "no emulated machine: install qemu-system-x86"
    "$machine" --prepare || skip "no emulated machine: its kernel cannot be downloaded"
    programs=${WHERRY_BUILD:?}/tests/system/runtime
}

# in_machine PROGRAM: runs the program with only cgroup v2 mounted; afterwards no cgroup may be left.
in_machine() {
    local payload=$BATS_TEST_TMPDIR/payload
    mkdir "$payload"
    cp "$programs/$1" "$payload"
    timeout 120 "$machine" -t 60 "$payload" "mount -t cgroup2 none /sys/fs/cgroup && ./$1 &&
        { ! ls /sys/fs/cgroup | grep wherry; }"
}

@test "cgroups are made, frozen, killed, counted and removed in v2" {
    in_machine test_cgroup
}

@test "limits and device rules are applied in v2" {
    in_machine test_cgroup_limits
}

# systemd runs as the first process of a PID namespace there, with no unit but a target that wants nothing.
@test "systemd makes the cgroup as a scope" {
    [[ -x /lib/systemd/systemd ]] || skip "no systemd to run: install systemd"
    local payload=$BATS_TEST_TMPDIR/payload
    mkdir "$payload"
    cp /lib/systemd/systemd "$(command -v systemctl)" "$programs/test_cgroup_systemd" "$payload"
    cp "$(ldconfig -p | sed -n 's/.*libsystemd\.so\.0 .*=> //p' | head -1)" "$payload" # loaded by dlopen
    cat >"$payload/boot" <<'BOOT'
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
mkdir -p /etc/systemd/system /lib/systemd
cp systemd /lib/systemd/
cp systemctl /bin/
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
printf '[Unit]\nDescription=Nothing\n' >/etc/systemd/system/default.target
export LD_LIBRARY_PATH=/payload
container=test unshare -p -f -m --mount-proc /lib/systemd/systemd --system --log-level=err --log-target=console &
for i in $(seq 100); do
    [ -S /run/systemd/private ] && break
    usleep 100000
done
nsenter -t "$(pidof systemd)" -m -p /payload/test_cgroup_systemd
BOOT
    timeout 120 "$machine" -t 60 -b unshare -b nsenter "$payload" "sh boot"
}
