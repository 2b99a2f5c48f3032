/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(time_of_day_is_rfc_3339_in_utc)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format_time(text);
    ck_assert_uint_eq(strlen(text), strlen("2026-11-21T04:00:17.248173504Z"));
    ck_assert_int_eq(text[10], 'T');
    ck_assert_int_eq(text[19], '.');
    ck_assert_int_eq(text[29], 'Z');
}
END_TEST

START_TEST(monotonic_time_does_not_go_back)
{
    uint64_t before = clock_monotonic_ns();
    ck_assert_uint_ge(clock_monotonic_ns(), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clock");
    TCase *tcase = unit_case(suite, "clock");
    tcase_add_test(tcase, time_of_day_is_rfc_3339_in_utc);
    tcase_add_test(tcase, monotonic_time_does_not_go_back);
    return unit_run(suite);
}
