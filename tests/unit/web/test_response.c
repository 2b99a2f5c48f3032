/* SPDX-License-Identifier: Apache-2.0 */
/* Answers have the status, the fields and the bytes that RFC 9110 asks for; ranges and dates with them. */
#include "byte_range.h"
#include "http_date.h"
#include "media_type.h"
#include "response.h"
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>

#define NOW   784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define MTIME 784100000

static const struct resource file = {
    .status = 200, .path = "/a.html", .number = 12, .size = 1000, .mtime = MTIME};
#define TAG "\"c-3e8-2ebc6aa0\""

static struct slice text(const char *s)
{
    return (struct slice){s, s == NULL ? 0 : strlen(s)};
}

static struct request get(void)
{
    return (struct request){.method = REQUEST_GET, .minor = 1, .keeps_alive = true};
}

static void expect(const struct response *r, int status, uint64_t first, uint64_t count, const char *field)
{
    char line[64];
    snprintf(line, sizeof(line), "HTTP/1.1 %d ", status);
    ck_assert_int_eq(r->status, status);
    ck_assert_int_eq(strncmp(r->head, line, strlen(line)), 0);
    ck_assert_uint_eq(r->count, count);
    ck_assert(count == 0 || r->first == first);
    ck_assert_uint_eq(r->head_size, strlen(r->head));
    ck_assert_str_eq(r->head + r->head_size - 4, "\r\n\r\n");
    ck_assert_msg(strstr(r->head, field) != NULL, "'%s' lacks '%s'", r->head, field);
}

