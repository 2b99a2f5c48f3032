/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of json_read.h: what is kept of a document, and what is refused where parsers differ. */
#include "json_read.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT (1u << 20)

static struct arena arena;

static void release(void)
{
    arena_release(&arena);
}

static int parse(const char *text, size_t size, const struct json **out, struct error *err)
{
    return json_parse(text, size, SIZE_LIMIT, &arena, out, err);
}

START_TEST(every_kind_of_value_is_kept)
{
    static const char text[] = "{\"z\": [1, -2.50e3, true, false, null, {}, []],"
                               " \"a\": \"\\u00e4\\n\\ud83d\\ude00/\"}";
    struct error err = {0};
    const struct json *value = NULL;
    ck_assert_ok(parse(text, strlen(text), &value, &err), err);

    ck_assert_int_eq(value->type, JSON_OBJECT);
    ck_assert_uint_eq(value->n_children, 2);
    ck_assert_str_eq(value->children[0]->key, "a");
    ck_assert_str_eq(json_get(value, "a")->text, "\xc3\xa4\n\xf0\x9f\x98\x80/");
    ck_assert_ptr_null(json_get(value, "b"));

    const struct json *list = json_get(value, "z");
    ck_assert_int_eq(list->type, JSON_ARRAY);
    ck_assert_uint_eq(list->n_children, 7);
    ck_assert_str_eq(list->children[0]->text, "1");
    ck_assert_str_eq(list->children[1]->text, "-2.50e3");
    ck_assert(list->children[2]->boolean);
    ck_assert(!list->children[3]->boolean);
    ck_assert_int_eq(list->children[4]->type, JSON_NULL);
    ck_assert_int_eq(list->children[5]->type, JSON_OBJECT);
    ck_assert_int_eq(list->children[6]->type, JSON_ARRAY);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} bad[] = {
    {"", "line 1: parse error: premature EOF"},
    {"{", "premature EOF"},
    {"{]", "line 1: parse error: invalid object key"},
    {"[1,]", "line 1: parse error"},
    {"[01]", "line 1: parse error"},
    {"[+1]", "line 1: lexical error"},
    {"[.5]", "line 1: lexical error"},
    {"[NaN]", "line 1: lexical error"},
    {"{} {}", "line 1: parse error: trailing garbage"},
    {"{}x", "line 1: parse error: trailing garbage"},
    {"// x\n{}", "line 1: lexical error"},
    {"{/* x */}", "line 1: lexical error"},
    {"['a']", "line 1: lexical error"},
    {"[\"a\nb\"]", "lexical error"},
    {"[\"\\x\"]", "line 1: lexical error"},
    {"\xef\xbb\xbf{}", "line 1: lexical error"},
    {"\n\n{\"a\":1,\n\"a\":2}", "line 4: the object has two members 'a'"},
    {"{\"a\":1,\"\\u0061\":2}", "the object has two members 'a'"},
    {"[\n\"x\\u0000y\"]", "line 2: a string contains a NUL"},
    {"{\"a\\u0000b\":1}", "line 1: a string contains a NUL"},
    {"[\"\\ud800\"]", "half a surrogate pair"},
    {"[\"\\ud800\\u0041\"]", "half a surrogate pair"},
    {"[\"\\udc00\"]", "half a surrogate pair"},
    {"[\"\\ud800\\ud800\"]", "half a surrogate pair"},
    {"[\"\xc0\x80\"]", "line 1: invalid UTF-8"},
    {"[\"\xed\xa0\x80\"]", "line 1: invalid UTF-8"},
    {"[\"\xf4\x90\x80\x80\"]", "line 1: invalid UTF-8"},
    {"\n[\"\xff\"]", "line 2: invalid UTF-8"},
    {"[\"\xe2\x82\"]", "line 1: invalid UTF-8"},
};

