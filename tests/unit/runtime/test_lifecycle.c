/* SPDX-License-Identifier: Apache-2.0 */
/* The table of lifecycle.h, and the words in which engines look for what is not possible. */
#include "lifecycle.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

START_TEST(each_operation_is_possible_where_the_table_says_so)
{
    /* S start, K kill, P pause, R resume, U update, D delete, F delete --force */
    static const char letters[] = "SKPRUDF";
    static const char *const possible[STATE_COUNT] = {
        [STATE_CREATING] = "F",  [STATE_CREATED] = "SKPUDF", [STATE_RUNNING] = "KPUF",
        [STATE_PAUSED] = "KRUF", [STATE_STOPPED] = "DF",
    };
    for (int state = 0; state < STATE_COUNT; state++)
        for (int operation = 0; operation < LIFECYCLE_OPERATION_COUNT; operation++) {
            struct error err = {0};
            int expected = strchr(possible[state], letters[operation]) != NULL ? 0 : -1;
            ck_assert_int_eq(lifecycle_check(state, operation, "c1", &err), expected);
            ck_assert_int_eq(err.kind, expected == 0 ? ERROR_NONE : ERROR_STATE);
        }
}
END_TEST

START_TEST(refusals_are_in_the_words_of_runc)
{
    static const struct {
        enum state_status state;
        enum lifecycle_operation operation;
        const char *message;
    } cases[] = {
        {STATE_STOPPED, LIFECYCLE_KILL, "container not running: 'c1' is stopped"},
        {STATE_RUNNING, LIFECYCLE_START, "cannot start an already running container: 'c1' is running"},
        {STATE_CREATING, LIFECYCLE_START, "cannot start a container that is not created: 'c1' is creating"},
        {STATE_STOPPED, LIFECYCLE_PAUSE, "container not running or created: 'c1' is stopped"},
        {STATE_RUNNING, LIFECYCLE_DELETE, "cannot delete a container that is not stopped: 'c1' is running"},
        {STATE_RUNNING, LIFECYCLE_RESUME, "container not paused: 'c1' is running"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        ck_assert_fails(lifecycle_check(cases[i].state, cases[i].operation, "c1", &err), err, ERROR_STATE,
                        cases[i].message);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle");
    TCase *tcase = unit_case(suite, "lifecycle");
    tcase_add_test(tcase, each_operation_is_possible_where_the_table_says_so);
    tcase_add_test(tcase, refusals_are_in_the_words_of_runc);
    return unit_run(suite);
}
