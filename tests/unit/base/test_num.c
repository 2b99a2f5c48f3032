/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "unit.h"

#include <string.h>

START_TEST(plain_decimal_numbers_are_read)
{
    struct error err = {0};
    uint64_t u = 0;
    int64_t i = 0;
    ck_assert_ok(num_parse_u64("0", 5, &u, "n", &err), err);
    ck_assert_uint_eq(u, 0);
    ck_assert_ok(num_parse_u64("18446744073709551615", UINT64_MAX, &u, "n", &err), err);
    ck_assert(u == UINT64_MAX);
    ck_assert_ok(num_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &i, "n", &err), err);
    ck_assert(i == INT64_MIN);
    ck_assert_ok(num_parse_i64("9223372036854775807", INT64_MIN, INT64_MAX, &i, "n", &err), err);
    ck_assert(i == INT64_MAX);
    ck_assert_ok(num_parse_i64("-1", -1, 1, &i, "n", &err), err);
    ck_assert(i == -1);
}
END_TEST

static const char *const bad[] = {"",
                                  "-",
                                  "+1",
                                  " 1",
                                  "1 ",
                                  "0x10",
                                  "1e3",
                                  "1.0",
                                  "--1",
                                  "a",
                                  "18446744073709551616",
                                  "99999999999999999999999"};

START_TEST(everything_else_is_refused)
{
    struct error err = {0};
    uint64_t u = 7;
    int64_t i = 7;
    ck_assert_fails(num_parse_u64(bad[_i], UINT64_MAX, &u, "port", &err), err, ERROR_INPUT, "port '");
    ck_assert_fails(num_parse_i64(bad[_i], INT64_MIN, INT64_MAX, &i, "port", &err), err, ERROR_INPUT,
                    "port '");
    ck_assert_uint_eq(u, 7);
    ck_assert_int_eq(i, 7);
}
END_TEST

START_TEST(limits_are_kept)
{
    struct error err = {0};
    uint64_t u = 7;
    int64_t i = 7;
    ck_assert_fails(num_parse_u64("65536", 65535, &u, "port", &err), err, ERROR_INPUT,
                    "port '65536' is not a number of 0 to 65535");
    ck_assert_fails(num_parse_i64("-1001", -1000, 1000, &i, "score", &err), err, ERROR_INPUT,
                    "score '-1001' is not a number of -1000 to 1000");
    ck_assert_fails(num_parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &i, "n", &err), err,
                    ERROR_INPUT, "is not a number");
    ck_assert_fails(num_parse_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &i, "n", &err), err,
                    ERROR_INPUT, "is not a number");
}
END_TEST

START_TEST(a_scan_stops_at_the_first_other_byte)
{
    uint64_t u = 7;
    ck_assert_uint_eq(num_scan_u64("12ab", 4, &u), 2);
    ck_assert_uint_eq(u, 12);
    ck_assert_uint_eq(num_scan_u64("1234", 3, &u), 3);
    ck_assert_uint_eq(u, 123);
    ck_assert_uint_eq(num_scan_u64("x", 1, &u), 0);
    ck_assert_uint_eq(num_scan_u64("99999999999999999999", 20, &u), 0);
    ck_assert_uint_eq(u, 123);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("num");
    TCase *t = unit_case(suite, "num");
    tcase_add_test(t, plain_decimal_numbers_are_read);
    tcase_add_loop_test(t, everything_else_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(t, limits_are_kept);
    tcase_add_test(t, a_scan_stops_at_the_first_other_byte);
    return unit_run(suite);
}
