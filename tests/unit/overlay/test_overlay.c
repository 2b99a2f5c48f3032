/* SPDX-License-Identifier: Apache-2.0 */
/* The promises of overlay.h, one test each, on a device of four blocks: data, hole, data of another file,
 * data. */
#include "overlay/overlay.h"
#include "unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK EXTENT_ALIGN

static int data[2];
static int extents_fd;
static int patches_fd;
static struct error err;

static const struct extent usual[] = {
    {.off = 0, .len = BLOCK, .file_off = BLOCK, .file = 0},
    {.off = 2 * BLOCK, .len = BLOCK, .file_off = 0, .file = 1},
    {.off = 3 * BLOCK, .len = BLOCK, .file_off = 0, .file = 0},
};

static int make_file(const char *name, const void *bytes, size_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    return fd;
}

static void set_up(void)
{
    char a[2 * BLOCK], b[BLOCK];
    memset(a, 'a', BLOCK);
    memset(a + BLOCK, 'A', BLOCK);
    memset(b, 'b', sizeof(b));
    data[0] = make_file("a", a, sizeof(a));
    data[1] = make_file("b", b, sizeof(b));
    extents_fd = make_file("extents", usual, sizeof(usual));
    patches_fd = -1;
}

static void tear_down(void)
{
    close(data[0]);
    close(data[1]);
    close(extents_fd);
    if (patches_fd >= 0)
        close(patches_fd);
}

static struct overlay_parts parts_of(enum overlay_mode mode)
{
    return (struct overlay_parts){.capacity = 4 * BLOCK,
                                  .mode = mode,
                                  .extents_fd = extents_fd,
                                  .n_extents = 3,
                                  .patches_fd = patches_fd,
                                  .data_fds = data,
                                  .n_data_fds = 2};
}

static struct overlay open_device(enum overlay_mode mode)
{
    struct overlay_parts parts = parts_of(mode);
    struct overlay o = {0};
    ck_assert_ok(overlay_open(&parts, &o, &err), err);
    return o;
}

static char byte_at(const struct overlay *o, uint64_t off)
{
    char c = '?';
    ck_assert_int_eq(overlay_read(o, off, &c, 1), OVERLAY_OK);
    return c;
}

static char file_byte_at(int fd, off_t off)
{
    char c = '?';
    ck_assert_int_eq(pread(fd, &c, 1, off), 1);
    return c;
}

START_TEST(extents_and_holes_make_the_device)
{
    struct overlay o = open_device(OVERLAY_PRIVATE);
    ck_assert_int_eq(byte_at(&o, 0), 'A');
    ck_assert_int_eq(byte_at(&o, BLOCK), '\0');
    ck_assert_int_eq(byte_at(&o, 2 * BLOCK), 'b');
    ck_assert_int_eq(byte_at(&o, 4 * BLOCK - 1), 'a');
    overlay_release(&o);
}
END_TEST

START_TEST(a_read_may_cross_extents)
{
    struct overlay o = open_device(OVERLAY_READ_ONLY);
    char buf[4];
    ck_assert_int_eq(overlay_read(&o, 3 * BLOCK - 2, buf, 4), OVERLAY_OK);
    ck_assert_mem_eq(buf, "bbaa", 4);
    overlay_release(&o);
}
END_TEST

START_TEST(a_private_write_leaves_the_files_unchanged)
{
    struct overlay o = open_device(OVERLAY_PRIVATE);
    struct overlay other = open_device(OVERLAY_PRIVATE);
    ck_assert_int_eq(overlay_write(&o, 2 * BLOCK, "x", 1), OVERLAY_OK);
    ck_assert_int_eq(overlay_write(&o, BLOCK, "y", 1), OVERLAY_OK);
    ck_assert_int_eq(byte_at(&o, 2 * BLOCK), 'x');
    ck_assert_int_eq(byte_at(&o, BLOCK), 'y');
    ck_assert_int_eq(byte_at(&other, 2 * BLOCK), 'b');
    ck_assert_int_eq(file_byte_at(data[1], 0), 'b');
    overlay_release(&o);
    overlay_release(&other);
}
END_TEST