START_TEST(a_file_is_sent_whole)
{
    struct request request = get();
    struct response r;
    response_plan(&request, &file, NOW, &r);
    expect(&r, 200, 0, 1000, "Content-Length: 1000\r\n");
    expect(&r, 200, 0, 1000, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    expect(&r, 200, 0, 1000, "Content-Type: text/html; charset=utf-8\r\n");
    expect(&r, 200, 0, 1000, "ETag: " TAG "\r\n");
    ck_assert(!r.closes);
    request.method = REQUEST_HEAD;
    response_plan(&request, &file, NOW, &r);
    expect(&r, 200, 0, 0, "Content-Length: 1000\r\n");
}
END_TEST

START_TEST(conditions_are_honoured)
{
    static const struct {
        const char *none_match, *modified_since;
        int status;
    } cases[] = {{TAG, NULL, 304},
                 {"*", NULL, 304},
                 {"\"x\", W/" TAG, NULL, 304},
                 {"\"x\"", "Sun, 06 Nov 1994 08:49:37 GMT", 200}, /* the tag counts, not the date */
                 {NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 304},
                 {NULL, "Sun, 06 Nov 1994 05:33:20 GMT", 304},
                 {NULL, "Sun, 06 Nov 1994 05:33:19 GMT", 200},
                 {NULL, "yesterday", 200}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request request = get();
        struct response r;
        request.if_none_match = text(cases[i].none_match);
        request.if_modified_since = text(cases[i].modified_since);
        response_plan(&request, &file, NOW, &r);
        expect(&r, cases[i].status, 0, cases[i].status == 304 ? 0 : 1000, "ETag: " TAG "\r\n");
        ck_assert_int_eq(strstr(r.head, "Content-Length") == NULL, cases[i].status == 304);
    }
}
END_TEST

START_TEST(ranges_are_cut_out)
{
    static const struct {
        const char *range, *if_range;
        int status;
        uint64_t first, count;
        const char *field;
    } cases[] = {
        {"bytes=0-0", NULL, 206, 0, 1, "Content-Range: bytes 0-0/1000\r\n"},
        {"BYTES=10-19", NULL, 206, 10, 10, "Content-Length: 10\r\n"},
        {"bytes=990-", NULL, 206, 990, 10, "bytes 990-999/1000"},
        {"bytes=990-99999999999999999999999", NULL, 206, 990, 10, "bytes 990-999/1000"},
        {"bytes=-10", NULL, 206, 990, 10, "bytes 990-999/1000"},
        {"bytes=-5000", NULL, 206, 0, 1000, "bytes 0-999/1000"},
        {"bytes=1000-", NULL, 416, 0, 0, "Content-Range: bytes */1000\r\n"},
        {"bytes=-0", NULL, 416, 0, 0, "bytes */1000"},
        {"bytes=5-2", NULL, 200, 0, 1000, ""},
        {"bytes=0-1,3-4", NULL, 200, 0, 1000, ""},
        {"bytes=x", NULL, 200, 0, 1000, ""},
        {"bytes=", NULL, 200, 0, 1000, ""},
        {"lines=1-2", NULL, 200, 0, 1000, ""},
        {"bytes=0-0", TAG, 206, 0, 1, ""},
        {"bytes=0-0", "\"other\"", 200, 0, 1000, ""},
        {"bytes=0-0", "Sun, 06 Nov 1994 05:33:20 GMT", 206, 0, 1, ""},
        {"bytes=0-0", "Sun, 06 Nov 1994 08:49:37 GMT", 200, 0, 1000, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request request = get();
        struct response r;
        request.range = text(cases[i].range);
        request.if_range = text(cases[i].if_range);
        response_plan(&request, &file, NOW, &r);
        expect(&r, cases[i].status, cases[i].first, cases[i].count, cases[i].field);
    }
}
END_TEST

START_TEST(an_empty_file_has_no_range)
{
    uint64_t first, count;
    ck_assert_int_eq(byte_range_parse(text("bytes=0-"), 0, &first, &count), BYTE_RANGE_UNSATISFIABLE);
    ck_assert_int_eq(byte_range_parse(text("bytes=-1"), 0, &first, &count), BYTE_RANGE_UNSATISFIABLE);
    ck_assert_int_eq(byte_range_parse(text(NULL), 0, &first, &count), BYTE_RANGE_NONE);
}
END_TEST

START_TEST(failures_are_explained_to_people)
{
    struct request request = get();
    struct response r;
    struct resource missing = {.status = 404, .path = "/"},
                    moved = {.status = 301, .path = "/a b/\xc3\xa4?/"};
    response_plan(&request, &missing, NOW, &r);
    expect(&r, 404, 0, 0, "Content-Length: 14\r\n");
    ck_assert_str_eq(r.text, "404 Not Found\n");
    response_plan(&request, &moved, NOW, &r);
    expect(&r, 301, 0, 0, "Location: /a%20b/%C3%A4%3F/\r\n");
    request.method = REQUEST_HEAD;
    response_plan(&request, &missing, NOW, &r);
    expect(&r, 404, 0, 0, "Content-Length: 14\r\n");
    ck_assert_str_eq(r.text, "");
    request.method = REQUEST_OTHER;
    request.has_body = true;
    response_plan(&request, &file, NOW, &r);
    expect(&r, 405, 0, 0, "Allow: GET, HEAD\r\n");
    ck_assert(r.closes);
    response_plan_error(400, NOW, &r);
    expect(&r, 400, 0, 0, "Connection: close\r\n");
    ck_assert(r.closes);
}
END_TEST

START_TEST(the_longest_location_fits)
{
    char path[REQUEST_TARGET_MAX + 1];
    memset(path, '\xff', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    struct request request = get();
    struct resource moved = {.status = 301, .path = path};
    struct response r;
    response_plan(&request, &moved, NOW, &r);
    expect(&r, 301, 0, 0, "%FF\r\n");
}
END_TEST

START_TEST(a_connection_lives_as_the_client_wishes)
{
    struct request request = get();
    struct response r;
    request.keeps_alive = false;
    response_plan(&request, &file, NOW, &r);
    expect(&r, 200, 0, 1000, "Connection: close\r\n");
    request.keeps_alive = true;
    request.minor = 0;
    response_plan(&request, &file, NOW, &r);
    expect(&r, 200, 0, 1000, "Connection: keep-alive\r\n");
}
END_TEST

START_TEST(dates_are_read_back)
{
    static const int64_t times[] = {0, 1, 784111777, 951782400, 4102444799, -1, 253402300799};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char date[HTTP_DATE_SIZE];
        int64_t back = 0;
        http_date_format(times[i], date);
        ck_assert_int_eq(http_date_parse(text(date), &back), 0);
        ck_assert_int_eq(back, times[i]);
    }
    static const char *const wrong[] = {"",
                                        "Sun, 06 Nov 1994 08:49:37",
                                        "Xxx, 06 Nov 1994 08:49:37 GMT",
                                        "Sun, 32 Nov 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994 24:49:37 GMT",
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun, 0x Nov 1994 08:49:37 GMT"};
    int64_t out;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_int_eq(http_date_parse(text(wrong[i]), &out), -1);
    char date[HTTP_DATE_SIZE];
    http_date_format(INT64_MAX, date);
    ck_assert_str_eq(date, "Fri, 31 Dec 9999 23:59:59 GMT");
}
END_TEST

START_TEST(types_go_by_the_suffix)
{
    ck_assert_str_eq(media_type_of("/a.HTML"), "text/html; charset=utf-8");
    ck_assert_str_eq(media_type_of("/a.tar.gz"), "application/gzip");
    ck_assert_str_eq(media_type_of("/a.html/b"), "application/octet-stream");
    ck_assert_str_eq(media_type_of("/html"), "application/octet-stream");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("response");
    TCase *t = unit_case(suite, "response");
    tcase_add_test(t, a_file_is_sent_whole);
    tcase_add_test(t, conditions_are_honoured);
    tcase_add_test(t, ranges_are_cut_out);
    tcase_add_test(t, an_empty_file_has_no_range);
    tcase_add_test(t, failures_are_explained_to_people);
    tcase_add_test(t, the_longest_location_fits);
    tcase_add_test(t, a_connection_lives_as_the_client_wishes);
    tcase_add_test(t, dates_are_read_back);
    tcase_add_test(t, types_go_by_the_suffix);
    return unit_run(suite);
}
