/* SPDX-License-Identifier: Apache-2.0 */
#include "signal_name.h"
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

START_TEST(names_and_numbers_mean_the_same)
{
    static const struct {
        const char *text;
        int signal;
    } cases[] = {{"TERM", SIGTERM}, {"SIGTERM", SIGTERM}, {"sigKill", SIGKILL}, {"15", 15},
                 {"0", 0},          {"CLD", SIGCHLD}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        int signal = -1;
        ck_assert_ok(signal_name_parse(cases[i].text, &signal, &err), err);
        ck_assert_int_eq(signal, cases[i].signal);
    }
}
END_TEST

START_TEST(real_time_signals_count_from_either_end)
{
    struct error err = {0};
    int signal = 0;
    ck_assert_ok(signal_name_parse("SIGRTMIN+3", &signal, &err), err);
    ck_assert_int_eq(signal, SIGRTMIN + 3);
    ck_assert_ok(signal_name_parse("RTMAX-2", &signal, &err), err);
    ck_assert_int_eq(signal, SIGRTMAX - 2);
}
END_TEST

START_TEST(what_is_no_signal_is_refused)
{
    static const char *const cases[] = {"", "SIG", "TERMS", "-1", "65", "1x", "RTMIN+99", "RTMIN+"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        int signal;
        ck_assert_fails(signal_name_parse(cases[i], &signal, &err), err, ERROR_USAGE, "unknown signal");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("signal_name");
    TCase *tcase = unit_case(suite, "signal_name");
    tcase_add_test(tcase, names_and_numbers_mean_the_same);
    tcase_add_test(tcase, real_time_signals_count_from_either_end);
    tcase_add_test(tcase, what_is_no_signal_is_refused);
    return unit_run(suite);
}
