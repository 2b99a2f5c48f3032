/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup_layout.h"
#include "unit.h"

#include <string.h>

static const char hybrid[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw shared:9 master:2 - cgroup2 cgroup2 rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:4 - cgroup cgroup rw,memory\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup systemd-1 rw,xattr,name=systemd\n"
    "50 31 0:32 /a /mnt/again rw,relatime - cgroup cgroup rw,memory\n";
static const char hybrid_own[] = "9:name=systemd:/init.scope\n4:memory:/a/b:c\n1:cpuacct,cpu:/\n0::/user\n";

START_TEST(every_hierarchy_is_found_once)
{
    struct error err = {0};
    struct cgroup_layout layout;
    ck_assert_ok(cgroup_layout_parse(hybrid, hybrid_own, &layout, &err), err);
    ck_assert_uint_eq(layout.n, 4);

    const struct cgroup_hierarchy *h = layout.hierarchies;
    ck_assert_str_eq(h[0].mount, "/sys/fs/cgroup/cpu,cpuacct");
    ck_assert_uint_eq(h[0].controllers, 1u << CGROUP_CPU | 1u << CGROUP_CPUACCT);
    ck_assert_str_eq(h[0].own, "/");
    ck_assert_str_eq(h[1].mount, "/sys/fs/cgroup/memory");
    ck_assert_str_eq(h[1].own, "/a/b:c");
    ck_assert_str_eq(h[2].mount, "/sys/fs/cgroup/systemd");
    ck_assert_uint_eq(h[2].controllers, 0);
    ck_assert_str_eq(h[2].own, "/init.scope");
    ck_assert(h[3].is_v2);
    ck_assert_str_eq(h[3].own, "/user");
    cgroup_layout_release(&layout);
}
END_TEST

START_TEST(a_hidden_part_of_the_path_is_cut_off)
{
    struct error err = {0};
    struct cgroup_layout layout;
    ck_assert_ok(cgroup_layout_parse("35 31 0:32 /docker/x /cg rw - cgroup2 cgroup2 rw,nsdelegate\n",
                                     "0::/docker/x/inner\n", &layout, &err),
                 err);
    ck_assert_uint_eq(layout.n, 1);
    ck_assert_str_eq(layout.hierarchies[0].own, "/inner");
    cgroup_layout_release(&layout);

    ck_assert_ok(cgroup_layout_parse("35 31 0:32 /docker/x /cg rw - cgroup2 cgroup2 rw\n", "0::/docker/xy\n",
                                     &layout, &err),
                 err);
    ck_assert_str_eq(layout.hierarchies[0].own, "/");
    cgroup_layout_release(&layout);
}
END_TEST

START_TEST(escaped_characters_are_restored)
{
    struct error err = {0};
    struct cgroup_layout layout;
    ck_assert_ok(cgroup_layout_parse("35 31 0:32 / /my\\040cg\\134x rw - cgroup cgroup rw,pids\n",
                                     "3:pids:/\n", &layout, &err),
                 err);
    ck_assert_str_eq(layout.hierarchies[0].mount, "/my cg\\x");
    cgroup_layout_release(&layout);
}
END_TEST

START_TEST(lines_of_another_form_are_skipped)
{
    static const char *const odd[] = {"",
                                      "\n\n",
                                      "35 31 0:32 / /x",
                                      "35 31 0:32 / /x rw cgroup cgroup rw",
                                      "35 31 0:32 / /x rw - cgroup cgroup",
                                      "a b c d e - cgroup2"};
    struct error err = {0};
    struct cgroup_layout layout;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        ck_assert_ok(cgroup_layout_parse(odd[i], ":\n::\nx", &layout, &err), err);
        ck_assert_uint_eq(layout.n, 0);
    }
}
END_TEST

START_TEST(controllers_have_different_names_in_each_version)
{
    ck_assert_uint_eq(cgroup_controllers_parse("cpuset cpu io memory hugetlb pids rdma misc\n", true),
                      1u << CGROUP_CPUSET | 1u << CGROUP_CPU | 1u << CGROUP_BLKIO | 1u << CGROUP_MEMORY |
                          1u << CGROUP_HUGETLB | 1u << CGROUP_PIDS | 1u << CGROUP_RDMA | 1u << CGROUP_MISC);
    ck_assert_uint_eq(cgroup_controllers_parse("rw,blkio,cpux,io", false), 1u << CGROUP_BLKIO);
    ck_assert_uint_eq(cgroup_controllers_parse("freezer devices", true), 0);
    ck_assert_str_eq(cgroup_controller_name(CGROUP_BLKIO, true), "io");
    ck_assert_ptr_null(cgroup_controller_name(CGROUP_DEVICES, true));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cgroup_layout");
    TCase *t = unit_case(suite, "cgroup_layout");
    tcase_add_test(t, every_hierarchy_is_found_once);
    tcase_add_test(t, a_hidden_part_of_the_path_is_cut_off);
    tcase_add_test(t, escaped_characters_are_restored);
    tcase_add_test(t, lines_of_another_form_are_skipped);
    tcase_add_test(t, controllers_have_different_names_in_each_version);
    return unit_run(suite);
}
