/* SPDX-License-Identifier: Apache-2.0 */
/* The kit's libc gives what the host's gives: strings, characters, numbers, sorting and dates. */
#include "kit_libc.h"
#include "unit.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

START_TEST(characters_are_classified_as_in_the_c_locale)
{
    for (int c = 0; c < 128; c++) {
        ck_assert_int_eq(!kit_isalnum(c), !isalnum(c));
        ck_assert_int_eq(!kit_isalpha(c), !isalpha(c));
        ck_assert_int_eq(!kit_iscntrl(c), !iscntrl(c));
        ck_assert_int_eq(!kit_isdigit(c), !isdigit(c));
        ck_assert_int_eq(!kit_isgraph(c), !isgraph(c));
        ck_assert_int_eq(!kit_islower(c), !islower(c));
        ck_assert_int_eq(!kit_isprint(c), !isprint(c));
        ck_assert_int_eq(!kit_ispunct(c), !ispunct(c));
        ck_assert_int_eq(!kit_isspace(c), !isspace(c));
        ck_assert_int_eq(!kit_isupper(c), !isupper(c));
        ck_assert_int_eq(!kit_isxdigit(c), !isxdigit(c));
        ck_assert_int_eq(kit_tolower(c), tolower(c));
        ck_assert_int_eq(kit_toupper(c), toupper(c));
    }
}
END_TEST

START_TEST(strings_compare_as_the_host_compares_them)
{
    static const char *const texts[] = {"", "a", "A", "ab", "abc", "b", "\xff", "a\xff"};
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < 8; j++) {
            ck_assert_int_eq(sign(kit_strcmp(texts[i], texts[j])), sign(strcmp(texts[i], texts[j])));
            ck_assert_int_eq(sign(kit_strcasecmp(texts[i], texts[j])), sign(strcasecmp(texts[i], texts[j])));
            ck_assert_int_eq(sign(kit_strncmp(texts[i], texts[j], 1)), sign(strncmp(texts[i], texts[j], 1)));
            ck_assert_ptr_eq(kit_strstr(texts[i], texts[j]), strstr(texts[i], texts[j]));
        }
    }
    ck_assert_int_lt(kit_memcmp("a\0b", "a\0c", 3), 0);
}
END_TEST

START_TEST(searches_find_first_and_last)
{
    const char *s = "path/to/it";
    ck_assert_ptr_eq(kit_strchr(s, '/'), s + 4);
    ck_assert_ptr_eq(kit_strrchr(s, '/'), s + 7);
    ck_assert_ptr_eq(kit_strchr(s, '\0'), s + 10);
    ck_assert_ptr_null(kit_strchr(s, 'x'));
    ck_assert_ptr_eq(kit_memchr(s, 't', 10), s + 2);
    ck_assert_ptr_eq(kit_memrchr(s, 't', 10), s + 9);
    ck_assert_ptr_null(kit_memchr(s, 't', 2));
    ck_assert_uint_eq(kit_strlen(s), 10);
    ck_assert_uint_eq(kit_strnlen(s, 4), 4);
    ck_assert_uint_eq(kit_strspn(s, "ahtp"), 4);
    ck_assert_uint_eq(kit_strcspn(s, "/"), 4);
}
END_TEST

START_TEST(copies_overlap_only_where_they_may)
{
    char buf[16] = "0123456789";
    kit_memmove(buf + 2, buf, 8);
    ck_assert_str_eq(buf, "0101234567");
    kit_memmove(buf, buf + 2, 8);
    ck_assert_str_eq(buf, "0123456767");
    kit_memcpy(buf, "abc", 4);
    ck_assert_str_eq(buf, "abc");
    kit_memset(buf, 'x', 15);
    ck_assert_str_eq(buf, "xxxxxxxxxxxxxxx");
}
END_TEST

START_TEST(bounded_copies_stay_in_bounds)
{
    char buf[8] = "#######";
    ck_assert_uint_eq(kit_strlcpy(buf, "long enough", 4), 11);
    ck_assert_str_eq(buf, "lon");
    ck_assert_int_eq(buf[4], '#');
    kit_strncpy(buf, "ab", 4);
    ck_assert_int_eq(memcmp(buf, "ab\0\0###", 8), 0);
}
END_TEST