START_TEST(everything_that_is_not_strict_json_is_refused)
{
    struct error err = {0};
    const struct json *value = NULL;
    ck_assert_fails(parse(bad[_i].text, strlen(bad[_i].text), &value, &err), err, ERROR_INPUT,
                    bad[_i].message);
    ck_assert_ptr_null(value);
    ck_assert_ptr_null(strchr(err.text, '\n'));
}
END_TEST

START_TEST(a_raw_nul_is_refused)
{
    struct error err = {0};
    const struct json *value = NULL;
    ck_assert_fails(parse("[\"a\0b\"]", 7, &value, &err), err, ERROR_INPUT, "lexical error");
    ck_assert_fails(parse("{}\0", 3, &value, &err), err, ERROR_INPUT, "trailing garbage");
}
END_TEST

START_TEST(an_escaped_backslash_starts_no_escape)
{
    struct error err = {0};
    const struct json *value = NULL;
    ck_assert_ok(parse("\"\\\\u0000\"", 9, &value, &err), err);
    ck_assert_str_eq(value->text, "\\u0000");
}
END_TEST

/* Fills text with n times unit. */
static char *repeat(const char *unit, size_t n)
{
    size_t length = strlen(unit);
    char *text = malloc(n * length + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * length, unit, length);
    text[n * length] = '\0';
    return text;
}

START_TEST(nesting_has_a_limit)
{
    struct error err = {0};
    const struct json *value = NULL;
    char text[2 * JSON_DEPTH_MAX + 3];
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    ck_assert_ok(parse(text, 2 * JSON_DEPTH_MAX, &value, &err), err);

    memset(text, '[', JSON_DEPTH_MAX + 1);
    ck_assert_fails(parse(text, JSON_DEPTH_MAX + 1, &value, &err), err, ERROR_INPUT,
                    "line 1: nested too deeply");
}
END_TEST

START_TEST(a_flood_of_brackets_ends_at_once)
{
    struct error err = {0};
    const struct json *value = NULL;
    char *text = repeat("[", 100u << 20);
    ck_assert_fails(parse(text, 100u << 20, &value, &err), err, ERROR_INPUT, "larger than 1048576 bytes");
    ck_assert_fails(json_parse(text, 100u << 20, 100u << 20, &arena, &value, &err), err, ERROR_INPUT,
                    "nested too deeply");
    free(text);
}
END_TEST

START_TEST(the_number_of_values_has_a_limit)
{
    struct error err = {0};
    const struct json *value = NULL;
    char *text = repeat("[],", JSON_COUNT_MAX);
    text[0] = '[';
    text[1] = '0';
    text[3 * JSON_COUNT_MAX - 1] = ']';
    ck_assert_fails(parse(text, 3 * JSON_COUNT_MAX, &value, &err), err, ERROR_INPUT,
                    "more values than a document may have");
    free(text);
}
END_TEST

START_TEST(an_object_of_many_members_is_no_trap)
{
    struct error err = {0};
    const struct json *value = NULL;
    const size_t n = JSON_COUNT_MAX - 1;
    char *text = malloc(n * 12);
    ck_assert_ptr_nonnull(text);
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        at += (size_t)sprintf(text + at, "%c\"%zx\":0", i == 0 ? '{' : ',', i);
    at += (size_t)sprintf(text + at, "}");
    ck_assert_ok(json_parse(text, at, at, &arena, &value, &err), err);
    ck_assert_uint_eq(value->n_children, n);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_read");
    TCase *t = unit_case(suite, "json_read");
    tcase_add_checked_fixture(t, NULL, release);
    tcase_add_test(t, every_kind_of_value_is_kept);
    tcase_add_loop_test(t, everything_that_is_not_strict_json_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(t, a_raw_nul_is_refused);
    tcase_add_test(t, an_escaped_backslash_starts_no_escape);
    tcase_add_test(t, nesting_has_a_limit);
    tcase_add_test(t, a_flood_of_brackets_ends_at_once);
    tcase_add_test(t, the_number_of_values_has_a_limit);
    tcase_add_test(t, an_object_of_many_members_is_no_trap);
    return unit_run(suite);
}