START_TEST(a_write_may_come_from_the_device_itself)
{
    struct overlay o = open_device(OVERLAY_PRIVATE);
    ck_assert_int_eq(overlay_write(&o, 2 * BLOCK, o.bytes + 3 * BLOCK - 2, BLOCK), OVERLAY_OK);
    ck_assert_int_eq(byte_at(&o, 2 * BLOCK + 1), 'b');
    ck_assert_int_eq(byte_at(&o, 2 * BLOCK + 2), 'a');
    ck_assert_int_eq(byte_at(&o, 3 * BLOCK - 1), 'a');
    overlay_release(&o);
}
END_TEST

START_TEST(a_large_device_begins_at_a_large_page)
{
    const struct overlay_parts parts = {.capacity = (3u << 20) + BLOCK,
                                        .mode = OVERLAY_PRIVATE,
                                        .extents_fd = extents_fd,
                                        .n_extents = 3,
                                        .patches_fd = -1,
                                        .data_fds = data,
                                        .n_data_fds = 2};
    struct overlay o = {0};
    ck_assert_ok(overlay_open(&parts, &o, &err), err);
    ck_assert_uint_eq((uintptr_t)o.bytes % (2u << 20), 0);
    ck_assert_int_eq(byte_at(&o, 2 * BLOCK), 'b');
    ck_assert_int_eq(byte_at(&o, parts.capacity - 1), '\0');
    overlay_release(&o);
}
END_TEST

START_TEST(a_read_only_device_refuses_writes)
{
    struct overlay o = open_device(OVERLAY_READ_ONLY);
    ck_assert_int_eq(overlay_write(&o, 0, "x", 1), OVERLAY_READ_ONLY_DEVICE);
    ck_assert_int_eq(byte_at(&o, 0), 'A');
    overlay_release(&o);
}
END_TEST

START_TEST(a_write_through_reaches_the_files)
{
    struct overlay o = open_device(OVERLAY_WRITE_THROUGH);
    ck_assert_int_eq(overlay_write(&o, 3 * BLOCK - 1, "xy", 2), OVERLAY_OK);
    ck_assert_int_eq(file_byte_at(data[1], BLOCK - 1), 'x');
    ck_assert_int_eq(file_byte_at(data[0], 0), 'y');
    ck_assert_int_eq(byte_at(&o, 3 * BLOCK), 'y');
    ck_assert_int_eq(overlay_write(&o, BLOCK, "z", 1), OVERLAY_RANGE);
    overlay_release(&o);
}
END_TEST

static const uint64_t outside[][2] = {{4 * BLOCK, 1},  {4 * BLOCK - 1, 2},  {0, 4 * BLOCK + 1},
                                      {UINT64_MAX, 1}, {UINT64_MAX - 1, 8}, {1, UINT64_MAX}};

START_TEST(nothing_outside_the_device_is_touched)
{
    struct overlay o = open_device(OVERLAY_PRIVATE);
    char buf[8] = "same";
    ck_assert_int_eq(overlay_read(&o, outside[_i][0], buf, outside[_i][1]), OVERLAY_RANGE);
    ck_assert_int_eq(overlay_write(&o, outside[_i][0], buf, outside[_i][1]), OVERLAY_RANGE);
    ck_assert_str_eq(buf, "same");
    ck_assert_int_eq(overlay_read(&o, 4 * BLOCK, buf, 0), OVERLAY_OK);
    overlay_release(&o);
}
END_TEST

static void add_patch(int fd, uint64_t off, const char *text, uint64_t len)
{
    struct extent_patch patch = {.off = off, .len = len};
    char padded[64] = {0};
    strcpy(padded, text);
    ck_assert_int_eq(write(fd, &patch, sizeof(patch)), sizeof(patch));
    ssize_t room = (ssize_t)((strlen(text) + 7) & ~7ul);
    ck_assert_int_eq(write(fd, padded, (size_t)room), room);
}

