/* SPDX-License-Identifier: Apache-2.0 */
/* The IP options are taken out of the command line, and what cannot be read is named. */
#include "kit/ip_config.h"
#include "unit.h"

#include <string.h>

START_TEST(options_are_taken_and_the_rest_stays)
{
    char a0[] = "guest", a1[] = "--ipv4=192.168.7.9/20", a2[] = "other", a3[] = "--ipv4-gateway=192.168.0.1";
    char *argv[] = {a0, a1, a2, a3, NULL};
    int argc = 4;
    bool is_found = false;
    const char *bad = NULL;
    struct ip_config config = {0};
    ck_assert_int_eq(ip_config_take_options(&argc, argv, &config, &is_found, &bad), 0);
    ck_assert_int_eq(argc, 2);
    ck_assert_str_eq(argv[1], "other");
    ck_assert_ptr_null(argv[2]);
    ck_assert(is_found);
    ck_assert_mem_eq(config.ipv4, "\xc0\xa8\x07\x09", 4);
    ck_assert_mem_eq(config.ipv4_gateway, "\xc0\xa8\x00\x01", 4);
    ck_assert_uint_eq(config.ipv4_prefix, 20);
}
END_TEST

static const char *const bad_options[] = {
    "--ipv4=",
    "--ipv4=10.0.0.1",
    "--ipv4=10.0.0.1/",
    "--ipv4=10.0.0.1/33",
    "--ipv4=10.0.0/24",
    "--ipv4=10.0.0.256/8",
    "--ipv4=10..0.1/8",
    "--ipv4=10.0.0.1.2/8",
    "--ipv4=a.b.c.d/8",
    "--ipv4=10.0.0.1/8x",
    "--ipv4-gateway=",
    "--ipv4-gateway=1.2.3",
    "--ipv4-gateway=1.2.3.4/8",
};

START_TEST(a_bad_option_is_named)
{
    char a0[] = "guest", a1[64];
    strcpy(a1, bad_options[_i]);
    char *argv[] = {a0, a1, NULL};
    int argc = 2;
    bool is_found;
    const char *bad = NULL;
    struct ip_config config = {0};
    ck_assert_int_eq(ip_config_take_options(&argc, argv, &config, &is_found, &bad), -1);
    ck_assert_ptr_eq(bad, a1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ip_config");
    TCase *t = unit_case(suite, "ip_config");
    tcase_add_test(t, options_are_taken_and_the_rest_stays);
    tcase_add_loop_test(t, a_bad_option_is_named, 0, (int)(sizeof(bad_options) / sizeof(bad_options[0])));
    return unit_run(suite);
}
