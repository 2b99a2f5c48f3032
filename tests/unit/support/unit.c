/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int n_open_before;

static int count_open(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL)
        abort();
    int n = 0;
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static void guard_begin(void)
{
    n_open_before = count_open();
}

static void guard_end(void)
{
    ck_assert_msg(count_open() == n_open_before, "descriptors left open: %d", count_open() - n_open_before);
}

TCase *unit_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, guard_begin, guard_end);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return tcase;
}

char unit_folder[64];
int unit_folder_fd;

void unit_folder_set_up(void)
{
    strcpy(unit_folder, "/tmp/wherry-unit.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(unit_folder));
    unit_folder_fd = open(unit_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(unit_folder_fd, 0);
}

void unit_folder_tear_down(void)
{
    char command[128];
    close(unit_folder_fd);
    snprintf(command, sizeof(command), "rm -rf %s", unit_folder);
    ck_assert_int_eq(system(command), 0);
}

int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
