/* SPDX-License-Identifier: Apache-2.0 */
#include "http_status.h"
#include "unit.h"

#include <string.h>

static int parse(const char *text)
{
    return http_status_parse(text, strlen(text));
}

START_TEST(a_status_line_has_its_code)
{
    ck_assert_int_eq(parse("HTTP/1.1 200 OK\r\n"), 200);
    ck_assert_int_eq(parse("HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n"), 404);
    ck_assert_int_eq(parse("HTTP/1.1 503\r\n"), 503);
}
END_TEST

START_TEST(part_of_a_status_line_wants_more)
{
    const char *line = "HTTP/1.1 200 OK\r\n";
    for (size_t i = 0; i < HTTP_STATUS_BYTES; i++)
        ck_assert_int_eq(http_status_parse(line, i), HTTP_STATUS_MORE);
    ck_assert_int_eq(http_status_parse(line, HTTP_STATUS_BYTES), 200);
}
END_TEST

START_TEST(other_bytes_are_refused_as_soon_as_they_are_seen)
{
    ck_assert_int_eq(parse("S"), HTTP_STATUS_INVALID);
    ck_assert_int_eq(parse("HTTP/2.0 200 OK"), HTTP_STATUS_INVALID);
    ck_assert_int_eq(parse("HTTP/1.1 700 OK"), HTTP_STATUS_INVALID);
    ck_assert_int_eq(parse("HTTP/1.1 099 OK"), HTTP_STATUS_INVALID);
    ck_assert_int_eq(parse("HTTP/1.1 2000 OK"), HTTP_STATUS_INVALID);
    ck_assert_int_eq(parse("HTTP/1.1  200"), HTTP_STATUS_INVALID);
    ck_assert_int_eq(http_status_parse("HTTP/1.1 200\0", 13), HTTP_STATUS_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("http_status");
    TCase *t = unit_case(suite, "http_status");
    tcase_add_test(t, a_status_line_has_its_code);
    tcase_add_test(t, part_of_a_status_line_wants_more);
    tcase_add_test(t, other_bytes_are_refused_as_soon_as_they_are_seen);
    return unit_run(suite);
}
