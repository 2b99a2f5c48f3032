/* SPDX-License-Identifier: Apache-2.0 */
#include "sysctl.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *key;
    enum config_namespace_type type;
} good[] = {
    {"net.ipv4.ping_group_range", CONFIG_NAMESPACE_NETWORK},
    {"net/ipv4/conf/eth0.100/forwarding", CONFIG_NAMESPACE_NETWORK},
    {"net.ipv4.conf.eth0/100.forwarding", CONFIG_NAMESPACE_NETWORK},
    {"kernel.shmmax", CONFIG_NAMESPACE_IPC},
    {"fs.mqueue.msg_max", CONFIG_NAMESPACE_IPC},
    {"kernel.domainname", CONFIG_NAMESPACE_UTS},
};

START_TEST(a_parameter_belongs_to_a_namespace)
{
    struct error err = {0};
    enum config_namespace_type type = CONFIG_NAMESPACE_COUNT;
    ck_assert_ok(sysctl_check(good[_i].key, &type, &err), err);
    ck_assert_int_eq(type, good[_i].type);
}
END_TEST

static const char *const of_the_host[] = {"kernel.panic", "kernel.shmmaxx", "vm.swappiness", "fs.file-max",
                                          "network.x"};

START_TEST(those_of_the_host_are_refused)
{
    struct error err = {0};
    enum config_namespace_type type;
    ck_assert_fails(sysctl_check(of_the_host[_i], &type, &err), err, ERROR_REFUSED,
                    "is a parameter of the whole host");
}
END_TEST

static const char *const no_names[] = {"", "net", "net.", ".net", "net..x", "net/../kernel/panic", "net/.."};

START_TEST(paths_that_lead_elsewhere_are_refused)
{
    struct error err = {0};
    enum config_namespace_type type;
    ck_assert_int_eq(sysctl_check(no_names[_i], &type, &err), -1);
    ck_assert_int_eq(err.kind, ERROR_REFUSED);
    ck_assert_ptr_eq(strstr(err.text, "linux.sysctl: '"), err.text);
}
END_TEST

START_TEST(a_long_name_is_refused)
{
    struct error err = {0};
    enum config_namespace_type type;
    char key[400];
    memset(key, 'a', sizeof(key));
    memcpy(key, "net.", 4);
    key[sizeof(key) - 1] = '\0';
    ck_assert_fails(sysctl_check(key, &type, &err), err, ERROR_REFUSED, "is not a parameter's name");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sysctl");
    TCase *t = unit_case(suite, "sysctl");
    tcase_add_loop_test(t, a_parameter_belongs_to_a_namespace, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(t, those_of_the_host_are_refused, 0, sizeof(of_the_host) / sizeof(of_the_host[0]));
    tcase_add_loop_test(t, paths_that_lead_elsewhere_are_refused, 0, sizeof(no_names) / sizeof(no_names[0]));
    tcase_add_test(t, a_long_name_is_refused);
    return unit_run(suite);
}
