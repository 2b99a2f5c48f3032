/* SPDX-License-Identifier: Apache-2.0 */
/* The kit's printf family prints what the host's prints. */
#include "kit_libc.h"
#include "unit.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SAME(...)                                                     \
    do {                                                              \
        char ours[256], theirs[256];                                  \
        int n = kit_snprintf(ours, sizeof(ours), __VA_ARGS__);        \
        int expected = snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
        ck_assert_str_eq(ours, theirs);                               \
        ck_assert_int_eq(n, expected);                                \
    } while (0)

START_TEST(integers_of_every_length_are_printed)
{
    SAME("%d %i %u", -1, INT_MIN, UINT_MAX);
    SAME("%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
    SAME("%lld %llu", LLONG_MIN, ULLONG_MAX);
    SAME("%hd %hu %hhd %hhu", (short)-2, (unsigned short)65535, (signed char)-3, (unsigned char)255);
    SAME("%zu %td %jd", (size_t)7, (ptrdiff_t)-7, (intmax_t)-8);
    SAME("%o %x %X", 8u, 0xbeefu, 0xbeefu);
    SAME("%p", (void *)0x1234);
}
END_TEST

START_TEST(flags_width_and_precision_lay_out_numbers)
{
    static const char *const formats[] = {"%d",    "%5d",    "%-5d|", "%05d",   "%+d",    "% d",
                                          "%+5d",  "%.3d",   "%8.3d", "%-8.3d", "%08.3d", "%.0d",
                                          "%x",    "%#x",    "%#8x",  "%#08x",  "%#.3x",  "%#o",
                                          "%#.3o", "%-#8o|", "%8u",   "%-8u|",  "%+08d",  "%- 8d|"};
    static const int values[] = {0, 1, -1, 42, -42, 12345678};
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++) {
            char ours[64], theirs[64];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            kit_snprintf(ours, sizeof(ours), formats[i], values[j]);
            snprintf(theirs, sizeof(theirs), formats[i], values[j]);
#pragma GCC diagnostic pop
            ck_assert_msg(strcmp(ours, theirs) == 0, "%s of %d: '%s', not '%s'", formats[i], values[j], ours,
                          theirs);
        }
    }
    SAME("%*d|%-*d|%.*d", 6, 1, 6, 2, 3, 3);
    SAME("%*d|%.*d", -6, 1, -3, 2);
}
END_TEST

START_TEST(strings_are_cut_and_padded)
{
    SAME("%s|%10s|%-10s|%.2s|%5.1s|", "abc", "abc", "abc", "abc", "abc");
    SAME("%c|%3c|%-3c|%%", 'x', 'y', 'z');
    char unterminated[2] = {'a', 'b'};
    SAME("%.2s", unterminated);
}
END_TEST

START_TEST(a_short_buffer_gets_what_fits)
{
    char buf[8] = "#######";
    ck_assert_int_eq(kit_snprintf(buf, 4, "%s", "abcdef"), 6);
    ck_assert_str_eq(buf, "abc");
    ck_assert_int_eq(buf[4], '#');
    ck_assert_int_eq(kit_snprintf(NULL, 0, "%d", 123), 3);
}
END_TEST

START_TEST(an_unknown_conversion_is_printed_as_it_stands)
{
    char buf[32];
    const char *format = "%d %5q %";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    kit_snprintf(buf, sizeof(buf), format, 1);
#pragma GCC diagnostic pop
    ck_assert_str_eq(buf, "1 %5q %");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("format");
    TCase *t = unit_case(suite, "format");
    tcase_add_test(t, integers_of_every_length_are_printed);
    tcase_add_test(t, flags_width_and_precision_lay_out_numbers);
    tcase_add_test(t, strings_are_cut_and_padded);
    tcase_add_test(t, a_short_buffer_gets_what_fits);
    tcase_add_test(t, an_unknown_conversion_is_printed_as_it_stands);
    return unit_run(suite);
}
