/* SPDX-License-Identifier: Apache-2.0 */
/* Images of files that no test can afford to have: planned and generated from made-up tables of layers. Their
 * contents are holes; e2fsck and debugfs look at the rest. */
#include "ext2_emit.h"
#include "scratch.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A layer with one file of a size, which has all its blocks. */
static struct layer make_layer(struct layer_entry entries[2], uint64_t size)
{
    static char name[] = "file";
    entries[0] = (struct layer_entry){.mode = S_IFDIR | 0755, .first = 1, .n = 1};
    entries[1] = (struct layer_entry){.mode = S_IFREG | 0644, .size = size, .name_size = 4, .link = 1};
    return (struct layer){.entries = entries,
                          .n_entries = 2,
                          .strings = name,
                          .strings_size = 4,
                          .n_blocks = (size + LAYER_BLOCK_SIZE - 1) / LAYER_BLOCK_SIZE};
}

static void write_image(const struct ext2_plan *plan, const struct ext2_meta *meta)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/image", scratch_dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ck_assert_int_eq(ftruncate(fd, (off_t)(plan->n_blocks * EXT2_BLOCK_SIZE)), 0);
    for (uint32_t i = 0; i < meta->n_blocks; i++)
        ck_assert_int_eq(pwrite(fd, meta->bytes + (size_t)meta->blocks[i].at * EXT2_BLOCK_SIZE,
                                EXT2_BLOCK_SIZE, (off_t)meta->blocks[i].number * EXT2_BLOCK_SIZE),
                         EXT2_BLOCK_SIZE);
    close(fd);
}

START_TEST(a_file_of_many_gigabytes_has_all_its_blocks)
{
    struct error err = {0};
    struct layer_entry entries[2];
    struct tree tree = TREE_NONE;
    struct ext2_plan plan = EXT2_PLAN_NONE;
    struct ext2_meta meta = EXT2_META_NONE;
    const struct layer layer = make_layer(entries, (20ull << 30) + 1); /* more than 128 groups */
    ck_assert_ok(tree_merge(&layer, 1, &tree, &err), err);
    ck_assert_ok(ext2_plan_init(&plan, &tree, &err), err);
    ck_assert_ok(ext2_emit(&plan, &meta, &err), err);
    write_image(&plan, &meta);
    scratch_run("e2fsck -fn image > fsck.log 2>&1 || { cat fsck.log; exit 1; }");
    scratch_run("debugfs -R 'stat file' image 2> /dev/null | grep -q 'Size: 21474836481'");
    /* Its blocks, and what leads to them, come to one in a thousand more. */
    scratch_run("debugfs -R 'stat file' image 2> /dev/null | grep -q '(TIND)'");
    scratch_run("debugfs -R 'bmap file 5242880' image 2> /dev/null | grep -Eq '^[1-9][0-9]*$'");
    ext2_meta_release(&meta);
    ext2_plan_release(&plan);
    tree_release(&tree);
}
END_TEST

START_TEST(a_file_too_large_for_ext2_is_refused)
{
    struct error err = {0};
    struct layer_entry entries[2];
    struct tree tree = TREE_NONE;
    struct ext2_plan plan = EXT2_PLAN_NONE;
    const struct layer layer = make_layer(entries, 5ull << 40);
    ck_assert_ok(tree_merge(&layer, 1, &tree, &err), err);
    ck_assert_fails(ext2_plan_init(&plan, &tree, &err), err, ERROR_REFUSED, "'file' is too large for ext2");
    tree_release(&tree);
}
END_TEST

int main(void)
{
    if (system("PATH=$PATH:/usr/sbin:/sbin; command -v e2fsck debugfs > /dev/null") != 0) {
        puts("e2fsprogs is not installed");
        return 77;
    }
    Suite *suite = suite_create("ext2_large");
    TCase *tcase = unit_case(suite, "ext2_large");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, scratch_set_up, scratch_tear_down);
    tcase_add_test(tcase, a_file_of_many_gigabytes_has_all_its_blocks);
    tcase_add_test(tcase, a_file_too_large_for_ext2_is_refused);
    return unit_run(suite);
}
