/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test program shares: main, and a guard against descriptors that a test leaves open. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>

/* Runs the suite in Check's fork mode and returns the exit status for main. CK_FORK=no and CK_RUN_CASE work.
 */
int unit_run(Suite *suite);

/* A test case whose tests must leave as many descriptors open as they found. */
TCase *unit_case(Suite *suite, const char *name);

/* An empty folder of the test's own, and the descriptor of it: for fixtures. */
extern char unit_folder[64];
extern int unit_folder_fd;
void unit_folder_set_up(void);
void unit_folder_tear_down(void);

/* Asserts that a call succeeded, and shows the error's text when it did not. */
#define ck_assert_ok(call, err) ck_assert_msg((call) == 0, "%s: %s", #call, (err).text)

/* Asserts that a call failed with this class, and with text that contains part. */
#define ck_assert_fails(call, err, expected_kind, part)                                                      \
    do {                                                                                                     \
        ck_assert_int_eq((call), -1);                                                                        \
        ck_assert_msg((err).kind == (expected_kind), "%s: kind %d: %s", #call, (int)(err).kind, (err).text); \
        ck_assert_msg(strstr((err).text, (part)) != NULL, "%s: '%s' lacks '%s'", #call, (err).text, (part)); \
    } while (0)

#endif
