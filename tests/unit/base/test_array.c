/* SPDX-License-Identifier: Apache-2.0 */
#include "base/array.h"
#include "unit.h"

#include <stdint.h>
#include <stdlib.h>

/* Without it, AddressSanitizer ends a process that asks for more memory than there is. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

START_TEST(items_stay_while_an_array_grows)
{
    struct error err = {0};
    uint16_t *items = NULL;
    size_t room = 0;
    for (uint16_t i = 0; i < 1000; i++) {
        ck_assert_ok(array_grow(&items, &room, i + 1u, sizeof(*items), "items", &err), err);
        ck_assert_uint_gt(room, i);
        items[i] = i;
    }
    for (uint16_t i = 0; i < 1000; i++)
        ck_assert_uint_eq(items[i], i);
    free(items);
}
END_TEST

START_TEST(there_is_room_for_as_many_as_were_asked_for)
{
    struct error err = {0};
    char *items = NULL;
    size_t room = 0;
    ck_assert_ok(array_grow(&items, &room, 12345, 1, "items", &err), err);
    ck_assert_uint_ge(room, 12345);
    free(items);
}
END_TEST

START_TEST(an_array_with_room_is_left_alone)
{
    struct error err = {0};
    int one = 0, *items = &one; /* not one that could be reallocated */
    size_t room = 1;
    ck_assert_ok(array_grow(&items, &room, 1, sizeof(*items), "items", &err), err);
    ck_assert_ptr_eq(items, &one);
    ck_assert_uint_eq(room, 1);
}
END_TEST

START_TEST(what_does_not_fit_into_memory_changes_nothing)
{
    struct error err = {0};
    int *items = NULL, *before;
    size_t room = 0, room_before;
    ck_assert_ok(array_grow(&items, &room, 1, sizeof(*items), "items", &err), err);
    before = items;
    room_before = room;
    ck_assert_fails(array_grow(&items, &room, SIZE_MAX / 2, sizeof(*items), "items", &err), err, ERROR_SYSTEM,
                    "make room for items: Cannot allocate memory");
    ck_assert_ptr_eq(items, before);
    ck_assert_uint_eq(room, room_before);
    free(items);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("array");
    TCase *t = unit_case(suite, "array");
    tcase_add_test(t, items_stay_while_an_array_grows);
    tcase_add_test(t, there_is_room_for_as_many_as_were_asked_for);
    tcase_add_test(t, an_array_with_room_is_left_alone);
    tcase_add_test(t, what_does_not_fit_into_memory_changes_nothing);
    return unit_run(suite);
}
