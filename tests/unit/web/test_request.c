/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of requests are understood as RFC 9112 has them, and refused where readers could differ. */
#include "request.h"
#include "unit.h"

#include <stdlib.h>

static const struct {
    const char *head;
    int result;
    enum request_method method;
    bool keeps_alive, has_body;
} cases[] = {
    {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0, REQUEST_GET, true, false},
    {"HEAD / HTTP/1.1\nHost:x\n\n", 0, REQUEST_HEAD, true, false},
    {"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 0, REQUEST_GET, true, false},
    {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 0, REQUEST_OTHER, true, true},
    {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 00\r\n\r\n", 0, REQUEST_GET, true, false},
    {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 0, REQUEST_GET, true, true},
    {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 0, REQUEST_GET, false, false},
    {"GET / HTTP/1.1\r\nhOST: x\r\ncONNECTION: foo ,Close\r\n\r\n", 0, REQUEST_GET, false, false},
    {"GET / HTTP/1.0\r\n\r\n", 0, REQUEST_GET, false, false},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0, REQUEST_GET, true, false},
    {"GET / HTTP/1.7\r\nHost: x\r\n\r\n", 0, REQUEST_GET, true, false},
    {"", -1, 0, false, false},
    {"GET / HTTP/1.1", -1, 0, false, false},
    {"GET / HTTP/1.1\r\nHost: x\r\n", -1, 0, false, false},
    {"GET / HTTP/1.1\r\n\r\n", 400, 0, false, false},                       /* no Host */
    {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, 0, false, false}, /* two of them */
    {"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400, 0, false, false}, /* obs-fold */
    {"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400, 0, false, false},           /* space before the colon */
    {"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400, 0, false, false},
    {"GET / HTTP/1.1\r\nHost: x\ry\r\n\r\n", 400, 0, false, false}, /* bare CR */
    {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n", 400, 0, false, false},
    {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400, 0, false, false},
    {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, 0, false,
     false},
    {"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400, 0, false, false},
    {"GET / a HTTP/1.1\r\nHost: x\r\n\r\n", 400, 0, false, false},
    {"GET /\x80 HTTP/1.1\r\nHost: x\r\n\r\n", 400, 0, false, false},
    {"G{T / HTTP/1.1\r\nHost: x\r\n\r\n", 400, 0, false, false},
    {"GET /\r\n\r\n", 400, 0, false, false}, /* HTTP/0.9 */
    {"GET / http/1.1\r\nHost: x\r\n\r\n", 400, 0, false, false},
    {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, 0, false, false},
    {"\x16\x03\x01\x02\r\n\r\n", 400, 0, false, false}, /* TLS */
};

START_TEST(a_head_is_understood_or_refused)
{
    struct request request;
    size_t size = 0;
    const char *head = cases[_i].head;
    int result = request_parse(head, strlen(head), &request, &size);
    ck_assert_msg(result == cases[_i].result, "'%s': %d", head, result);
    if (result != 0)
        return;
    ck_assert_int_eq(request.method, cases[_i].method);
    ck_assert_int_eq(request.keeps_alive, cases[_i].keeps_alive);
    ck_assert_int_eq(request.has_body, cases[_i].has_body);
    for (size_t i = 0; i < size; i++) /* no part of it is complete */
        ck_assert_int_eq(request_parse(head, i, &request, &size), -1);
}
END_TEST

START_TEST(a_request_ends_where_the_next_begins)
{
    const char *two =
        "GET /a HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2 \r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
    struct request request;
    size_t size = 0;
    ck_assert_int_eq(request_parse(two, strlen(two), &request, &size), 0);
    ck_assert(slice_equals(request.target, "/a"));
    ck_assert(slice_equals(request.range, "bytes=1-2"));
    ck_assert(slice_equals(request.line, "GET /a HTTP/1.1"));
    ck_assert_int_eq(request_parse(two + size, strlen(two + size), &request, &size), 0);
    ck_assert(slice_equals(request.target, "/b"));
    ck_assert_ptr_null(request.range.data);
}
END_TEST

/* A head made of start, a filler that is repeated, and an end. */
static int parse_long(const char *start, const char *filler, size_t n, const char *end)
{
    char *head = malloc(strlen(start) + n * strlen(filler) + strlen(end) + 1), *p = stpcpy(head, start);
    struct request request;
    size_t size;
    while (n-- > 0)
        p = stpcpy(p, filler);
    strcpy(p, end);
    int result = request_parse(head, strlen(head), &request, &size);
    free(head);
    return result;
}

START_TEST(what_is_too_long_is_refused)
{
    ck_assert_int_eq(parse_long("GET /", "a", REQUEST_TARGET_MAX - 1, " HTTP/1.1\r\nHost: x\r\n\r\n"), 0);
    ck_assert_int_eq(parse_long("GET /", "a", REQUEST_TARGET_MAX, " HTTP/1.1\r\nHost: x\r\n\r\n"), 414);
    ck_assert_int_eq(parse_long("GET /", "a", 9000, ""), 414);
    ck_assert_int_eq(parse_long("GET / HTTP/1.1\r\nHost: x\r\nA: ", "a", 9000, ""), 431);
    ck_assert_int_eq(parse_long("GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", 99, "\r\n"), 0);
    ck_assert_int_eq(parse_long("GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n", 100, "\r\n"), 431);
    ck_assert_int_eq(parse_long("", "\r\n", 9000, ""), 414);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request");
    TCase *t = unit_case(suite, "request");
    tcase_add_loop_test(t, a_head_is_understood_or_refused, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(t, a_request_ends_where_the_next_begins);
    tcase_add_test(t, what_is_too_long_is_refused);
    return unit_run(suite);
}
