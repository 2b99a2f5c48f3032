/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The promises of cgroup.h in the hierarchies that the host mounts, whichever they are:
 * tests/system/cgroup_v2 runs the same program where there is only v2. Every cgroup made here is below
 * "/wherry-test-PID" and gone afterwards.
 */
#include "base/cleanup.h"
#include "cgroup.h"
#include "cgroup_dirs.h"
#include "cgroup_file.h"
#include "cgroup_stats.h"
#include "unit.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char base[64];

static int create_at(const char *path, const char *id, struct cgroup **out_cgroup, struct error *err)
{
    if (cgroup_plan(path, id, out_cgroup, err) < 0)
        return -1;
    if (cgroup_make(*out_cgroup, err) == 0)
        return 0;
    struct error ignored;
    cgroup_remove(*out_cgroup, &ignored);
    cgroup_free(*out_cgroup);
    return -1;
}

static struct cgroup *create(const char *below)
{
    struct error err = {0};
    struct cgroup *cgroup = NULL;
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", base, below);
    ck_assert_ok(create_at(path, "unused", &cgroup, &err), err);
    return cgroup;
}

static void remove_and_free(struct cgroup *cgroup)
{
    struct error err = {0};
    ck_assert_ok(cgroup_remove(cgroup, &err), err);
    cgroup_free(cgroup);
}

/* Whether path, below the first hierarchy's mount, is there. */
static bool is_there(const struct cgroup *cgroup, const char *path)
{
    char full[PATH_MAX];
    size_t mount = (size_t)(strstr(cgroup->dirs[0].path, base) - cgroup->dirs[0].path);
    snprintf(full, sizeof(full), "%.*s%s", (int)mount, cgroup->dirs[0].path, path);
    return access(full, F_OK) == 0;
}

static volatile unsigned int *counter; /* shared with children */

/* A child that counts, so that it can be seen running. */
static pid_t start_process(void)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        ++*counter;
        usleep(1000);
    }
}

static bool is_counting(void)
{
    unsigned int before = *counter;
    usleep(60000);
    return *counter != before;
}

