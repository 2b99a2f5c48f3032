/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "unit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct values {
    const char *log;
    bool force;
    uint64_t number;
};

static const struct cli_option options[] = {
    {"log", 'l', CLI_TEXT, offsetof(struct values, log), "FILE", ""},
    {"force", 'f', CLI_FLAG, offsetof(struct values, force), NULL, ""},
    {"number", 'n', CLI_NUMBER, offsetof(struct values, number), "N", ""},
    {"criu", 0, CLI_IGNORED, 0, "PATH", ""},
    {"no-pivot", 0, CLI_FLAG_IGNORED, 0, NULL, ""},
    CLI_END,
};

START_TEST(values_are_taken_in_every_form)
{
    static const char *const forms[][4] = {
        {"--log", "x", "rest"}, {"--log=x", "rest"}, {"-l", "x", "rest"}, {"-lx", "rest"}, {"-l=x", "rest"}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct error err = {0};
        struct values values = {0};
        int position = 0;
        ck_assert_ok(
            cli_parse_options(options, &values, (char *const *)(const void *)forms[i], &position, &err), err);
        ck_assert_str_eq(values.log, "x");
        ck_assert_str_eq(forms[i][position], "rest");
    }
}
END_TEST

START_TEST(flags_numbers_and_ignored_options_are_parsed)
{
    static const char *const argv[] = {"-f", "--number=7", "--criu", "/x", "--no-pivot", "--force=false",
                                       "--", "-x",         NULL};
    struct error err = {0};
    struct values values = {0};
    int position = 0;
    ck_assert_ok(cli_parse_options(options, &values, (char *const *)(const void *)argv, &position, &err),
                 err);
    ck_assert(!values.force);
    ck_assert_uint_eq(values.number, 7);
    ck_assert_str_eq(argv[position], "-x");
}
END_TEST

START_TEST(what_cannot_be_understood_is_refused)
{
    static const struct {
        const char *argv[3], *message;
    } cases[] = {{{"--lo"}, "unknown option \"--lo\""},
                 {{"-z"}, "unknown option \"-z\""},
                 {{"--log"}, "option \"--log\" needs a value"},
                 {{"--force=maybe"}, "neither true nor false"},
                 {{"--number", "x"}, "option \"--number\""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct values values = {0};
        int position = 0;
        ck_assert_fails(
            cli_parse_options(options, &values, (char *const *)(const void *)cases[i].argv, &position, &err),
            err, ERROR_USAGE, cases[i].message);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli");
    TCase *tcase = unit_case(suite, "cli");
    tcase_add_test(tcase, values_are_taken_in_every_form);
    tcase_add_test(tcase, flags_numbers_and_ignored_options_are_parsed);
    tcase_add_test(tcase, what_cannot_be_understood_is_refused);
    return unit_run(suite);
}
