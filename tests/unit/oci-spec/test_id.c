/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/id.h"
#include "unit.h"

#include <string.h>

static const char *const good[] = {"a", "abc_DEF-1.2+3", "...", "-x", "0"};
static const char *const bad[] = {"", ".", "..", "a/b", "a b", "a\n", "\303\244", "a:b"};

START_TEST(runc_would_take_it)
{
    struct error err = {0};
    ck_assert_ok(id_check(good[_i], &err), err);
}
END_TEST

START_TEST(it_is_no_safe_name)
{
    struct error err = {0};
    ck_assert_fails(id_check(bad[_i], &err), err, ERROR_USAGE, "container id");
}
END_TEST

START_TEST(length_is_limited)
{
    struct error err = {0};
    char id[ID_LENGTH_MAX + 2];
    memset(id, 'a', sizeof(id));
    id[ID_LENGTH_MAX + 1] = '\0';
    ck_assert_fails(id_check(id, &err), err, ERROR_USAGE, "more than 1024 characters");
    id[ID_LENGTH_MAX] = '\0';
    ck_assert_ok(id_check(id, &err), err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("id");
    TCase *t = unit_case(suite, "id");
    tcase_add_loop_test(t, runc_would_take_it, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(t, it_is_no_safe_name, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(t, length_is_limited);
    return unit_run(suite);
}
