/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t spawn_sleeper(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        /* A name that would confuse a parser that stops at the first parenthesis. */
        prctl(PR_SET_NAME, "a) R 1 (b");
        pause();
        _exit(0);
    }
    return pid;
}

START_TEST(a_process_is_known_until_it_ends)
{
    struct error err = {0};
    struct process process = {0};
    int pidfd = -1;
    pid_t pid = spawn_sleeper();
    ck_assert_ok(process_identify(pid, &process, &err), err);
    ck_assert(process_is_alive(&process));
    ck_assert_ok(process_open(&process, &pidfd, &err), err);
    ck_assert_fails(process_wait_end(pidfd, 20, &err), err, ERROR_SYSTEM, "did not end within 20 ms");
    ck_assert_ok(process_signal(pidfd, SIGKILL, &err), err);
    ck_assert_ok(process_wait_end(pidfd, 10000, &err), err);
    ck_assert_msg(!process_is_alive(&process), "a zombie counts as alive");
    waitpid(pid, NULL, 0);
    ck_assert(!process_is_alive(&process));
    ck_assert_fails(process_signal(pidfd, SIGTERM, &err), err, ERROR_NOT_FOUND, "no such process");
    close(pidfd);
}
END_TEST

START_TEST(a_pid_that_was_given_to_another_process_is_not_taken_for_it)
{
    struct error err = {0};
    struct process process = {0};
    int pidfd;
    pid_t pid = spawn_sleeper();
    ck_assert_ok(process_identify(pid, &process, &err), err);
    process.start_time--;
    ck_assert(!process_is_alive(&process));
    ck_assert_fails(process_open(&process, &pidfd, &err), err, ERROR_NOT_FOUND, "no such process");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(no_process_is_not_found)
{
    struct error err = {0};
    struct process none = {0};
    int pidfd;
    ck_assert(!process_is_alive(&none));
    ck_assert_fails(process_open(&none, &pidfd, &err), err, ERROR_NOT_FOUND, "no such process");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("process");
    TCase *tcase = unit_case(suite, "process");
    tcase_add_test(tcase, a_process_is_known_until_it_ends);
    tcase_add_test(tcase, a_pid_that_was_given_to_another_process_is_not_taken_for_it);
    tcase_add_test(tcase, no_process_is_not_found);
    return unit_run(suite);
}