static void wait_for(pid_t pid)
{
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(a_cgroup_is_made_in_every_hierarchy_and_removed)
{
    struct cgroup *cgroup = create("one/two");
    for (size_t i = 0; i < cgroup->n; i++) {
        ck_assert_int_eq(access(cgroup->dirs[i].path, F_OK), 0);
        ck_assert_uint_eq(cgroup->dirs[i].n_ours, 3);
    }
    struct error err = {0};
    ck_assert_ok(cgroup_remove(cgroup, &err), err);
    for (size_t i = 0; i < cgroup->n; i++)
        ck_assert_int_ne(access(cgroup->dirs[i].path, F_OK), 0);
    ck_assert(!is_there(cgroup, base));
    ck_assert_ok(cgroup_remove(cgroup, &err), err);
    cgroup_free(cgroup);
}
END_TEST

START_TEST(only_what_was_made_is_removed)
{
    struct cgroup *first = create("shared/a");
    struct cgroup *second = create("shared/b");
    ck_assert_uint_eq(first->dirs[0].n_ours, 3);
    ck_assert_uint_eq(second->dirs[0].n_ours, 1);
    char shared[128];
    snprintf(shared, sizeof(shared), "%s/shared", base);

    remove_and_free(second);
    ck_assert(is_there(first, shared));
    struct cgroup *again = create("shared/a"); /* is there already */
    ck_assert_uint_eq(again->dirs[0].n_ours, 0);
    remove_and_free(again);
    ck_assert_int_eq(access(first->dirs[0].path, F_OK), 0);
    remove_and_free(first);
}
END_TEST

START_TEST(a_shared_parent_goes_with_its_last_child)
{
    struct cgroup *first = NULL, *second = NULL;
    struct error err = {0};
    char a[32], b[32];
    snprintf(a, sizeof(a), "test-%d-a", getpid());
    snprintf(b, sizeof(b), "test-%d-b", getpid());
    ck_assert_ok(create_at(NULL, a, &first, &err), err);
    ck_assert_ok(create_at(NULL, b, &second, &err), err);
    ck_assert_ptr_nonnull(strstr(first->dirs[0].path, "/wherry/test-"));
    ck_assert_uint_eq(second->dirs[0].n_ours, 2);
    remove_and_free(first);
    ck_assert_int_eq(access(second->dirs[0].path, F_OK), 0);
    remove_and_free(second);
}
END_TEST

START_TEST(the_text_form_is_as_good_as_the_original)
{
    struct error err = {0};
    char text[8192], small[16];
    struct cgroup *cgroup = create("text"), *parsed = NULL;
    ck_assert_ok(cgroup_format(cgroup, text, sizeof(text), &err), err);
    ck_assert_fails(cgroup_format(cgroup, small, sizeof(small), &err), err, ERROR_INPUT,
                    "longer than 16 bytes");
    ck_assert_ok(cgroup_parse(text, &parsed, &err), err);
    ck_assert_uint_eq(parsed->n, cgroup->n);
    for (size_t i = 0; i < cgroup->n; i++) {
        ck_assert_str_eq(parsed->dirs[i].path, cgroup->dirs[i].path);
        ck_assert_int_eq(parsed->dirs[i].is_v2, cgroup->dirs[i].is_v2);
        ck_assert_uint_eq(parsed->dirs[i].controllers, cgroup->dirs[i].controllers);
    }
    cgroup_free(cgroup);
    remove_and_free(parsed);
}
END_TEST

static const char *const bad_texts[] = {"x", "v3 1 0 /x\n", "v1 1 0 relative\n", "v1 99 0 /x\n", "v1 1\n"};

START_TEST(other_texts_are_refused)
{
    struct error err = {0};
    struct cgroup *cgroup = NULL;
    ck_assert_fails(cgroup_parse(bad_texts[_i], &cgroup, &err), err, ERROR_INPUT,
                    "read the description of the cgroup: line '");
}
END_TEST

static const struct {
    const char *path, *message;
} bad_paths[] = {{"/a/../../b", "has a \"..\""},
                 {"..", "has a \"..\""},
                 {"/", "0 components"},
                 {"", "0 components"},
                 {"/a\nb", "control character"}};

START_TEST(what_a_killed_runtime_made_is_found_by_the_plan)
{
    struct error err = {0};
    struct cgroup *cgroup = NULL, *found = NULL;
    char path[256], text[8192];
    snprintf(path, sizeof(path), "%s/killed/here", base);
    ck_assert_ok(cgroup_plan(path, "unused", &cgroup, &err), err);
    ck_assert_int_ne(access(cgroup->dirs[0].path, F_OK), 0);
    ck_assert_ok(cgroup_format(cgroup, text, sizeof(text), &err), err);
    ck_assert_ok(cgroup_make(cgroup, &err), err);
    ck_assert_ok(cgroup_parse(text, &found, &err), err);
    ck_assert_ok(cgroup_remove(found, &err), err);
    ck_assert(!is_there(cgroup, base));
    cgroup_free(cgroup);
    remove_and_free(found);
}
END_TEST

START_TEST(bad_paths_are_refused)
{
    struct error err = {0};
    struct cgroup *cgroup = NULL;
    ck_assert_fails(create_at(bad_paths[_i].path, "id", &cgroup, &err), err, ERROR_INPUT,
                    bad_paths[_i].message);
}
END_TEST

START_TEST(processes_are_added_listed_and_killed)
{
    struct error err = {0};
    struct cgroup *cgroup = create("kill"), *same = NULL;
    pid_t *pids = NULL;
    size_t n = 0;
    char text[8192];
    pid_t pid = start_process();
    ck_assert_ok(cgroup_add(cgroup, pid, &err), err);
    ck_assert_ok(cgroup_pids(cgroup, &pids, &n, &err), err);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(pids[0], pid);
    free(pids);

    char path[256];
    snprintf(path, sizeof(path), "%s/kill", base);
    ck_assert_fails(create_at(path, "id", &same, &err), err, ERROR_STATE, "has processes in it already");
    ck_assert_int_eq(access(cgroup->dirs[0].path, F_OK), 0);

    ck_assert_ok(cgroup_format(cgroup, text, sizeof(text), &err), err);
    ck_assert_ok(cgroup_kill(cgroup, SIGKILL, &err), err);
    wait_for(pid);
    ck_assert_ok(cgroup_kill(cgroup, SIGKILL, &err), err);
    remove_and_free(cgroup);
    ck_assert_ok(cgroup_parse(text, &cgroup, &err), err);
    ck_assert_ok(cgroup_kill(cgroup, SIGKILL, &err), err); /* gone: no error */
    cgroup_free(cgroup);
}
END_TEST

START_TEST(a_process_enters_every_hierarchy_by_itself)
{
    struct error err = {0};
    struct cgroup *cgroup = create("enter");
    pid_t pid = fork();
    if (pid == 0) {
        if (cgroup_enter(cgroup, &err) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    for (size_t i = 0; i < cgroup->n; i++) {
        char path[512], line[32] = "";
        snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup->dirs[i].path);
        for (int tries = 0; line[0] == '\0' && tries < 500; tries++) {
            FILE *f = fopen(path, "re");
            ck_assert_ptr_nonnull(f);
            if (fgets(line, sizeof(line), f) == NULL)
                usleep(10000);
            fclose(f);
        }
        ck_assert_int_eq(atoi(line), pid);
    }
    ck_assert_ok(cgroup_kill(cgroup, SIGKILL, &err), err);
    wait_for(pid);
    remove_and_free(cgroup);
}
END_TEST

START_TEST(descendants_are_reached_by_any_signal)
{
    struct error err = {0};
    struct cgroup *cgroup = create("term");
    pid_t *pids = NULL;
    size_t n = 0;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int go[2];
    ck_assert_int_eq(pipe(go), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        signal(SIGTERM, SIG_DFL); /* Check has a handler for it, which ends the test */
        if (read(go[0], &byte, 1) != 1)
            _exit(1);
        for (int i = 0; i < 3 && fork() != 0; i++)
            ;
        for (;;)
            pause();
    }
    ck_assert_ok(cgroup_add(cgroup, pid, &err), err);
    ck_assert_int_eq(write(go[1], "", 1), 1);
    for (int i = 0; i < 100 && n != 4; i++) {
        usleep(10000);
        ck_assert_ok(cgroup_pids(cgroup, &pids, &n, &err), err);
        free(pids);
    }
    ck_assert_uint_eq(n, 4);
    ck_assert_ok(cgroup_kill(cgroup, SIGTERM, &err), err);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    close(go[0]);
    close(go[1]);
    remove_and_free(cgroup);
}
END_TEST

START_TEST(a_frozen_cgroup_stands_still_and_can_be_killed)
{
    struct error err = {0};
    struct cgroup *cgroup = create("freeze");
    bool is_frozen;
    pid_t pid = start_process();
    ck_assert_ok(cgroup_add(cgroup, pid, &err), err);
    ck_assert(is_counting());
    ck_assert_ok(cgroup_freeze(cgroup, &err), err);
    ck_assert_ok(cgroup_freeze(cgroup, &err), err);
    ck_assert(!is_counting());
    ck_assert_ok(cgroup_is_frozen(cgroup, &is_frozen, &err), err);
    ck_assert(is_frozen);
    ck_assert_ok(cgroup_thaw(cgroup, &err), err);
    ck_assert(is_counting());
    ck_assert_ok(cgroup_is_frozen(cgroup, &is_frozen, &err), err);
    ck_assert(!is_frozen);
    ck_assert_ok(cgroup_freeze(cgroup, &err), err);
    ck_assert_ok(cgroup_kill(cgroup, SIGKILL, &err), err);
    wait_for(pid);
    remove_and_free(cgroup);
}
END_TEST

START_TEST(nothing_is_made_in_a_frozen_cgroup)
{
    struct error err = {0};
    struct cgroup *parent = create("frozen"), *child = NULL;
    char path[256];
    snprintf(path, sizeof(path), "%s/frozen/child", base);
    ck_assert_ok(cgroup_freeze(parent, &err), err);
    ck_assert_fails(create_at(path, "id", &child, &err), err, ERROR_STATE, "is frozen, or one above it is");
    ck_assert_ok(cgroup_thaw(parent, &err), err);
    ck_assert_ok(create_at(path, "id", &child, &err), err);
    remove_and_free(child);
    remove_and_free(parent);
}
END_TEST

START_TEST(removal_waits_for_the_dying_and_gives_up_on_the_living)
{
    struct error err = {0};
    struct cgroup *cgroup = create("busy");
    pid_t pid = start_process();
    ck_assert_ok(cgroup_add(cgroup, pid, &err), err);
    ck_assert_fails(cgroup_remove(cgroup, &err), err, ERROR_SYSTEM, "remove cgroup '");
    kill(pid, SIGKILL); /* not waited for: dies while cgroup_remove looks */
    ck_assert_ok(cgroup_remove(cgroup, &err), err);
    wait_for(pid);
    cgroup_free(cgroup);
}
END_TEST

START_TEST(directories_below_are_removed_too)
{
    struct cgroup *cgroup = create("deep");
    for (size_t i = 0; i < cgroup->n; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof(path), "%s/a", cgroup->dirs[i].path);
        ck_assert_int_eq(mkdir(path, 0755), 0);
        snprintf(path, sizeof(path), "%s/a/b", cgroup->dirs[i].path);
        ck_assert_int_eq(mkdir(path, 0755), 0);
    }
    remove_and_free(cgroup);
}
END_TEST

START_TEST(usage_is_counted)
{
    struct error err = {0};
    struct cgroup_stats stats;
    struct cgroup *cgroup = create("stats");
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    ck_assert_ok(cgroup_add(cgroup, pid, &err), err);
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t busy = fork();
    if (busy == 0) {
        if (cgroup_add(cgroup, getpid(), &err) < 0 ||
            mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) ==
                MAP_FAILED)
            _exit(1);
        for (clock_t start = clock(); clock() - start < CLOCKS_PER_SEC / 5;)
            ;
        if (write(ready[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    ck_assert_ok(cgroup_stats_read(cgroup, &stats, &err), err);
    ck_assert_uint_ge(stats.cpu.total_ns, 100000000u);
    if (cgroup_find(cgroup, CGROUP_MEMORY) != NULL) {
        ck_assert_uint_ge(stats.memory.memory.usage, 8u << 20);
        ck_assert(stats.memory.memory.limit == UINT64_MAX);
        ck_assert_uint_gt(stats.memory.n_raw, 10);
    }
    if (cgroup_find(cgroup, CGROUP_PIDS) != NULL) {
        ck_assert_uint_eq(stats.pids_current, 2);
        ck_assert(stats.pids_limit == UINT64_MAX);
    }
    cgroup_stats_release(&stats);
    ck_assert_ok(cgroup_kill(cgroup, SIGKILL, &err), err);
    wait_for(pid);
    wait_for(busy);
    remove_and_free(cgroup);
}
END_TEST

int main(void)
{
    struct error err = {0};
    struct cgroup *cgroup = NULL;
    snprintf(base, sizeof(base), "/wherry-test-%d", getpid());
    if (geteuid() != 0 || create_at(base, "id", &cgroup, &err) < 0) {
        printf("skipped: needs root and writable cgroups: %s\n", err.text);
        return 77;
    }
    cgroup_remove(cgroup, &err);
    cgroup_free(cgroup);
    counter = mmap(NULL, sizeof(*counter), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    Suite *suite = suite_create("cgroup");
    TCase *t = unit_case(suite, "cgroup");
    tcase_add_test(t, a_cgroup_is_made_in_every_hierarchy_and_removed);
    tcase_add_test(t, only_what_was_made_is_removed);
    tcase_add_test(t, a_shared_parent_goes_with_its_last_child);
    tcase_add_test(t, the_text_form_is_as_good_as_the_original);
    tcase_add_loop_test(t, other_texts_are_refused, 0, sizeof(bad_texts) / sizeof(bad_texts[0]));
    tcase_add_test(t, what_a_killed_runtime_made_is_found_by_the_plan);
    tcase_add_loop_test(t, bad_paths_are_refused, 0, sizeof(bad_paths) / sizeof(bad_paths[0]));
    tcase_add_test(t, processes_are_added_listed_and_killed);
    tcase_add_test(t, a_process_enters_every_hierarchy_by_itself);
    tcase_add_test(t, descendants_are_reached_by_any_signal);
    tcase_add_test(t, a_frozen_cgroup_stands_still_and_can_be_killed);
    tcase_add_test(t, nothing_is_made_in_a_frozen_cgroup);
    tcase_add_test(t, removal_waits_for_the_dying_and_gives_up_on_the_living);
    tcase_add_test(t, directories_below_are_removed_too);
    tcase_add_test(t, usage_is_counted);
    return unit_run(suite);
}
