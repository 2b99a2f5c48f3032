# SPDX-License-Identifier: Apache-2.0
#
# The store on a file system with fs-verity: in an emulated machine, as the host's kernel may be built without.

setup() {
    machine=$BATS_TEST_DIRNAME/../support/machine
    command -v qemu-system-x86_64 >/dev/null || skip "no emulated machine: install qemu-system-x86"
    PATH=$PATH:/usr/sbin
    command -v mkfs.ext4 >/dev/null || skip "no file system with fs-verity can be made: install e2fsprogs"
    "$machine" --prepare || skip "no emulated machine: its kernel cannot be downloaded"
}

# The bit is changed on the disk, in the boot in which everything was compared with its digests: only the file system
# can notice.
@test "a bit that changes on the disk after an image was opened is a refusal by name" {
    local payload=$BATS_TEST_TMPDIR/payload kind
    mkdir "$payload"
    cp "${WHERRY_BUILD:?}/runtime/wherry" "$payload"
    cat >"$payload/main" <<'MAIN'
set -e
image() { ./wherry image --store /mnt/store "$@"; }
truncate -s 64M /disk
mkfs.ext4 -q -O verity -b 4096 /disk
mkdir /mnt
mount -t ext4 -o loop /disk /mnt
mkdir -p tree/etc
head -c 3000000 /dev/urandom >tree/data
echo text-to-be-found >tree/etc/text
for format in ext2 tar cpio fat iso9660; do
    image prepare --as $format tree >/dev/null 2>&1
done
image verify >/dev/null
lsattr -R /mnt/store/data /mnt/store/img >/attributes
umount /mnt
for at in $(/usr/bin/grep -abo text-to-be-found /disk | cut -d: -f1); do
    printf T | dd of=/disk bs=1 seek=$at conv=notrunc 2>/dev/null
done
mount -t ext4 -o loop /disk /mnt
set +e
grep -E '/(data/[^/]*|meta|map)$' /attributes | grep -c -e '-V-'
for key in $(ls /mnt/store/img); do
    image export $key /out 2>&1
    echo "export $?"
done
image verify 2>&1
echo "verify $?"
MAIN
    run timeout 180 "$machine" -t 120 -b mkfs.ext4 -b lsattr -b grep "$payload" "sh main"
    echo "$output"
    # The generated part and the map of each image, and the pack.
    [[ ${lines[0]} == 11 ]]
    [[ $(grep -c '^export 1$' <<<"$output") == 5 ]]
    [[ $(grep -cE "^wherry: write '/out': export the image '[0-9a-f]{64}': read the image: Input/output error$" <<<"$output") == 5 ]]
    # Archives have the bytes, the other three the pack.
    for kind in image image pack; do
        [[ $output == *"damaged  $kind "* ]]
    done
    [[ $(grep -c '^damaged ' <<<"$output") == 3 && ${lines[-1]} == "verify 1" ]]
}
