/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of guest_mem.h: whole ranges or nothing, no address below the guest's, no writing to what is
 * sealed. */
#include "guest_mem.h"

#include "abi/boot.h"
#include "unit.h"

#include <string.h>

#define SIZE GUEST_MEM_MIN

#define WINDOW 0x200000000u

static const struct guest_seal seals[] = {{0x101000, 0x102000}, {0x104000, 0x106000}};
static unsigned char contents[0x2000];
static const struct guest_window windows[] = {{.start = WINDOW, .end = WINDOW + 0x2000, .bytes = contents}};

static void make_memory(struct guest_mem *mem)
{
    struct error err = {0};
    ck_assert_ok(guest_mem_init(mem, SIZE, 3 * 4096, &err), err);
    guest_mem_lend(mem, SIZE + 0x1000, SIZE + 0x2000);
    mem->readable_low = (struct guest_seal){0x10000, 0x12000};
    guest_mem_seal(mem, seals, 2);
    guest_mem_set_windows(mem, windows, 1);
}

static const struct {
    const char *what;
    uint64_t addr;
    uint64_t len;
    bool is_readable;
    bool is_writable;
} accesses[] = {
    {"the first byte", GUEST_MIN_BASE, 1, true, true},
    {"the byte before the first", GUEST_MIN_BASE - 1, 1, false, false},
    {"across the first", GUEST_MIN_BASE - 1, 2, false, false},
    {"the last byte", SIZE - 1, 1, true, true},
    {"one byte too far", SIZE - 1, 2, false, false},
    {"nothing at the end", SIZE, 0, true, true},
    {"nothing behind the end", SIZE + 1, 0, false, false},
    {"the annex", SIZE, 1, false, false},
    {"what is lent of the annex", SIZE + 0x1000, 0x1000, true, true},
    {"before what is lent", SIZE + 0xfff, 2, false, false},
    {"behind what is lent", SIZE + 0x1fff, 2, false, false},
    {"all of it", GUEST_MIN_BASE, SIZE - GUEST_MIN_BASE, true, false},
    {"a length that wraps", GUEST_MIN_BASE, UINT64_MAX, false, false},
    {"an address that wraps", UINT64_MAX, 2, false, false},
    {"a null pointer", 0, 1, false, false},
    {"the monitor's tables", 0x1000, 8, false, false},
    {"the boot information", 0x10000, 0x2000, true, false},
    {"beyond the boot information", 0x11fff, 2, false, false},
    {"up to a seal", 0x100ff0, 0x10, true, true},
    {"into a seal", 0x100ff0, 0x11, true, false},
    {"a seal", 0x101000, 0x1000, true, false},
    {"out of a seal", 0x101fff, 2, true, false},
    {"between seals", 0x102000, 0x2000, true, true},
    {"over two seals", 0x100000, 0x8000, true, false},
    {"nothing in a seal", 0x101800, 0, true, true},
    {"behind the seals", 0x106000, 1, true, true},
    {"a window's first byte", WINDOW, 1, true, false},
    {"a window's last byte", WINDOW + 0x1fff, 1, true, false},
    {"all of a window", WINDOW, 0x2000, true, false},
    {"before a window", WINDOW - 1, 2, false, false},
    {"beyond a window", WINDOW + 0x1fff, 2, false, false},
    {"behind a window", WINDOW + 0x2000, 0, false, false},
    {"a length that wraps, in a window", WINDOW + 1, UINT64_MAX, false, false},
};

START_TEST(an_access_is_granted_whole_or_not_at_all)
{
    struct guest_mem mem;
    char byte = 0;
    struct gpa gpa = {accesses[_i].addr};
    uint64_t len = accesses[_i].len;

    make_memory(&mem);
    ck_assert_msg((guest_mem_borrow(&mem, gpa, len) != NULL) == accesses[_i].is_readable, "%s",
                  accesses[_i].what);
    ck_assert_msg((guest_mem_borrow_writable(&mem, gpa, len) != NULL) == accesses[_i].is_writable, "%s",
                  accesses[_i].what);
    if (len == 1) {
        ck_assert(guest_mem_copy_in(&mem, gpa, &byte, 1) == (accesses[_i].is_readable && gpa.value < WINDOW));
        ck_assert(guest_mem_copy_out(&mem, gpa, &byte, 1) == accesses[_i].is_writable);
    }
    guest_mem_release(&mem);
}
END_TEST

START_TEST(a_copy_moves_the_bytes)
{
    struct guest_mem mem;
    char text[6] = "abcde", back[6];

    make_memory(&mem);
    ck_assert(guest_mem_copy_out(&mem, (struct gpa){SIZE - 6}, text, 6));
    ck_assert(guest_mem_copy_in(&mem, (struct gpa){SIZE - 6}, back, 6));
    ck_assert_str_eq(back, text);
    ck_assert_str_eq(guest_mem_at(&mem, SIZE - 6, 6), text);
    guest_mem_release(&mem);
}
END_TEST

START_TEST(a_window_shows_its_bytes)
{
    struct guest_mem mem;

    make_memory(&mem);
    ck_assert_ptr_eq(guest_mem_borrow(&mem, (struct gpa){WINDOW + 5}, 8), contents + 5);
    ck_assert_ptr_eq(guest_mem_find_window(&mem, WINDOW + 5), &windows[0]);
    ck_assert_ptr_null(guest_mem_find_window(&mem, WINDOW + 0x2000));
    guest_mem_release(&mem);
}
END_TEST

START_TEST(sizes_that_no_guest_can_have_are_refused)
{
    struct guest_mem mem = {0};
    struct error err = {0};
    static const uint64_t sizes[] = {0, 4096, GUEST_MEM_MIN + 1, GUEST_MEM_MAX + 4096, UINT64_MAX};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        ck_assert_fails(guest_mem_init(&mem, sizes[i], 0, &err), err, ERROR_INPUT, "bytes of guest memory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guest_mem");
    TCase *t = unit_case(suite, "guest_mem");
    tcase_add_loop_test(t, an_access_is_granted_whole_or_not_at_all, 0,
                        (int)(sizeof(accesses) / sizeof(accesses[0])));
    tcase_add_test(t, a_copy_moves_the_bytes);
    tcase_add_test(t, a_window_shows_its_bytes);
    tcase_add_test(t, sizes_that_no_guest_can_have_are_refused);
    return unit_run(suite);
}
