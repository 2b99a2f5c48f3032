/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

START_TEST(errno_becomes_text_and_number)
{
    struct error err = {0};
    errno = ENOENT;
    ck_assert_int_eq(error_errno(&err, "open '%s'", "/x"), -1);
    ck_assert_str_eq(err.text, "open '/x': No such file or directory");
    ck_assert_int_eq(err.kind, ERROR_SYSTEM);
    ck_assert_int_eq(err.errnum, ENOENT);
}
END_TEST

START_TEST(context_goes_in_front_and_keeps_the_class)
{
    struct error err = {0};
    error_set(&err, ERROR_INPUT, "not a number");
    ck_assert_int_eq(error_wrap(&err, "read '%s'", "a"), -1);
    ck_assert_str_eq(err.text, "read 'a': not a number");
    ck_assert_int_eq(err.kind, ERROR_INPUT);
}
END_TEST

START_TEST(a_border_may_change_the_class)
{
    struct error err = {0};
    error_number(&err, ENOENT, "open");
    error_wrap_as(&err, ERROR_NO_EXEC, "unikernel '/app'");
    ck_assert_int_eq(err.kind, ERROR_NO_EXEC);
    ck_assert_int_eq(err.errnum, ENOENT);
}
END_TEST

START_TEST(long_text_is_cut_and_terminated)
{
    struct error err = {0};
    char many[4096];
    memset(many, 'a', sizeof(many));
    many[sizeof(many) - 1] = '\0';
    error_set(&err, ERROR_INPUT, "%s", many);
    ck_assert_uint_eq(strlen(err.text), ERROR_TEXT_SIZE - 1);
    error_wrap(&err, "%s", many);
    ck_assert_uint_eq(strlen(err.text), ERROR_TEXT_SIZE - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("error");
    TCase *t = unit_case(suite, "error");
    tcase_add_test(t, errno_becomes_text_and_number);
    tcase_add_test(t, context_goes_in_front_and_keeps_the_class);
    tcase_add_test(t, a_border_may_change_the_class);
    tcase_add_test(t, long_text_is_cut_and_terminated);
    return unit_run(suite);
}
