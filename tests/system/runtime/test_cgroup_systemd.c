/* SPDX-License-Identifier: Apache-2.0 */
/* A container's cgroup as a unit of systemd, where systemd runs: tests/system/cgroup_v2.bats boots such a
 * machine. */
#include "base/cleanup.h"
#include "cgroup.h"
#include "cgroup_dirs.h"
#include "cgroup_file.h"
#include "oci-spec/config.h"
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int create_at(const char *path, const char *id, struct cgroup **out_cgroup, struct error *err)
{
    if (cgroup_plan_systemd(path, id, out_cgroup, err) < 0)
        return -1;
    return cgroup_make(*out_cgroup, err);
}

static struct cgroup *create(const char *path)
{
    struct error err = {0};
    struct cgroup *cgroup = NULL;
    ck_assert_ok(create_at(path, "one", &cgroup, &err), err);
    return cgroup;
}

static void destroy(struct cgroup *cgroup)
{
    struct error err = {0};
    ck_assert_ok(cgroup_remove(cgroup, &err), err);
    for (size_t i = 0; i < cgroup->n; i++)
        ck_assert_int_ne(access(cgroup->dirs[i].path, F_OK), 0);
    ck_assert_ok(cgroup_remove(cgroup, &err), err);
    cgroup_free(cgroup);
}

static pid_t start_process(const struct cgroup *cgroup)
{
    struct error err = {0};
    pid_t pid = fork();
    if (pid == 0) {
        for (;;)
            pause();
    }
    ck_assert_ok(cgroup_add(cgroup, pid, &err), err);
    return pid;
}

static void end_process(const struct cgroup *cgroup, pid_t pid)
{
    struct error err = {0};
    ck_assert_ok(cgroup_kill(cgroup, SIGKILL, &err), err);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_scope_is_made_in_its_slice)
{
    struct error err = {0};
    pid_t *pids = NULL;
    size_t n = 0;
    struct cgroup *cgroup = create("machine.slice:libpod:1234");
    ck_assert_ptr_nonnull(strstr(cgroup->dirs[0].path, "/machine.slice/libpod-1234.scope"));
    pid_t pid = start_process(cgroup);
    usleep(100000); /* the placeholder dies */
    ck_assert_ok(cgroup_pids(cgroup, &pids, &n, &err), err);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(pids[0], pid);
    free(pids);
    end_process(cgroup, pid);
    destroy(cgroup);
}
END_TEST

START_TEST(the_standard_scope_has_the_containers_name)
{
    struct cgroup *cgroup = create(NULL);
    ck_assert_ptr_nonnull(strstr(cgroup->dirs[0].path, "/system.slice/wherry-one.scope"));
    destroy(cgroup);
}
END_TEST

static void expect_file(const struct cgroup *cgroup, const char *file, const char *expected)
{
    struct error err = {0};
    _cleanup_free_ char *text = NULL;
    ck_assert_ok(cgroup_file_read(cgroup->dirs[0].path, file, &text, &err), err);
    ck_assert_str_eq(text, expected);
}

START_TEST(limits_are_systemds_too)
{
    struct config_resources resources = {
        .memory = {.has_limit = true, .limit = 64 << 20, .has_reservation = true, .reservation = 16 << 20},
        .cpu = {.has_shares = true,
                .shares = 512,
                .has_quota = true,
                .quota = 25000,
                .has_period = true,
                .period = 50000},
        .pids = {.has_limit = true, .limit = 99}};
    struct error err = {0};
    struct cgroup *cgroup = create("machine.slice:libpod:limits");
    pid_t pid = start_process(cgroup);
    ck_assert_ok(cgroup_apply(cgroup, &resources, &err), err);
    ck_assert_int_eq(system("systemctl daemon-reload"), 0); /* writes what systemd holds to be right */
    expect_file(cgroup, "memory.max", "67108864\n");
    expect_file(cgroup, "memory.low", "16777216\n");
    expect_file(cgroup, "pids.max", "99\n");
    expect_file(cgroup, "cpu.max", "25000 50000\n");
    expect_file(cgroup, "cpu.weight", "20\n");
    end_process(cgroup, pid);
    destroy(cgroup);
}
END_TEST

START_TEST(the_text_form_finds_the_unit_again)
{
    struct error err = {0};
    struct cgroup *cgroup = create("machine.slice:libpod:text"), *parsed = NULL;
    char text[8192];
    pid_t pid = start_process(cgroup);
    ck_assert_ok(cgroup_format(cgroup, text, sizeof(text), &err), err);
    ck_assert_ptr_eq(strstr(text, "unit libpod-text.scope\n"), text);
    ck_assert_ok(cgroup_parse(text, &parsed, &err), err);
    cgroup_free(cgroup);
    end_process(parsed, pid);
    destroy(parsed);
}
END_TEST

START_TEST(a_name_in_use_is_an_error)
{
    struct error err = {0};
    struct cgroup *cgroup = create("machine.slice:libpod:twice"), *second = NULL;
    ck_assert_fails(create_at("machine.slice:libpod:twice", "one", &second, &err), err, ERROR_SYSTEM,
                    "start unit 'libpod-twice.scope': systemd says: ");
    ck_assert_ok(cgroup_remove(second, &err), err);
    cgroup_free(second);
    pid_t pid = start_process(cgroup); /* the first is still there */
    end_process(cgroup, pid);
    destroy(cgroup);
}
END_TEST

int main(void)
{
    struct error err = {0};
    struct cgroup *cgroup = NULL;
    if (create_at(NULL, "probe", &cgroup, &err) < 0 && err.kind == ERROR_REFUSED) {
        printf("skipped: %s\n", err.text);
        cgroup_free(cgroup);
        return 77;
    }
    if (cgroup != NULL)
        cgroup_remove(cgroup, &err);
    cgroup_free(cgroup);

    Suite *suite = suite_create("cgroup_systemd");
    TCase *t = unit_case(suite, "cgroup_systemd");
    tcase_add_test(t, a_scope_is_made_in_its_slice);
    tcase_add_test(t, the_standard_scope_has_the_containers_name);
    tcase_add_test(t, limits_are_systemds_too);
    tcase_add_test(t, the_text_form_finds_the_unit_again);
    tcase_add_test(t, a_name_in_use_is_an_error);
    return unit_run(suite);
}