START_TEST(patches_stand_over_the_extents)
{
    patches_fd = memfd_create("patches", MFD_CLOEXEC);
    add_patch(patches_fd, 1, "one", 3);
    add_patch(patches_fd, 2 * BLOCK - 1, "two", 3);
    static const enum overlay_mode modes[] = {OVERLAY_PRIVATE, OVERLAY_READ_ONLY};
    struct overlay o = open_device(modes[_i]);
    ck_assert_mem_eq(o.bytes, "AoneA", 5);
    ck_assert_int_eq(byte_at(&o, 2 * BLOCK), 'w');
    ck_assert_int_eq(file_byte_at(data[1], 0), 'b');
    overlay_release(&o);
}
END_TEST

START_TEST(a_patch_outside_the_device_is_refused)
{
    struct overlay o = {0};
    patches_fd = memfd_create("patches", MFD_CLOEXEC);
    add_patch(patches_fd, 4 * BLOCK - 1, "two", 2);
    struct overlay_parts parts = parts_of(OVERLAY_PRIVATE);
    ck_assert_fails(overlay_open(&parts, &o, &err), err, ERROR_INPUT, "reaches beyond the device");
}
END_TEST

START_TEST(a_cut_patch_is_refused)
{
    struct overlay o = {0};
    patches_fd = memfd_create("patches", MFD_CLOEXEC);
    add_patch(patches_fd, 0, "two", 100);
    struct overlay_parts parts = parts_of(OVERLAY_PRIVATE);
    ck_assert_fails(overlay_open(&parts, &o, &err), err, ERROR_INPUT, "empty or cut off");
}
END_TEST

static const struct {
    struct extent extents[2];
    const char *message;
} broken[] = {
    {{{.off = 0, .len = 0}}, "extent 0 is empty"},
    {{{.off = 1, .len = BLOCK}}, "not aligned"},
    {{{.off = 0, .len = BLOCK, .flags = 1}}, "unknown flags"},
    {{{.off = 0, .len = 2 * BLOCK}, {.off = BLOCK, .len = BLOCK}}, "extent 1 overlaps"},
    {{{.off = 3 * BLOCK, .len = 2 * BLOCK}}, "beyond the device's"},
    {{{.off = 0, .len = UINT64_MAX & ~4095ull}}, "beyond the device's"},
    {{{.off = 0, .len = BLOCK, .file = 2}}, "in data file 2 of 2"},
    {{{.off = 0, .len = BLOCK, .file_off = 2 * BLOCK}}, "beyond the 8192 bytes of data file 0"},
};

START_TEST(broken_extents_are_refused)
{
    struct overlay o = {0};
    int fd = make_file("broken", broken[_i].extents, sizeof(broken[_i].extents));
    struct overlay_parts parts = parts_of(OVERLAY_PRIVATE);
    parts.extents_fd = fd;
    parts.n_extents = broken[_i].extents[1].len != 0 ? 2 : 1;
    ck_assert_fails(overlay_open(&parts, &o, &err), err, ERROR_INPUT, broken[_i].message);
    close(fd);
}
END_TEST

START_TEST(a_short_extents_file_is_refused)
{
    struct overlay o = {0};
    struct overlay_parts parts = parts_of(OVERLAY_PRIVATE);
    parts.n_extents = 4;
    ck_assert_fails(overlay_open(&parts, &o, &err), err, ERROR_INPUT, "ends after 96 of 128 bytes");
}
END_TEST

START_TEST(a_file_that_shrinks_is_a_failed_read)
{
    struct overlay o = open_device(OVERLAY_PRIVATE);
    char c;
    ck_assert_ok(overlay_catch_faults(&err), err);
    ck_assert_int_eq(ftruncate(data[1], 0), 0);
    ck_assert_int_eq(overlay_read(&o, 2 * BLOCK, &c, 1), OVERLAY_IO);
    ck_assert_int_eq(overlay_read(&o, 2 * BLOCK, &c, 1), OVERLAY_IO);
    ck_assert_int_eq(byte_at(&o, 0), 'A');
    overlay_release(&o);
}
END_TEST

/* A device whose second file has nothing yet, and the pipe of who fills it. */
static struct overlay open_unfilled(enum overlay_mode mode, int *out_pipe)
{
    struct overlay_parts parts = parts_of(mode);
    struct overlay o = {0};
    int ends[2];
    ck_assert_ok(overlay_catch_faults(&err), err);
    ck_assert_int_eq(ftruncate(data[1], 0), 0);
    ck_assert_int_eq(pipe(ends), 0);
    parts.is_filling = true;
    parts.filling_fd = ends[0];
    ck_assert_ok(overlay_open(&parts, &o, &err), err);
    close(ends[0]);
    *out_pipe = ends[1];
    return o;
}

