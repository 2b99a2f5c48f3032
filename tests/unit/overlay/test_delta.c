/* SPDX-License-Identifier: Apache-2.0 */
/* Devices whose writes are kept in a delta file, and limits on what writes may take. */
#include "overlay/overlay.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK    EXTENT_ALIGN
#define N_BLOCKS 64u
#define CAPACITY ((uint64_t)N_BLOCKS * BLOCK)

static int data_fd, extents_fd, delta_fd;
static struct error err;

static int make_file(const void *bytes, size_t size)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    return fd;
}

static void make_delta(void)
{
    struct delta_header header = {.magic = DELTA_MAGIC, .version = DELTA_VERSION, .capacity = CAPACITY};
    delta_fd = make_file(&header, sizeof(header));
    ck_assert_int_eq(ftruncate(delta_fd, (off_t)(delta_data_offset(CAPACITY) + CAPACITY)), 0);
}

static void set_up(void)
{
    static char data[CAPACITY];
    const struct extent extent = {.len = CAPACITY};
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)('a' + i / BLOCK % 26);
    data_fd = make_file(data, sizeof(data));
    extents_fd = make_file(&extent, sizeof(extent));
    make_delta();
}

static void tear_down(void)
{
    close(data_fd);
    close(extents_fd);
    close(delta_fd);
}

static struct overlay_parts parts_of(enum overlay_mode mode, uint64_t limit)
{
    return (struct overlay_parts){.capacity = CAPACITY,
                                  .mode = mode,
                                  .extents_fd = extents_fd,
                                  .n_extents = 1,
                                  .patches_fd = -1,
                                  .data_fds = &data_fd,
                                  .n_data_fds = 1,
                                  .delta_fd = delta_fd,
                                  .write_limit = limit};
}

static struct overlay open_device(enum overlay_mode mode, uint64_t limit)
{
    struct overlay_parts parts = parts_of(mode, limit);
    struct overlay o = {0};
    ck_assert_ok(overlay_open(&parts, &o, &err), err);
    return o;
}

static void check_bytes(const struct overlay *o, uint64_t off, const char *expected)
{
    char buf[64] = "";
    ck_assert_int_eq(overlay_read(o, off, buf, strlen(expected)), OVERLAY_OK);
    ck_assert_str_eq(buf, expected);
}

START_TEST(writes_are_there_the_next_time)
{
    struct overlay o = open_device(OVERLAY_KEPT, 0);
    ck_assert_int_eq(overlay_write(&o, 2 * BLOCK - 3, "XXXYYY", 6), OVERLAY_OK);
    check_bytes(&o, 2 * BLOCK - 5, "bbXXXYYYcc");
    overlay_release(&o);

    o = open_device(OVERLAY_KEPT, 0);
    check_bytes(&o, 2 * BLOCK - 5, "bbXXXYYYcc");
    check_bytes(&o, 4 * BLOCK, "eeee");
    ck_assert_int_eq(overlay_write(&o, 2 * BLOCK - 2, "Z", 1), OVERLAY_OK);
    check_bytes(&o, 2 * BLOCK - 5, "bbXZXYYYcc");
    overlay_release(&o);

    o = open_device(OVERLAY_READ_ONLY, 0);
    check_bytes(&o, 2 * BLOCK - 5, "bbbbbccccc");
    overlay_release(&o);
}
END_TEST

/* The same random writes to the device and to memory; after each few, the device is opened anew. */
START_TEST(it_is_a_disk)
{
    static char mirror[CAPACITY], bytes[CAPACITY];
    struct overlay o = open_device(OVERLAY_KEPT, 0);
    ck_assert_int_eq(overlay_read(&o, 0, mirror, CAPACITY), OVERLAY_OK);
    srand(1);
    for (int i = 0; i < 300; i++) {
        size_t off = (size_t)rand() % (CAPACITY - 1);
        size_t len = (size_t)rand() % (i % 3 == 0 ? 5 * BLOCK : 700);
        len = len > CAPACITY - off ? CAPACITY - off : len;
        for (size_t k = 0; k < len; k++)
            bytes[k] = (char)rand();
        ck_assert_int_eq(overlay_write(&o, off, bytes, len), OVERLAY_OK);
        memcpy(mirror + off, bytes, len);
        if (i % 20 == 0) {
            overlay_release(&o);
            o = open_device(OVERLAY_KEPT, 0);
        }
        ck_assert_int_eq(overlay_read(&o, 0, bytes, CAPACITY), OVERLAY_OK);
        ck_assert_mem_eq(bytes, mirror, CAPACITY);
    }
    overlay_release(&o);
}
END_TEST

START_TEST(a_page_counts_once_its_bit_is_set)
{
    struct overlay o = open_device(OVERLAY_KEPT, 0);
    ck_assert_int_eq(overlay_write(&o, 9 * BLOCK, "new", 3), OVERLAY_OK);
    overlay_release(&o);
    /* As if the machine had stopped between the two. */
    unsigned char byte = 0;
    ck_assert_int_eq(pwrite(delta_fd, &byte, 1, (off_t)delta_bitmap_offset() + 1), 1);
    o = open_device(OVERLAY_KEPT, 0);
    check_bytes(&o, 9 * BLOCK, "jjj");
    overlay_release(&o);
}
END_TEST

static const enum overlay_mode limited[] = {OVERLAY_PRIVATE, OVERLAY_KEPT};

