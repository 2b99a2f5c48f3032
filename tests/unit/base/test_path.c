/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(absolute_symlinks_stay_inside_the_root)
{
    struct error err = {0};
    int fd = -1;
    ck_assert_int_eq(mkdirat(unit_folder_fd, "etc", 0755), 0);
    ck_assert_int_eq(symlinkat("/etc", unit_folder_fd, "link"), 0);
    ck_assert_int_eq(symlinkat("../../../../etc/passwd", unit_folder_fd, "out"), 0);
    ck_assert_ok(path_open_in_root(unit_folder_fd, "/link", O_RDONLY | O_DIRECTORY, &fd, &err), err);
    struct stat inside, opened;
    ck_assert_int_eq(fstatat(unit_folder_fd, "etc", &inside, 0), 0);
    ck_assert_int_eq(fstat(fd, &opened), 0);
    ck_assert_uint_eq(inside.st_ino, opened.st_ino);
    close(fd);
    ck_assert_fails(path_open_in_root(unit_folder_fd, "/out", O_RDONLY, &fd, &err), err, ERROR_SYSTEM,
                    "open '/out'");
    ck_assert_int_eq(err.errnum, ENOENT);
}
END_TEST

START_TEST(beneath_follows_no_symlink)
{
    struct error err = {0};
    int fd = -1;
    ck_assert_int_eq(mkdirat(unit_folder_fd, "a", 0755), 0);
    ck_assert_int_eq(symlinkat("a", unit_folder_fd, "link"), 0);
    ck_assert_ok(path_open_beneath(unit_folder_fd, "a", O_RDONLY | O_DIRECTORY, &fd, &err), err);
    close(fd);
    ck_assert_fails(path_open_beneath(unit_folder_fd, "link", O_RDONLY, &fd, &err), err, ERROR_SYSTEM,
                    "open 'link'");
    ck_assert_int_eq(err.errnum, ELOOP);
    ck_assert_fails(path_open_beneath(unit_folder_fd, "../x", O_RDONLY, &fd, &err), err, ERROR_SYSTEM,
                    "open '../x'");
    ck_assert_int_eq(err.errnum, EXDEV);
}
END_TEST

START_TEST(directories_are_made_with_their_parents)
{
    struct error err = {0};
    char path[128];
    struct stat st;
    snprintf(path, sizeof(path), "%s/x/y//z", unit_folder);
    ck_assert_ok(path_make_dirs(path, 0700, &err), err);
    ck_assert_ok(path_make_dirs(path, 0700, &err), err);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(a_file_in_the_way_is_an_error)
{
    struct error err = {0};
    char path[128];
    close(openat(unit_folder_fd, "file", O_CREAT | O_WRONLY, 0600));
    snprintf(path, sizeof(path), "%s/file", unit_folder);
    ck_assert_fails(path_make_dirs(path, 0700, &err), err, ERROR_SYSTEM, "Not a directory");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("path");
    TCase *tcase = unit_case(suite, "path");
    tcase_add_checked_fixture(tcase, unit_folder_set_up, unit_folder_tear_down);
    tcase_add_test(tcase, absolute_symlinks_stay_inside_the_root);
    tcase_add_test(tcase, beneath_follows_no_symlink);
    tcase_add_test(tcase, directories_are_made_with_their_parents);
    tcase_add_test(tcase, a_file_in_the_way_is_an_error);
    return unit_run(suite);
}
