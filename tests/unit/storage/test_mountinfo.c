/* SPDX-License-Identifier: Apache-2.0 */
#include "mountinfo.h"
#include "unit.h"

#include <string.h>

static void find(const char *text, uint64_t id, struct overlay_stack *out)
{
    struct error err = {0};
    ck_assert_ok(mountinfo_find_overlay(text, strlen(text), id, out, &err), err);
}

START_TEST(the_layers_of_podman_are_found)
{
    struct overlay_stack stack;
    find("22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
         "47 22 0:39 / /g/overlay/cc/merged rw,nodev,relatime shared:7 - overlay overlay "
         "rw,lowerdir=/g/overlay/l/B:/g/overlay/l/A,upperdir=/g/overlay/cc/diff,workdir=/g/overlay/cc/work\n",
         47, &stack);
    ck_assert_uint_eq(stack.n_lowers, 2);
    ck_assert_str_eq(stack.lowers[0], "/g/overlay/l/B");
    ck_assert_str_eq(stack.lowers[1], "/g/overlay/l/A");
    ck_assert_str_eq(stack.upper, "/g/overlay/cc/diff");
    ck_assert_str_eq(stack.mount_point, "/g/overlay/cc/merged");
    overlay_stack_release(&stack);
}
END_TEST

START_TEST(escapes_are_resolved)
{
    struct overlay_stack stack;
    find("5 1 0:39 / /a\\040b rw - overlay o rw,lowerdir=/x\\134:y\\054z:/\\011t,upperdir=/u\\075v", 5,
         &stack);
    ck_assert_uint_eq(stack.n_lowers, 2);
    ck_assert_str_eq(stack.lowers[0], "/x:y,z");
    ck_assert_str_eq(stack.lowers[1], "/\tt");
    ck_assert_str_eq(stack.upper, "/u=v");
    ck_assert_str_eq(stack.mount_point, "/a b");
    overlay_stack_release(&stack);
}
END_TEST

START_TEST(layers_given_one_by_one_are_found)
{
    struct overlay_stack stack;
    find("5 1 0:39 / /m rw - overlay o rw,lowerdir+=/a:b,lowerdir+=/c", 5, &stack);
    ck_assert_uint_eq(stack.n_lowers, 2);
    ck_assert_str_eq(stack.lowers[0], "/a:b");
    ck_assert_ptr_null(stack.upper);
    overlay_stack_release(&stack);
}
END_TEST

/* What is no overlay of whole directories is left to the merged view. */
static const char *const others[] = {
    "",
    "5 1 0:39 / /m rw - ext4 /dev/x rw,lowerdir=/a",
    "6 1 0:39 / /m rw - overlay o rw,lowerdir=/a",
    "5 1 0:39 /sub /m rw - overlay o rw,lowerdir=/a",
    "5 1 0:39 / /m rw - overlay o rw",
    "5 1 0:39 / /m rw - overlay o rw,lowerdir=/a::/data",
    "5 1 0:39 / /m rw - overlay o rw,lowerdir+=/a,datadir+=/data",
    "5 1 0:39 / /m rw - overlay",
    "5 1 0:39 / /m rw overlay o rw,lowerdir=/a",
    "5",
    "99999999999999999999999 1 0:39 / /m rw - overlay o rw,lowerdir=/a",
};

START_TEST(everything_else_is_none)
{
    struct overlay_stack stack;
    find(others[_i], 5, &stack);
    ck_assert_uint_eq(stack.n_lowers, 0);
    ck_assert_ptr_null(stack.mount_point);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mountinfo");
    TCase *tcase = unit_case(suite, "mountinfo");
    tcase_add_test(tcase, the_layers_of_podman_are_found);
    tcase_add_test(tcase, escapes_are_resolved);
    tcase_add_test(tcase, layers_given_one_by_one_are_found);
    tcase_add_loop_test(tcase, everything_else_is_none, 0, sizeof(others) / sizeof(others[0]));
    return unit_run(suite);
}
