/* SPDX-License-Identifier: Apache-2.0 */
/* A target becomes a path below the root, or nothing. */
#include "target.h"
#include "unit.h"

static const struct {
    const char *target, *path; /* NULL: refused */
} cases[] = {
    {"/", "/"},
    {"/a/b.html", "/a/b.html"},
    {"/a/", "/a/"},
    {"/a//b", "/a/b"},
    {"//evil.example/..", "/"},
    {"/a/./b/../c", "/a/c"},
    {"/a/..", "/"},
    {"/a/b/..", "/a/"},
    {"/a/.", "/a/"},
    {"/...", "/..."},
    {"/%61%2e%62?query/..", "/a.b"},
    {"/?", "/"},
    {"/a%20b%C3%a4", "/a b\xc3\xa4"},
    {"/a/%2e%2E/b", "/b"},
    {"http://host/x", "/x"},
    {"HTTP://host", "/"},
    {"/..", NULL},
    {"/a/../..", NULL},
    {"/%2e%2e/etc", NULL},
    {"/a%2fb", NULL},
    {"/a%00", NULL},
    {"/%", NULL},
    {"/%4", NULL},
    {"/%4x", NULL},
    {"*", NULL},
    {"a", NULL},
    {"?", NULL},
    {"http://host?x", "/"},
};

START_TEST(a_target_becomes_a_path_or_nothing)
{
    char out[64];
    struct slice target = {cases[_i].target, strlen(cases[_i].target)};
    int result = target_decode(target, out, sizeof(out));
    ck_assert_msg((result == 0) == (cases[_i].path != NULL), "%s: %d", cases[_i].target, result);
    if (result == 0)
        ck_assert_str_eq(out, cases[_i].path);
}
END_TEST

START_TEST(a_path_without_room_is_refused)
{
    char out[8] = "#######";
    ck_assert_int_eq(target_decode((struct slice){"/abcde", 6}, out, 8), 0);
    ck_assert_int_eq(target_decode((struct slice){"/abcdefg", 8}, out, 7), -1);
    ck_assert_int_eq(out[7], '\0');
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("target");
    TCase *t = unit_case(suite, "target");
    tcase_add_loop_test(t, a_target_becomes_a_path_or_nothing, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(t, a_path_without_room_is_refused);
    return unit_run(suite);
}
