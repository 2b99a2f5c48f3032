/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest sees through a window (window.h): always what a block read returns, across extents, holes,
 * patches and its own writes. The guest compares the two, page by page (window_compare.c), and prints the
 * first byte of each.
 *
 * usage: test_window GUEST
 */
#include "attach.h"
#include "boot_info.h"
#include "kvm.h"
#include "run.h"
#include "unit.h"
#include "vm.h"
#include "window.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE        EXTENT_ALIGN
#define N_PAGES     6u
#define DATA_PAGES  4u
#define LATE_PAGES  2u
#define LARGE_BYTES (2u << 20)
#define DISK        1u

static const char *guest_path;
static struct guest guest;
static struct vm vm;
static struct unikernel unikernel;
static struct image image;
static struct status status;
static int kvm_fd, console[2];

/* Pages of 'a', 'b', 'c', 'd'. */
static int make_data(void)
{
    char page[PAGE];
    int fd = memfd_create("data", MFD_CLOEXEC);
    for (unsigned i = 0; i < DATA_PAGES; i++) {
        memset(page, 'a' + (int)i, sizeof(page));
        ck_assert_int_eq(write(fd, page, sizeof(page)), (ssize_t)sizeof(page));
    }
    return fd;
}

static int make_file(const void *bytes, size_t size)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    return fd;
}

/* Grows a file again to what it was, page by page, in another process. Returns the end of a pipe that tells
 * when that is done, or given up after n pages. */
