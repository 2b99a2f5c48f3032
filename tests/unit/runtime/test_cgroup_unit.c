/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup_unit.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *path, *slice, *name;
} good[] = {
    {"machine.slice:libpod:123abc", "machine.slice", "libpod-123abc.scope"},
    {":cri-containerd:1", "system.slice", "cri-containerd-1.scope"},
    {"a-b.slice::1", "a-b.slice", "1.scope"},
    {NULL, "system.slice", "wherry-id.scope"},
};

START_TEST(paths_are_taken_apart)
{
    struct error err = {0};
    struct cgroup_unit unit;
    ck_assert_ok(cgroup_unit_parse(good[_i].path, "id", &unit, &err), err);
    ck_assert_str_eq(unit.slice, good[_i].slice);
    ck_assert_str_eq(unit.name, good[_i].name);
}
END_TEST

static const char *const bad[] = {"",        "/wherry/id", "a:b",     "a:b:",    "a:b:c:d",
                                  "a/b:c:d", "a:b:c/d",    "a:b c:d", "a:\x01:d"};

START_TEST(other_paths_are_refused)
{
    struct error err = {0};
    struct cgroup_unit unit;
    ck_assert_fails(cgroup_unit_parse(bad[_i], "id", &unit, &err), err, ERROR_INPUT, "linux.cgroupsPath '");
}
END_TEST

START_TEST(long_names_are_refused)
{
    struct error err = {0};
    struct cgroup_unit unit;
    char path[600];
    snprintf(path, sizeof(path), "s:p:%0300d", 1);
    ck_assert_fails(cgroup_unit_parse(path, "id", &unit, &err), err, ERROR_INPUT,
                    "longer than 255 characters");
    snprintf(path, sizeof(path), "s:p:%0250d", 1);
    ck_assert_fails(cgroup_unit_parse(path, "id", &unit, &err), err, ERROR_INPUT,
                    "longer than 255 characters");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cgroup_unit");
    TCase *t = unit_case(suite, "cgroup_unit");
    tcase_add_loop_test(t, paths_are_taken_apart, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(t, other_paths_are_refused, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(t, long_names_are_refused);
    return unit_run(suite);
}
