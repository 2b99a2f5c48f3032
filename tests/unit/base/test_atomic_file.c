/* SPDX-License-Identifier: Apache-2.0 */
#include "base/atomic_file.h"
#include "base/fd.h"
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int count_names(void)
{
    int n = 0;
    DIR *stream = opendir(unit_folder);
    ck_assert_ptr_nonnull(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(stream);
    return n;
}

static void assert_contents(const char *name, const char *expected)
{
    char buf[64] = "";
    int fd = openat(unit_folder_fd, name, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_ge(read(fd, buf, sizeof(buf) - 1), 0);
    close(fd);
    ck_assert_str_eq(buf, expected);
}

START_TEST(a_file_appears_at_its_commit)
{
    struct error err = {0};
    struct atomic_file file;
    bool existed = true;
    ck_assert_ok(atomic_file_begin(&file, unit_folder_fd, 0644, &err), err);
    ck_assert_ok(fd_write_all(file.fd, "one", 3, "it", &err), err);
    ck_assert_int_eq(faccessat(unit_folder_fd, "name", F_OK, 0), -1);
    ck_assert_ok(atomic_file_commit(&file, "name", ATOMIC_FILE_KEEP, &existed, &err), err);
    atomic_file_release(&file);
    ck_assert(!existed);
    assert_contents("name", "one");
    ck_assert_int_eq(count_names(), 1);
}
END_TEST

START_TEST(keep_leaves_what_stands_there)
{
    struct error err = {0};
    struct atomic_file file;
    bool existed = false;
    ck_assert_ok(atomic_file_write(unit_folder_fd, "name", "one", 3, 0644, &err), err);
    ck_assert_ok(atomic_file_begin(&file, unit_folder_fd, 0644, &err), err);
    ck_assert_ok(atomic_file_commit(&file, "name", ATOMIC_FILE_KEEP, &existed, &err), err);
    atomic_file_release(&file);
    ck_assert(existed);
    assert_contents("name", "one");
    ck_assert_int_eq(count_names(), 1);
}
END_TEST

START_TEST(write_replaces)
{
    struct error err = {0};
    ck_assert_ok(atomic_file_write(unit_folder_fd, "name", "first", 5, 0644, &err), err);
    ck_assert_ok(atomic_file_write(unit_folder_fd, "name", "2nd", 3, 0644, &err), err);
    assert_contents("name", "2nd");
    ck_assert_int_eq(count_names(), 1);
}
END_TEST

START_TEST(release_without_commit_leaves_nothing)
{
    struct error err = {0};
    struct atomic_file file;
    ck_assert_ok(atomic_file_begin(&file, unit_folder_fd, 0644, &err), err);
    atomic_file_release(&file);
    ck_assert_int_eq(count_names(), 0);
}
END_TEST

START_TEST(a_failed_replacement_leaves_nothing)
{
    struct error err = {0};
    ck_assert_int_eq(mkdirat(unit_folder_fd, "name", 0755), 0);
    ck_assert_fails(atomic_file_write(unit_folder_fd, "name", "x", 1, 0644, &err), err, ERROR_SYSTEM,
                    "name a file 'name'");
    ck_assert_int_eq(count_names(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("atomic_file");
    TCase *tcase = unit_case(suite, "atomic_file");
    tcase_add_checked_fixture(tcase, unit_folder_set_up, unit_folder_tear_down);
    tcase_add_test(tcase, a_file_appears_at_its_commit);
    tcase_add_test(tcase, keep_leaves_what_stands_there);
    tcase_add_test(tcase, write_replaces);
    tcase_add_test(tcase, release_without_commit_leaves_nothing);
    tcase_add_test(tcase, a_failed_replacement_leaves_nothing);
    return unit_run(suite);
}