START_TEST(numbers_are_read_in_every_base)
{
    static const struct {
        const char *text;
        int base;
    } cases[] = {{"0", 10},
                 {" \t-42x", 10},
                 {"+7", 10},
                 {"0x1f", 0},
                 {"0x1f", 16},
                 {"0x", 16},
                 {"0xg", 0},
                 {"017", 0},
                 {"089", 0},
                 {"zz", 36},
                 {"", 10},
                 {"-", 10},
                 {"12", 2},
                 {"-0x10", 0},
                 {"9223372036854775807", 10},
                 {"9223372036854775808", 10},
                 {"-9223372036854775808", 10},
                 {"-9223372036854775809", 10},
                 {"18446744073709551615", 10},
                 {"18446744073709551616", 10},
                 {"-18446744073709551616", 10},
                 {"99999999999999999999999", 10}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *end, *expected_end;
        const char *text = cases[i].text;
        errno = kit_errno = 0;
        ck_assert_int_eq(kit_strtol(text, &end, cases[i].base), strtol(text, &expected_end, cases[i].base));
        ck_assert_ptr_eq(end, expected_end);
        ck_assert_msg(kit_errno == (errno == ERANGE ? ERANGE : 0), "%s: %d", text, kit_errno);
        errno = kit_errno = 0;
        ck_assert_uint_eq(kit_strtoul(text, &end, cases[i].base), strtoul(text, NULL, cases[i].base));
        ck_assert_msg(kit_errno == (errno == ERANGE ? ERANGE : 0), "%s: %d", text, kit_errno);
    }
}
END_TEST

static int compare_ints(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

START_TEST(sorting_puts_everything_in_order)
{
    for (size_t n = 0; n < 200; n++) {
        int a[200], expected[200];
        for (size_t i = 0; i < n; i++)
            a[i] = expected[i] = rand() % 100;
        kit_qsort(a, n, sizeof(int), compare_ints);
        qsort(expected, n, sizeof(int), compare_ints);
        ck_assert_mem_eq(a, expected, n * sizeof(int));
        for (int key = -1; key <= 100; key++) {
            const int *found = kit_bsearch(&key, a, n, sizeof(int), compare_ints);
            ck_assert_int_eq(found != NULL, bsearch(&key, a, n, sizeof(int), compare_ints) != NULL);
            ck_assert(found == NULL || *found == key);
        }
    }
}
END_TEST

START_TEST(dates_agree_with_the_host_over_many_centuries)
{
    for (long t = -62167219200; t < 253402300800; t += 86400 * 97 + 12345) {
        struct kit_tm tm;
        struct tm expected;
        ck_assert_ptr_nonnull(kit_gmtime_r(&t, &tm));
        gmtime_r(&t, &expected);
        ck_assert_int_eq(tm.sec, expected.tm_sec);
        ck_assert_int_eq(tm.min, expected.tm_min);
        ck_assert_int_eq(tm.hour, expected.tm_hour);
        ck_assert_int_eq(tm.mday, expected.tm_mday);
        ck_assert_int_eq(tm.mon, expected.tm_mon);
        ck_assert_int_eq(tm.year, expected.tm_year);
        ck_assert_int_eq(tm.wday, expected.tm_wday);
        ck_assert_int_eq(tm.yday, expected.tm_yday);
        ck_assert_int_eq(kit_timegm(&tm), t);
    }
}
END_TEST

START_TEST(every_day_around_leap_years_is_itself)
{
    for (long t = 946684800 - 400 * 86400l; t < 946684800 + 1200 * 86400l; t += 86400) {
        struct kit_tm tm;
        kit_gmtime_r(&t, &tm);
        ck_assert_int_eq(kit_timegm(&tm), t);
    }
    struct kit_tm carry = {.year = 99, .mon = 14, .mday = 0};
    struct tm expected = {.tm_year = 99, .tm_mon = 14, .tm_mday = 0};
    ck_assert_int_eq(kit_timegm(&carry), timegm(&expected));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("libc");
    TCase *t = unit_case(suite, "libc");
    tcase_add_test(t, characters_are_classified_as_in_the_c_locale);
    tcase_add_test(t, strings_compare_as_the_host_compares_them);
    tcase_add_test(t, searches_find_first_and_last);
    tcase_add_test(t, copies_overlap_only_where_they_may);
    tcase_add_test(t, bounded_copies_stay_in_bounds);
    tcase_add_test(t, numbers_are_read_in_every_base);
    tcase_add_test(t, sorting_puts_everything_in_order);
    tcase_add_test(t, dates_agree_with_the_host_over_many_centuries);
    tcase_add_test(t, every_day_around_leap_years_is_itself);
    return unit_run(suite);
}
