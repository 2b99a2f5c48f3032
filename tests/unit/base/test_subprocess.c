/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/subprocess.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs a line of shell, with stdout in output. */
static int run_shell(char *line, char *const *envp, char *output, size_t size, int timeout_ms,
                     struct error *err)
{
    char name[] = "sh", option[] = "-c";
    char *const argv[] = {name, option, line, NULL};
    int pair[2], status = -1;
    pid_t pid;

    ck_assert_int_eq(pipe2(pair, O_CLOEXEC), 0);
    struct subprocess program = {.path = "/bin/sh",
                                 .argv = argv,
                                 .envp = envp,
                                 .cwd = "/",
                                 .stdin_fd = -1,
                                 .stdout_fd = pair[1],
                                 .stderr_fd = -1};
    ck_assert_ok(subprocess_spawn(&program, &pid, err), *err);
    close(pair[1]);
    int result = subprocess_wait(pid, timeout_ms, &status, err);
    ssize_t n = read(pair[0], output, size - 1);
    output[n < 0 ? 0 : n] = '\0';
    close(pair[0]);
    return result < 0 ? -1 : subprocess_exit_code(status);
}

START_TEST(child_has_the_environment_it_was_given_and_no_other)
{
    struct error err = {0};
    char line[] = "echo $A-$HOME; pwd; exit 3", a[] = "A=b", output[256];
    char *const envp[] = {a, NULL};
    ck_assert_int_eq(run_shell(line, envp, output, sizeof(output), SUBPROCESS_NO_LIMIT, &err), 3);
    ck_assert_str_eq(output, "b-\n/\n");
}
END_TEST

START_TEST(child_has_no_descriptor_but_three)
{
    struct error err = {0};
    char line[] = "exec ls /proc/self/fd", path[] = "PATH=/bin:/usr/bin", output[256];
    char *const envp[] = {path, NULL};
    int leaked = dup(0);
    ck_assert_int_eq(run_shell(line, envp, output, sizeof(output), SUBPROCESS_NO_LIMIT, &err), 0);
    close(leaked);
    ck_assert_str_eq(output, "0\n1\n2\n3\n"); /* the last is the folder that ls reads */
}
END_TEST

START_TEST(child_that_takes_too_long_is_killed)
{
    struct error err = {0};
    char line[] = "exec sleep 60", output[16];
    char *const envp[] = {NULL};
    uint64_t before = clock_monotonic_ns();
    ck_assert_fails(run_shell(line, envp, output, sizeof(output), 50, &err), err, ERROR_SYSTEM,
                    "did not end within 0.050 s and was killed");
    ck_assert_uint_lt(clock_monotonic_ns() - before, 10000000000u);
}
END_TEST

START_TEST(what_it_has_started_is_killed_with_it)
{
    struct error err = {0};
    char line[] = "sleep 61 & sleep 62", output[16], path[] = "PATH=/bin:/usr/bin"; /* both hold the pipe */
    char *const envp[] = {path, NULL};
    uint64_t before = clock_monotonic_ns();
    ck_assert_fails(run_shell(line, envp, output, sizeof(output), 50, &err), err, ERROR_SYSTEM, "was killed");
    ck_assert_uint_lt(clock_monotonic_ns() - before, 10000000000u);
}
END_TEST

START_TEST(death_by_a_signal_is_128_and_the_signal)
{
    struct error err = {0};
    char line[] = "kill -TERM $$", output[16];
    char *const envp[] = {NULL};
    ck_assert_int_eq(run_shell(line, envp, output, sizeof(output), 10000, &err), 128 + SIGTERM);
}
END_TEST

START_TEST(ignored_signals_are_not_inherited)
{
    struct error err = {0};
    char line[] = "kill -PIPE $$; exit 0", output[16];
    char *const envp[] = {NULL};
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(run_shell(line, envp, output, sizeof(output), 10000, &err), 128 + SIGPIPE);
}
END_TEST

START_TEST(program_that_is_not_there_is_an_error)
{
    struct error err = {0};
    char name[] = "x";
    char *const argv[] = {name, NULL}, *const envp[] = {NULL};
    struct subprocess program = {
        .path = "/nowhere/x", .argv = argv, .envp = envp, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1};
    pid_t pid;
    ck_assert_fails(subprocess_spawn(&program, &pid, &err), err, ERROR_SYSTEM,
                    "execute '/nowhere/x': No such file or directory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("subprocess");
    TCase *tcase = unit_case(suite, "subprocess");
    tcase_add_test(tcase, child_has_the_environment_it_was_given_and_no_other);
    tcase_add_test(tcase, child_has_no_descriptor_but_three);
    tcase_add_test(tcase, child_that_takes_too_long_is_killed);
    tcase_add_test(tcase, what_it_has_started_is_killed_with_it);
    tcase_add_test(tcase, death_by_a_signal_is_128_and_the_signal);
    tcase_add_test(tcase, ignored_signals_are_not_inherited);
    tcase_add_test(tcase, program_that_is_not_there_is_an_error);
    return unit_run(suite);
}