START_TEST(what_is_not_there_yet_can_be_waited_for)
{
    static const enum overlay_mode modes[] = {OVERLAY_PRIVATE, OVERLAY_READ_ONLY};
    char block[BLOCK], c;
    memset(block, 'n', sizeof(block));
    for (size_t i = 0; i < 2; i++) {
        int pipe_fd;
        struct overlay o = open_unfilled(modes[i], &pipe_fd);
        ck_assert_int_eq(byte_at(&o, 0), 'A');
        ck_assert_int_eq(overlay_read(&o, 2 * BLOCK, &c, 1), OVERLAY_IO);
        ck_assert(overlay_wait(&o));
        ck_assert_int_eq(overlay_read(&o, 2 * BLOCK, &c, 1), OVERLAY_IO);
        ck_assert_int_eq(pwrite(data[1], block, BLOCK, 0), BLOCK);
        ck_assert(overlay_wait(&o));
        ck_assert_int_eq(byte_at(&o, 2 * BLOCK), 'n');
        close(pipe_fd);
        overlay_release(&o);
    }
}
END_TEST

START_TEST(a_write_waits_as_a_read_does)
{
    char block[BLOCK];
    int pipe_fd;
    struct overlay o = open_unfilled(OVERLAY_PRIVATE, &pipe_fd);
    memset(block, 'n', sizeof(block));
    ck_assert_int_eq(overlay_write(&o, 2 * BLOCK, "w", 1), OVERLAY_IO);
    ck_assert_int_eq(pwrite(data[1], block, BLOCK, 0), BLOCK);
    ck_assert_int_eq(overlay_write(&o, 2 * BLOCK, "w", 1), OVERLAY_OK);
    ck_assert_int_eq(byte_at(&o, 2 * BLOCK), 'w');
    ck_assert_int_eq(byte_at(&o, 2 * BLOCK + 1), 'n');
    close(pipe_fd);
    overlay_release(&o);
}
END_TEST

START_TEST(nobody_waits_for_who_has_gone)
{
    int pipe_fd;
    char c;
    struct overlay o = open_unfilled(OVERLAY_PRIVATE, &pipe_fd);
    close(pipe_fd);
    /* Once more, as the last of it may just have come. */
    ck_assert(overlay_wait(&o));
    ck_assert_int_eq(overlay_read(&o, 2 * BLOCK, &c, 1), OVERLAY_IO);
    ck_assert(!overlay_wait(&o));
    overlay_release(&o);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("overlay");
    TCase *t = unit_case(suite, "overlay");
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, extents_and_holes_make_the_device);
    tcase_add_test(t, a_read_may_cross_extents);
    tcase_add_test(t, a_private_write_leaves_the_files_unchanged);
    tcase_add_test(t, a_read_only_device_refuses_writes);
    tcase_add_test(t, a_write_may_come_from_the_device_itself);
    tcase_add_test(t, a_large_device_begins_at_a_large_page);
    tcase_add_test(t, a_write_through_reaches_the_files);
    tcase_add_test(t, what_is_not_there_yet_can_be_waited_for);
    tcase_add_test(t, a_write_waits_as_a_read_does);
    tcase_add_test(t, nobody_waits_for_who_has_gone);
    tcase_add_loop_test(t, nothing_outside_the_device_is_touched, 0, sizeof(outside) / sizeof(outside[0]));
    tcase_add_loop_test(t, patches_stand_over_the_extents, 0, 2);
    tcase_add_test(t, a_patch_outside_the_device_is_refused);
    tcase_add_test(t, a_cut_patch_is_refused);
    tcase_add_loop_test(t, broken_extents_are_refused, 0, sizeof(broken) / sizeof(broken[0]));
    tcase_add_test(t, a_short_extents_file_is_refused);
    tcase_add_test(t, a_file_that_shrinks_is_a_failed_read);
    return unit_run(suite);
}
