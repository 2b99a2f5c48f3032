/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lock.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(an_exclusive_lock_keeps_others_out)
{
    struct error err = {0};
    int first = -1, second = 7;
    ck_assert_ok(lock_acquire(unit_folder_fd, "l", LOCK_EXCLUSIVE, true, &first, &err), err);
    ck_assert_ok(lock_acquire(unit_folder_fd, "l", LOCK_SHARED, false, &second, &err), err);
    ck_assert_int_eq(second, -1);
    close(first);
    ck_assert_ok(lock_acquire(unit_folder_fd, "l", LOCK_SHARED, false, &second, &err), err);
    ck_assert_int_ge(second, 0);
    ck_assert_ok(lock_acquire(unit_folder_fd, "l", LOCK_SHARED, false, &first, &err), err);
    ck_assert_int_ge(first, 0);
    close(first);
    close(second);
}
END_TEST

START_TEST(a_lock_ends_with_its_holder)
{
    struct error err = {0};
    int ready[2], fd = -1;
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (lock_acquire(unit_folder_fd, "l", LOCK_EXCLUSIVE, true, &fd, &err) != 0 ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    char byte;
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_ok(lock_acquire(unit_folder_fd, "l", LOCK_EXCLUSIVE, false, &fd, &err), err);
    ck_assert_int_eq(fd, -1);
    kill(pid, SIGKILL);
    ck_assert_ok(lock_acquire(unit_folder_fd, "l", LOCK_EXCLUSIVE, true, &fd, &err), err);
    ck_assert_int_ge(fd, 0);
    waitpid(pid, NULL, 0);
    close(fd);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(a_removed_lock_is_taken_anew)
{
    struct error err = {0};
    int fd = -1;
    ck_assert_ok(lock_acquire(unit_folder_fd, "l", LOCK_EXCLUSIVE, true, &fd, &err), err);
    lock_remove(unit_folder_fd, "l", &fd);
    ck_assert_int_eq(fd, -1);
    ck_assert_int_eq(faccessat(unit_folder_fd, "l", F_OK, 0), -1);
    ck_assert_ok(lock_acquire(unit_folder_fd, "l", LOCK_EXCLUSIVE, false, &fd, &err), err);
    ck_assert_int_ge(fd, 0);
    close(fd);
}
END_TEST

START_TEST(a_lock_in_a_missing_directory_names_it)
{
    struct error err = {0};
    int fd = -1;
    ck_assert_fails(lock_acquire(unit_folder_fd, "no/l", LOCK_SHARED, true, &fd, &err), err, ERROR_SYSTEM,
                    "open the lock 'no/l': No such file or directory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lock");
    TCase *tcase = unit_case(suite, "lock");
    tcase_add_checked_fixture(tcase, unit_folder_set_up, unit_folder_tear_down);
    tcase_add_test(tcase, an_exclusive_lock_keeps_others_out);
    tcase_add_test(tcase, a_lock_ends_with_its_holder);
    tcase_add_test(tcase, a_removed_lock_is_taken_anew);
    tcase_add_test(tcase, a_lock_in_a_missing_directory_names_it);
    return unit_run(suite);
}
