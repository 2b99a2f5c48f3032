/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes: what is carried into images, what is not, and what an id map makes of them. */
#include "scratch.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Prints "PATH NAME HEX" for each attribute in a tree, sorted; the host's own ones left out. */
#define SHOW                                                                                              \
    "cat > show.py <<'END'\n"                                                                             \
    "import os, sys\n"                                                                                    \
    "os.chdir(sys.argv[1])\n"                                                                             \
    "for dir, dirs, files in sorted(os.walk('.')):\n"                                                     \
    "    if 'lost+found' in dirs: dirs.remove('lost+found')\n"                                            \
    "    for name in ['.'] + sorted(files) + sorted(d for d in dirs if os.path.islink(os.path.join(dir, " \
    "d))):\n"                                                                                             \
    "        path = os.path.normpath(os.path.join(dir, name))\n"                                          \
    "        for x in sorted(os.listxattr(path, follow_symlinks=False)):\n"                               \
    "            if x != 'security.selinux':\n"                                                           \
    "                print(path, x, os.getxattr(path, x, follow_symlinks=False).hex())\n"                 \
    "END\n"

/* A tree with attributes of all kinds. */
static void set_up(void)
{
    scratch_set_up();
    scratch_run(
        SHOW
        "mkdir -p root/dir root/etc && cd root && echo x > file && ln file dir/link && echo y > etc/hosts && "
        "echo z > cap && cp cap cap3 && ln -s file symlink && echo w > plain && cat > ../set.py <<'END'\n"
        "import os\n"
        "def acl(*entries):\n"
        "    return b'\\2\\0\\0\\0' + b''.join(t.to_bytes(2, 'little') + p.to_bytes(2, 'little') +\n"
        "        i.to_bytes(4, 'little') for t, p, i in entries)\n"
        "none = 0xffffffff\n"
        "os.setxattr('file', 'user.b', b'second')\n"
        "os.setxattr('file', 'user.a', b'')\n"
        "os.setxattr('file', 'user.long.name.of.some.length', b'\\0\\xff' * 500)\n"
        "os.setxattr('file', 'trusted.t', b'1')\n"
        "os.setxattr('etc/hosts', 'user.kept', b'yes')\n"
        "os.setxattr('symlink', 'trusted.link', b'on a symlink', follow_symlinks=False)\n"
        "os.setxattr('dir', 'user.dir', b'd')\n"
        "os.setxattr('.', 'user.root', b'r')\n"
        "os.setxattr('dir', 'trusted.overlay.origin', b'host')\n"
        "os.setxattr('plain', 'user.overlay.origin', b'host')\n"
        "a = acl((1, 6, none), (2, 4, 1000), (2, 5, 5), (4, 4, none), (8, 6, 1001), (16, 6, none), (32, 4, "
        "none))\n"
        "os.setxattr('file', 'system.posix_acl_access', a)\n"
        "os.setxattr('dir', 'system.posix_acl_default', a)\n"
        "os.setxattr('cap', 'security.capability', b'\\1\\0\\0\\2\\0\\4\\0\\0' + b'\\0' * 12)\n"
        "os.setxattr('cap3', 'security.capability', b'\\1\\0\\0\\3\\0\\4\\0\\0' + b'\\0' * 12 +\n"
        "    (1000).to_bytes(4, 'little'))\n"
        "END\n"
        "python3 ../set.py && cd .. && python3 show.py root | grep -v overlay > expected && "
        "[ $(wc -l < expected) = 17 ]");
}

static void make_image(enum image_format format, const struct image_id_range *range)
{
    static const struct image_patch patches[] = {{"/etc/hosts", "127.0.0.1 me\n", 13}, {"/new", "n", 1}};
    struct error err = {0};
    struct image image = IMAGE_NONE;
    char path[160];
    snprintf(path, sizeof(path), "%s/root", scratch_dir);
    struct image_request request = {.rootfs = path, .format = format, .patches = patches, .n_patches = 2};
    if (range != NULL) {
        request.uids = (struct image_id_map){range, 1};
        request.gids = (struct image_id_map){range, 1};
    }
    ck_assert_ok(image_open(scratch_store, &request, &image, &err), err);
    scratch_copy_image(&image, "image");
    image_release(&image);
}

/* What the kernel shows of the image. */
static void check_mounted(void)
{
    scratch_run("e2fsck -fn image > fsck.log 2>&1 || { cat fsck.log; exit 1; }");
    if (scratch_try("mkdir -p mnt && mount -o loop,ro,user_xattr,acl image mnt") == 0)
        scratch_run("python3 show.py mnt > shown; umount mnt && diff expected shown");
    scratch_run("debugfs -R 'ea_list /file' image 2> /dev/null | grep -q 'user.b (6) = \"second\"' && "
                "debugfs -R 'ea_list /symlink' image 2> /dev/null | grep -q 'trusted.link (12) = \"on a "
                "symlink\"' && "
                "! debugfs -R 'ea_list /plain' image 2> /dev/null | grep -q user && "
                "! debugfs -R 'ea_list /dir' image 2> /dev/null | grep -q overlay");
}

