/* SPDX-License-Identifier: Apache-2.0 */
/* A container's directory: the id is claimed once, the record is whole or not there, removal gives the id
 * free. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "state_dir.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[] = "/tmp/test_state_dir.XXXXXX";
static char root[64];

static void make_root(void)
{
    strcpy(strrchr(base, '.') + 1, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    snprintf(root, sizeof(root), "%s/made/root", base);
}

static void remove_root(void)
{
    char path[64];
    rmdir(root);
    snprintf(path, sizeof(path), "%s/made", base);
    rmdir(path);
    ck_assert_int_eq(rmdir(base), 0);
}

START_TEST(record_comes_back_as_it_was_saved)
{
    struct error err = {0};
    struct state_dir dir = STATE_DIR_NONE;
    char bundle[] = "/a b\n%41\x7f", cgroup[] = "v1 x\ny\n";
    struct state_record saved = {.bundle = bundle,
                                 .cgroup = cgroup,
                                 .guest_kind = 2,
                                 .process = {.pid = 42, .start_time = 1ull << 60},
                                 .is_created = 1,
                                 .n_nets = 2,
                                 .nets = {{.device = "service"}, {.device = "b", .interface = "eth1"}}};
    struct state_record loaded = {0};

    make_root();
    ck_assert_ok(state_dir_create(root, "c1", &dir, &err), err);
    ck_assert_ok(state_dir_save(&dir, &saved, &err), err);
    ck_assert_ok(state_dir_load(&dir, &loaded, &err), err);
    ck_assert_str_eq(loaded.bundle, bundle);
    ck_assert_str_eq(loaded.cgroup, cgroup);
    ck_assert_ptr_null(loaded.rootfs);
    ck_assert_int_eq(loaded.process.pid, 42);
    ck_assert_uint_eq(loaded.process.start_time, 1ull << 60);
    ck_assert_uint_eq(loaded.is_created, 1);
    ck_assert_uint_eq(loaded.n_nets, 2);
    ck_assert_str_eq(loaded.nets[0].device, "service");
    ck_assert_str_eq(loaded.nets[0].interface, "");
    ck_assert_str_eq(loaded.nets[1].interface, "eth1");
    state_record_release(&loaded);
    ck_assert_ok(state_dir_remove(&dir, &err), err);
    state_dir_close(&dir);
    remove_root();
}
END_TEST

START_TEST(an_id_is_claimed_once_until_it_is_removed)
{
    struct error err = {0};
    struct state_dir first = STATE_DIR_NONE, second = STATE_DIR_NONE;
    make_root();
    ck_assert_ok(state_dir_create(root, "c1", &first, &err), err);
    ck_assert_fails(state_dir_create(root, "c1", &second, &err), err, ERROR_STATE,
                    "container with given ID already exists: 'c1'");
    ck_assert_ok(state_dir_remove(&first, &err), err);
    state_dir_close(&first);
    ck_assert_fails(state_dir_open(root, "c1", &second, &err), err, ERROR_NOT_FOUND,
                    "container 'c1' does not exist");
    ck_assert_ok(state_dir_create(root, "c1", &second, &err), err);
    ck_assert_ok(state_dir_remove(&second, &err), err);
    state_dir_close(&second);
    remove_root();
}
END_TEST

START_TEST(who_waited_for_the_lock_of_a_removed_container_is_told)
{
    struct error err = {0};
    struct state_dir mine = STATE_DIR_NONE, theirs = STATE_DIR_NONE;
    make_root();
    ck_assert_ok(state_dir_create(root, "c1", &mine, &err), err);
    ck_assert_ok(state_dir_open(root, "c1", &theirs, &err), err);
    ck_assert_ok(state_dir_remove(&mine, &err), err);
    state_dir_close(&mine);
    ck_assert_fails(state_dir_lock(&theirs, &err), err, ERROR_NOT_FOUND, "container 'c1' does not exist");
    state_dir_close(&theirs);
    remove_root();
}
END_TEST

START_TEST(the_lock_excludes_and_ends_with_its_holder)
{
    struct error err = {0};
    struct state_dir dir = STATE_DIR_NONE, other = STATE_DIR_NONE;
    int ready[2];
    char byte;
    make_root();
    ck_assert_ok(state_dir_create(root, "c1", &dir, &err), err);
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct state_dir inner = STATE_DIR_NONE;
        state_dir_close(&dir);
        if (state_dir_open(root, "c1", &inner, &err) < 0 || write(ready[1], "", 1) != 1 ||
            state_dir_lock(&inner, &err) < 0)
            _exit(1);
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
    state_dir_close(&dir);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_ok(state_dir_open(root, "c1", &other, &err), err);
    ck_assert_ok(state_dir_remove(&other, &err), err);
    state_dir_close(&other);
    close(ready[0]);
    close(ready[1]);
    remove_root();
}
END_TEST

static void write_record(const struct state_dir *dir, const char *text)
{
    int fd = openat(dir->fd, "record", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

START_TEST(a_record_that_is_not_in_order_is_refused)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "not of a version"},
        {"wherry-state 2\n", "not of a version"},
        {"wherry-state 1\npid 1", "cut off"},
        {"wherry-state 1\npid\n", "cut off"},
        {"wherry-state 1\npid x\n", "\"pid\" is not in order"},
        {"wherry-state 1\nbundle %4\n", "\"bundle\" is not in order"},
        {"wherry-state 1\nbundle %00\n", "\"bundle\" is not in order"},
        {"wherry-state 1\nbundle a\nbundle b\n", "\"bundle\" is not in order"},
        {"wherry-state 1\ncolour red\n", "\"colour\" is not in order"},
        {"wherry-state 1\nnet a\n", "\"net\" is not in order"},
    };
    struct error err = {0};
    struct state_dir dir = STATE_DIR_NONE;
    struct state_record record;
    make_root();
    ck_assert_ok(state_dir_create(root, "c1", &dir, &err), err);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_record(&dir, cases[i].text);
        ck_assert_fails(state_dir_load(&dir, &record, &err), err, ERROR_INPUT, cases[i].message);
    }
    ck_assert_ok(state_dir_remove(&dir, &err), err);
    state_dir_close(&dir);
    remove_root();
}
END_TEST

START_TEST(a_create_that_was_killed_early_leaves_an_empty_record)
{
    struct error err = {0};
    struct state_dir dir = STATE_DIR_NONE;
    struct state_record record;
    make_root();
    ck_assert_ok(state_dir_create(root, "c1", &dir, &err), err);
    ck_assert_ok(state_dir_load(&dir, &record, &err), err);
    ck_assert_ptr_null(record.bundle);
    ck_assert_int_eq(record.process.pid, 0);
    ck_assert_ok(state_dir_remove(&dir, &err), err);
    state_dir_close(&dir);
    remove_root();
}
END_TEST

START_TEST(no_root_is_no_container)
{
    struct error err = {0};
    char **ids = NULL;
    size_t n = 1;
    ck_assert_ok(state_dir_list("/nowhere/at/all", &ids, &n, &err), err);
    ck_assert_uint_eq(n, 0);
    free(ids);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state_dir");
    TCase *tcase = unit_case(suite, "state_dir");
    tcase_add_test(tcase, record_comes_back_as_it_was_saved);
    tcase_add_test(tcase, an_id_is_claimed_once_until_it_is_removed);
    tcase_add_test(tcase, who_waited_for_the_lock_of_a_removed_container_is_told);
    tcase_add_test(tcase, the_lock_excludes_and_ends_with_its_holder);
    tcase_add_test(tcase, a_record_that_is_not_in_order_is_refused);
    tcase_add_test(tcase, a_create_that_was_killed_early_leaves_an_empty_record);
    tcase_add_test(tcase, no_root_is_no_container);
    return unit_run(suite);
}
