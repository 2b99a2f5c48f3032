/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's words come out as they were before they were quoted. */
#include "kit/crt/command_line.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *line;
    int n;
    const char *words[4];
} cases[] = {
    {"", 0, {0}},
    {"  \t ", 0, {0}},
    {"one", 1, {"one"}},
    {" one  two ", 2, {"one", "two"}},
    {"\"one two\" three", 2, {"one two", "three"}},
    {"a\\ b c\\\"d e\\\\f", 3, {"a b", "c\"d", "e\\f"}},
    {"\"\" x", 2, {"", "x"}},
    {"--name=\"a b\"c", 1, {"--name=a bc"}},
    {"\"open", 1, {"open"}},
    {"end\\", 1, {"end\\"}},
    {"\"a\\\"b\"", 1, {"a\"b"}},
};

START_TEST(words_are_split_and_unquoted)
{
    char line[64], *words[64];
    strcpy(line, cases[_i].line);
    ck_assert_uint_ge(command_line_words_max(line), (size_t)cases[_i].n);
    ck_assert_int_eq(command_line_split(line, words), cases[_i].n);
    for (int i = 0; i < cases[_i].n; i++)
        ck_assert_str_eq(words[i], cases[_i].words[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command_line");
    TCase *t = unit_case(suite, "command_line");
    tcase_add_loop_test(t, words_are_split_and_unquoted, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    return unit_run(suite);
}
