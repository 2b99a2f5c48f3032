/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"
#include "net_plan.h"
#include "unit.h"

#include <string.h>

static const struct net_interface interfaces[] = {{.name = "eth0"}, {.name = "eth1"}, {.name = "lan"}};

START_TEST(unnamed_devices_take_what_is_left_in_order)
{
    struct error err = {0};
    struct net_request requests[] = {{.device = "a"}, {.device = "b", .interface = "eth0"}, {.device = "c"}};
    size_t choice[3];
    ck_assert_ok(net_plan(interfaces, 3, requests, 3, choice, &err), err);
    ck_assert_uint_eq(choice[0], 1);
    ck_assert_uint_eq(choice[1], 0);
    ck_assert_uint_eq(choice[2], 2);
}
END_TEST

START_TEST(fewer_devices_than_interfaces_are_fine)
{
    struct error err = {0};
    struct net_request request = {.device = "a"};
    size_t choice;
    ck_assert_ok(net_plan(interfaces, 3, &request, 1, &choice, &err), err);
    ck_assert_uint_eq(choice, 0);
    ck_assert_ok(net_plan(interfaces, 0, NULL, 0, &choice, &err), err);
}
END_TEST

START_TEST(a_missing_interface_names_the_device)
{
    struct error err = {0};
    struct net_request requests[] = {{.device = "a"}, {.device = "b"}};
    struct net_request named = {.device = "a", .interface = "eth7"};
    size_t choice[2];
    ck_assert_fails(net_plan(interfaces, 1, requests, 2, choice, &err), err, ERROR_INPUT,
                    "network device 'b': no interface for it: the network namespace has 1");
    ck_assert_fails(net_plan(interfaces, 3, &named, 1, choice, &err), err, ERROR_INPUT,
                    "network device 'a': no interface 'eth7'");
}
END_TEST

START_TEST(an_interface_is_not_given_twice)
{
    struct error err = {0};
    struct net_request requests[] = {{.device = "a", .interface = "lan"},
                                     {.device = "b", .interface = "lan"}};
    size_t choice[2];
    ck_assert_fails(net_plan(interfaces, 3, requests, 2, choice, &err), err, ERROR_INPUT,
                    "network device 'b': interface 'lan' is taken by device 'a'");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net_plan");
    TCase *t = unit_case(suite, "net_plan");
    tcase_add_test(t, unnamed_devices_take_what_is_left_in_order);
    tcase_add_test(t, fewer_devices_than_interfaces_are_fine);
    tcase_add_test(t, a_missing_interface_names_the_device);
    tcase_add_test(t, an_interface_is_not_given_twice);
    return unit_run(suite);
}
