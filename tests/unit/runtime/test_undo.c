/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "undo.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static char order[8];

static int note(void *object, struct error *err)
{
    (void)err;
    strcat(order, object);
    return 0;
}

static int note_and_fail(void *object, struct error *err)
{
    strcat(order, object);
    return error_set(err, ERROR_SYSTEM, "cannot");
}

START_TEST(steps_run_last_first_and_a_failure_stops_none)
{
    struct undo undo = UNDO_NONE;
    char a[] = "a", b[] = "b", c[] = "c";
    undo_push(&undo, note, a);
    undo_push(&undo, note_and_fail, b);
    undo_push(&undo, note, c);
    undo_run(&undo);
    ck_assert_str_eq(order, "cba");
    undo_run(&undo);
    ck_assert_str_eq(order, "cba");
}
END_TEST

START_TEST(success_forgets_the_steps)
{
    char a[] = "a";
    {
        _cleanup_(undo_run) struct undo undo = UNDO_NONE;
        undo_push(&undo, note, a);
        undo_forget(&undo);
    }
    ck_assert_str_eq(order, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("undo");
    TCase *tcase = unit_case(suite, "undo");
    tcase_add_test(tcase, steps_run_last_first_and_a_failure_stops_none);
    tcase_add_test(tcase, success_forgets_the_steps);
    return unit_run(suite);
}