START_TEST(a_write_beyond_the_limit_fails_and_changes_nothing)
{
    struct overlay o = open_device(limited[_i], 3 * BLOCK);
    static char block[2 * BLOCK];
    memset(block, 'N', sizeof(block));
    ck_assert_int_eq(overlay_write(&o, 0, block, 2 * BLOCK), OVERLAY_OK);
    ck_assert_int_eq(overlay_write(&o, 5 * BLOCK + 512, block, 2 * BLOCK), OVERLAY_FULL);
    check_bytes(&o, 5 * BLOCK + 510, "ffff");
    ck_assert_int_eq(overlay_write(&o, BLOCK, "again", 5), OVERLAY_OK);
    ck_assert_int_eq(overlay_write(&o, 5 * BLOCK, "third", 5), OVERLAY_OK);
    ck_assert_int_eq(overlay_write(&o, 5 * BLOCK + 512, block, 512), OVERLAY_OK);
    ck_assert_int_eq(overlay_write(&o, 7 * BLOCK, "x", 1), OVERLAY_FULL);
    check_bytes(&o, 7 * BLOCK, "h");
    overlay_release(&o);
}
END_TEST

START_TEST(what_was_there_before_does_not_count_against_the_limit)
{
    struct overlay o = open_device(OVERLAY_KEPT, 0);
    for (uint64_t i = 0; i < 8; i++)
        ck_assert_int_eq(overlay_write(&o, i * BLOCK, "x", 1), OVERLAY_OK);
    overlay_release(&o);
    o = open_device(OVERLAY_KEPT, BLOCK);
    ck_assert_int_eq(overlay_write(&o, 3 * BLOCK, "y", 1), OVERLAY_OK);
    ck_assert_int_eq(overlay_write(&o, 20 * BLOCK, "y", 1), OVERLAY_OK);
    ck_assert_int_eq(overlay_write(&o, 21 * BLOCK, "y", 1), OVERLAY_FULL);
    overlay_release(&o);
}
END_TEST

/* A file system of four pages stands for a disk that is full. */
START_TEST(a_full_disk_is_a_failed_write)
{
    char dir[] = "/tmp/test_delta.XXXXXX", command[256];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(command, sizeof(command), "mount -t tmpfs -o size=16384 none %s 2>&-", dir);
    if (system(command) != 0) {
        rmdir(dir);
        puts("no file system of its own can be mounted here");
        return;
    }
    snprintf(command, sizeof(command), "cp --sparse=always /proc/%d/fd/%d %s/delta", getpid(), delta_fd, dir);
    ck_assert_int_eq(system(command), 0);
    snprintf(command, sizeof(command), "%s/delta", dir);
    close(delta_fd);
    delta_fd = open(command, O_RDWR | O_CLOEXEC);
    struct overlay o = open_device(OVERLAY_KEPT, 0);
    enum overlay_result result = OVERLAY_OK;
    uint64_t n = 0;
    for (; n < N_BLOCKS && result == OVERLAY_OK; n++)
        result = overlay_write(&o, n * BLOCK, "x", 1);
    ck_assert_int_eq(result, OVERLAY_NO_SPACE);
    ck_assert_uint_ge(n, 2);
    check_bytes(&o, 0, "xaaa");
    const char unchanged[] = {(char)('a' + n - 1), '\0'};
    check_bytes(&o, (n - 1) * BLOCK, unchanged);
    overlay_release(&o);
    snprintf(command, sizeof(command), "umount -l %s && rmdir %s", dir, dir);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(what_is_no_delta_file_is_refused)
{
    struct overlay o = {0};
    struct overlay_parts parts = parts_of(OVERLAY_KEPT, 0);
    struct delta_header header;

    parts.capacity = CAPACITY - 512;
    ck_assert_fails(overlay_open(&parts, &o, &err), err, ERROR_INPUT, "is for a device of 262144 bytes");
    parts.capacity = CAPACITY;
    ck_assert_int_eq(ftruncate(delta_fd, (off_t)CAPACITY), 0);
    ck_assert_fails(overlay_open(&parts, &o, &err), err, ERROR_INPUT, "has 262144 bytes instead of 270336");
    ck_assert_int_eq(pread(delta_fd, &header, sizeof(header), 0), sizeof(header));
    header.version++;
    ck_assert_int_eq(pwrite(delta_fd, &header, sizeof(header), 0), sizeof(header));
    ck_assert_fails(overlay_open(&parts, &o, &err), err, ERROR_INPUT, "is none, or of another version");
    ck_assert_int_eq(ftruncate(delta_fd, 10), 0);
    ck_assert_fails(overlay_open(&parts, &o, &err), err, ERROR_INPUT, "read the delta file: ends after");
    parts.patches_fd = extents_fd;
    ck_assert_fails(overlay_open(&parts, &o, &err), err, ERROR_INPUT, "patches on a device whose writes");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("delta");
    TCase *tcase = unit_case(suite, "delta");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, writes_are_there_the_next_time);
    tcase_add_test(tcase, it_is_a_disk);
    tcase_add_test(tcase, a_page_counts_once_its_bit_is_set);
    tcase_add_loop_test(tcase, a_write_beyond_the_limit_fails_and_changes_nothing, 0, 2);
    tcase_add_test(tcase, what_was_there_before_does_not_count_against_the_limit);
    tcase_add_test(tcase, a_full_disk_is_a_failed_write);
    tcase_add_test(tcase, what_is_no_delta_file_is_refused);
    return unit_run(suite);
}