START_TEST(ext2_has_them)
{
    make_image(IMAGE_EXT2, NULL);
    check_mounted();
    /* From the pack, and not from the directory. */
    struct error err = {0};
    struct image image = IMAGE_NONE;
    char path[160];
    snprintf(path, sizeof(path), "%s/root", scratch_dir);
    const struct image_request request = {.rootfs = path, .format = IMAGE_EXT2};
    ck_assert_ok(image_prepare(scratch_store, &request, &image, &err), err);
    image_release(&image);
    scratch_run("cp image first");
    make_image(IMAGE_EXT2, NULL);
    check_mounted();
    scratch_run("cmp first image");
}
END_TEST

START_TEST(an_image_without_them_has_no_such_feature)
{
    scratch_run("rm -r root && mkdir -p root/etc");
    make_image(IMAGE_EXT2, NULL);
    scratch_run("! dumpe2fs -h image 2> /dev/null | grep -q ext_attr");
}
END_TEST

START_TEST(tar_has_them)
{
    make_image(IMAGE_TAR, NULL);
    scratch_run("mkdir out && bsdtar -xpf image -C out && python3 show.py out | grep -v ^dir/link > got; "
                "grep -v 'posix_acl\\|^symlink\\|^\\. \\|^dir/link' expected > wanted; "
                "grep -v 'posix_acl\\|^symlink\\|^\\. ' got | diff wanted -");
    scratch_run("grep -aq 'SCHILY.xattr.system.posix_acl_access=' image && "
                "tar -tf image > /dev/null");
}
END_TEST

START_TEST(a_name_with_a_sign_of_pax_is_as_gnu_tar_has_it)
{
    scratch_run("python3 -c \"import os; os.setxattr('root/plain', 'user.a=b%%', b'c=d')\"");
    make_image(IMAGE_TAR, NULL);
    scratch_run("mkdir out && tar --xattrs --xattrs-include='*' -xpf image -C out && "
                "python3 -c \"import os; assert os.getxattr('out/plain', 'user.a=b%%') == b'c=d'\"");
}
END_TEST

START_TEST(ids_in_them_are_the_containers)
{
    static const struct image_id_range range = {.inside = 0, .outside = 1000, .n = 10};
    make_image(IMAGE_EXT2, &range);
    /* Entry 1000 is 0 now, 1001 is 1, and 5 is nobody; capabilities of another root are none, those of this
     * one are as root's. */
    scratch_run(
        "e2fsck -fn image > fsck.log 2>&1 && "
        "sed -e '/^cap security/d' -e '/^cap3 /s/01000003\\(.*\\)e8030000$/01000002\\1/' "
        "-e '/posix_acl/{s/02000400e8030000/0200040000000000/;s/0200050005000000/02000500feff0000/;"
        "s/08000600e9030000/0800060001000000/}' expected > expected2 && ! cmp -s expected expected2 && "
        "mv expected2 expected");
    if (scratch_try("mkdir -p mnt && mount -o loop,ro,user_xattr,acl image mnt") == 0)
        scratch_run("python3 show.py mnt > shown; umount mnt && diff expected shown");
}
END_TEST

START_TEST(a_change_is_another_image)
{
    make_image(IMAGE_EXT2, NULL);
    scratch_run("cp image first && python3 -c \"import os; os.setxattr('root/file', 'user.b', b'third!')\"");
    make_image(IMAGE_EXT2, NULL);
    scratch_run("! cmp -s first image && debugfs -R 'ea_list /file' image 2> /dev/null | grep -q third");
}
END_TEST

START_TEST(too_many_for_a_block_are_refused)
{
    struct error err = {0};
    struct image image = IMAGE_NONE;
    char path[160];
    /* One is larger than the block that ext2 has for them; the file system of the test may not take that
     * either. */
    if (scratch_try(
            "python3 -c \"import os; os.setxattr('root/file', 'user.huge', b'x' * 5000)\" 2> /dev/null") != 0)
        return;
    snprintf(path, sizeof(path), "%s/root", scratch_dir);
    const struct image_request request = {.rootfs = path, .format = IMAGE_EXT2};
    ck_assert_fails(image_open(scratch_store, &request, &image, &err), err, ERROR_REFUSED,
                    "has more attributes than fit into a block of 4096 bytes");
}
END_TEST

int main(void)
{
    if (geteuid() != 0 ||
        system("d=$(mktemp -d) && python3 -c \"import os; os.setxattr('$d', 'user.x', b'1'); "
               "os.setxattr('$d', 'trusted.x', b'1')\" 2> /dev/null; s=$?; rm -r $d; exit $s") != 0) {
        puts("needs root, python3 and a file system with extended attributes");
        return 77;
    }
    Suite *suite = suite_create("xattr");
    TCase *tcase = unit_case(suite, "xattr");
    tcase_add_checked_fixture(tcase, set_up, scratch_tear_down);
    tcase_add_test(tcase, ext2_has_them);
    tcase_add_test(tcase, an_image_without_them_has_no_such_feature);
    tcase_add_test(tcase, tar_has_them);
    tcase_add_test(tcase, a_name_with_a_sign_of_pax_is_as_gnu_tar_has_it);
    tcase_add_test(tcase, ids_in_them_are_the_containers);
    tcase_add_test(tcase, a_change_is_another_image);
    tcase_add_test(tcase, too_many_for_a_block_are_refused);
    return unit_run(suite);
}