static int fill_slowly(int fd, unsigned from, unsigned n)
{
    static char pages[DATA_PAGES][PAGE];
    int ends[2];
    ck_assert_int_eq(pread(fd, pages, sizeof(pages), 0), sizeof(pages));
    ck_assert_int_eq(ftruncate(fd, (off_t)from * PAGE), 0);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    if (fork() == 0) {
        for (unsigned i = from; i < from + n; i++) {
            usleep(30000);
            if (pwrite(fd, pages[i], PAGE, (off_t)i * PAGE) != PAGE)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

/* Two extents, one of two pages, with a hole behind each; the last page is patched. Of the first one n_late
 * pages come late, and the rest of LATE_PAGES never; -1: all is there. */
static void attach_disk(enum overlay_mode mode, int n_late)
{
    static const struct extent extents[] = {{.off = 0, .len = 2 * PAGE, .file_off = 2 * PAGE},
                                            {.off = 3 * PAGE, .len = PAGE, .file_off = 0},
                                            {.off = 5 * PAGE, .len = PAGE, .file_off = PAGE}};
    static const struct {
        struct extent_patch head;
        char bytes[8];
    } patch = {{.off = 5 * PAGE, .len = 8}, "patched"};
    struct error err = {0};
    struct overlay overlay;
    int data_fd = make_data(), extents_fd = make_file(extents, sizeof(extents));
    int patches_fd = mode == OVERLAY_WRITE_THROUGH ? -1 : make_file(&patch, sizeof(patch));
    struct overlay_parts parts = {.capacity = N_PAGES * PAGE,
                                  .mode = mode,
                                  .extents_fd = extents_fd,
                                  .n_extents = 3,
                                  .patches_fd = patches_fd,
                                  .data_fds = &data_fd,
                                  .n_data_fds = 1,
                                  .is_filling = n_late >= 0};

    if (parts.is_filling)
        parts.filling_fd = fill_slowly(data_fd, DATA_PAGES - LATE_PAGES, (unsigned)n_late);
    ck_assert_ok(overlay_open(&parts, &overlay, &err), err);
    ck_assert_ok(attach_block(&guest, &guest.manifest.entries[DISK], &overlay, PAGE, &err), err);
    close(data_fd);
    close(extents_fd);
    close(patches_fd);
    if (parts.is_filling)
        close(parts.filling_fd);
}

static void given_a_guest_that_waits(enum overlay_mode mode, int n_late)
{
    const struct boot_parameters parameters = {.cmdline = ""};
    struct error err = {0};
    int fd = open(guest_path, O_RDONLY | O_CLOEXEC);

    ck_assert_ok(image_map(fd, &image, &err), err);
    close(fd);
    ck_assert_ok(unikernel_parse(image.bytes, image.size, &unikernel, &err), err);
    guest = (struct guest){.status = &status, .manifest = unikernel.manifest};
    ck_assert_int_eq(pipe2(console, O_CLOEXEC), 0);
    console_init(&guest.console, console[1]);
    attach_disk(mode, n_late);

    ck_assert_ok(kvm_open(&kvm_fd, &err), err);
    ck_assert_ok(vm_open(kvm_fd, 16 << 20, &vm, &err), err);
    ck_assert_ok(vm_load(&vm, &guest, &unikernel, &image, 16 << 20, &err), err);
    ck_assert_ok(window_open(&guest.mem, vm.fd, &err), err);
    ck_assert_ok(vm_boot(&vm, &guest, &parameters, &err), err);
}

static void given_a_guest(enum overlay_mode mode)
{
    given_a_guest_that_waits(mode, -1);
}

static void run_to_the_end(struct run_end *out)
{
    static const struct run_options options = {
        .names = {.label = "guest", .elf = &unikernel.elf, .symbols = &unikernel.symbols},
        .breach_status = 1};
    *out = (struct run_end){0};
    run_guest(&vm, &guest, &options, out);
    close(console[1]);
}

static void drop_guest(void)
{
    close(console[0]);
    vm_release(&vm);
    guest_release(&guest);
    image_release(&image);
    close(kvm_fd);
}

static void expect_output(const char *expected)
{
    struct run_end end;
    char text[256] = "";

    run_to_the_end(&end);
    ck_assert_int_eq(end.exit_status, 0);
    for (size_t size = 0; read(console[0], text + size, 1) == 1 && size < sizeof(text) - 2; size++)
        if (text[size] == '\0')
            text[size] = '0';
    ck_assert_str_eq(text, expected);
    drop_guest();
}

START_TEST(private_writes_are_seen_in_the_window)
{
    given_a_guest(OVERLAY_PRIVATE);
    expect_output("cd0a0p\ncw0w0w\n");
}
END_TEST

START_TEST(writes_to_a_volume_are_seen_in_the_window)
{
    /* Pages 1, 3 and 5 are in extents: a volume has no place for a write to a hole. */
    given_a_guest(OVERLAY_WRITE_THROUGH);
    expect_output("cd0a0b\ncw0w0w\n");
}
END_TEST

START_TEST(a_read_only_device_is_constant)
{
    given_a_guest(OVERLAY_READ_ONLY);
    expect_output("cd0a0p\ncd0a0p\nc");
}
END_TEST

START_TEST(a_window_waits_for_what_is_being_filled)
{
    struct error err = {0};
    ck_assert_ok(overlay_catch_faults(&err), err);
    given_a_guest_that_waits(OVERLAY_PRIVATE, LATE_PAGES);
    ck_assert(guest.devices[DISK].u.block.overlay.is_filling);
    expect_output("cd0a0p\ncw0w0w\n");
    ck_assert_int_gt(wait(NULL), 0);
}
END_TEST

START_TEST(what_is_never_filled_ends_the_guest)
{
    struct error err = {0};
    struct run_end end;
    ck_assert_ok(overlay_catch_faults(&err), err);
    given_a_guest_that_waits(OVERLAY_PRIVATE, LATE_PAGES - 1);
    run_to_the_end(&end);
    ck_assert_int_eq(end.exit_status, 1);
    ck_assert(!guest.devices[DISK].u.block.overlay.is_filling);
    ck_assert_ptr_nonnull(strstr(guest.breach, "a file behind its memory fails or was cut short"));
    drop_guest();
    ck_assert_int_gt(wait(NULL), 0);
}
END_TEST

static void add_device(uint32_t handle, uint64_t capacity)
{
    guest.devices[handle].type = MANIFEST_BLOCK;
    guest.devices[handle].u.block.overlay.capacity = capacity;
}

START_TEST(windows_lie_apart_and_show_whole_pages)
{
    guest = (struct guest){0};
    add_device(1, PAGE + 512);
    add_device(3, 512);
    guest.devices[4].type = MANIFEST_NET;
    add_device(7, LARGE_BYTES);
    add_device(9, WINDOW_BYTES_MAX);
    add_device(11, PAGE);
    guest.devices[5].u.block.overlay.mode =
        OVERLAY_KEPT; /* what a delta file has is no part of the mapping */
    add_device(5, PAGE);
    ck_assert_uint_eq(window_plan(&guest), 3);
    ck_assert_uint_eq(guest.windows[0].handle, 1);
    ck_assert_uint_eq(guest.windows[0].start, WINDOW_BASE);
    ck_assert_uint_eq(guest.windows[0].end, WINDOW_BASE + PAGE);
    ck_assert_uint_eq(guest.windows[1].handle, 7);
    ck_assert_uint_eq(guest.windows[1].start % LARGE_BYTES, 0);
    ck_assert_uint_gt(guest.windows[1].start, guest.windows[0].end);
    ck_assert_uint_eq(guest.windows[2].handle, 9);
    ck_assert_uint_gt(guest.windows[2].start, guest.windows[1].end);
    ck_assert_uint_eq(guest.windows[2].end - guest.windows[2].start, WINDOW_BYTES_MAX - PAGE - LARGE_BYTES);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_window GUEST\n");
        return EXIT_FAILURE;
    }
    if (access("/dev/kvm", R_OK | W_OK) < 0) {
        printf("skipped: /dev/kvm is not there or not ours to use\n");
        return 77;
    }
    guest_path = argv[1];
    Suite *suite = suite_create("window");
    TCase *t = unit_case(suite, "window");
    tcase_add_test(t, private_writes_are_seen_in_the_window);
    tcase_add_test(t, writes_to_a_volume_are_seen_in_the_window);
    tcase_add_test(t, a_read_only_device_is_constant);
    tcase_add_test(t, a_window_waits_for_what_is_being_filled);
    tcase_add_test(t, what_is_never_filled_ends_the_guest);
    tcase_add_test(t, windows_lie_apart_and_show_whole_pages);
    return unit_run(suite);
}
