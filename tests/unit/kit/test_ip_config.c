/* SPDX-License-Identifier: Apache-2.0 */
/* The IP options are taken out of the command line, and what cannot be read is named. */
#include "kit/ip_config.h"
#include "unit.h"

#include <arpa/inet.h>
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
    "--ipv6=",
    "--ipv6=fd00::1",
    "--ipv6=fd00::1/129",
    "--ipv6=10.0.0.1/8",
    "--ipv6-gateway=fd00::1/64",
};

START_TEST(options_for_ipv6_are_taken)
{
    char a0[] = "guest", a1[] = "--ipv6=fd00::5/64", a2[] = "--ipv6-gateway=fe80::1", a3[] = "rest";
    char *argv[] = {a0, a1, a2, a3, NULL};
    int argc = 4;
    bool is_found = false;
    const char *bad = NULL;
    struct ip_config config = {.ipv4 = {1, 2, 3, 4}};
    ck_assert_int_eq(ip_config_take_options(&argc, argv, &config, &is_found, &bad), 0);
    ck_assert_int_eq(argc, 2);
    ck_assert(is_found);
    ck_assert_mem_eq(config.ipv6, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x05", 16);
    ck_assert_uint_eq(config.ipv6_prefix, 64);
    ck_assert_uint_eq(config.ipv6_gateway[0], 0xfe);
    ck_assert_uint_eq(config.ipv4[3], 4);
}
END_TEST

static const char *const ipv6_texts[] = {"::",
                                         "::1",
                                         "1::",
                                         "fd00::5",
                                         "2001:db8:0:1:2:3:4:5",
                                         "2001:DB8::A:0:b",
                                         "1:2:3:4:5:6:7::",
                                         "::2:3:4:5:6:7:8",
                                         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};

START_TEST(ipv6_is_read_as_the_c_library_reads_it)
{
    uint8_t ours[16], theirs[16];
    const char *text = ipv6_texts[_i];
    ck_assert_int_eq(inet_pton(AF_INET6, text, theirs), 1);
    ck_assert_int_eq(ip_config_parse_ipv6(text, text + strlen(text), ours), 0);
    ck_assert_mem_eq(ours, theirs, sizeof(ours));
}
END_TEST

static const char *const bad_ipv6_texts[] = {"",
                                             ":",
                                             ":::",
                                             "1",
                                             "1:",
                                             "1:2:3:4:5:6:7",
                                             "1::2::3",
                                             "1:2:3:4:5:6:7:8:9",
                                             "1:2:3:4:5:6:7:8::",
                                             "12345::",
                                             "g::",
                                             "::1:",
                                             ":1::",
                                             "fe80::1%eth0",
                                             "1::2 "};

START_TEST(bad_ipv6_is_refused)
{
    uint8_t out[16];
    const char *text = bad_ipv6_texts[_i];
    ck_assert_int_eq(inet_pton(AF_INET6, text, out), 0);
    ck_assert_int_eq(ip_config_parse_ipv6(text, text + strlen(text), out), -1);
}
END_TEST

/* 10.0.0.2/24 with gateway 10.0.0.1; 10.1.0.0/16 by 10.0.0.9, 10.1.2.0/24 on the link; fd00::2/64 alone. */
static const struct ip_config addressing = {
    .ipv4 = {10, 0, 0, 2},
    .ipv4_prefix = 24,
    .ipv4_gateway = {10, 0, 0, 1},
    .ipv6 = {0xfd, [15] = 2},
    .ipv6_prefix = 64,
    .addresses = {{IP_FAMILY_6, 128, {0xfd, 1, [15] = 2}}},
    .n_addresses = 1,
    .routes = {{{IP_FAMILY_4, 16, {10, 1}}, {10, 0, 0, 9}}, {{IP_FAMILY_4, 23, {10, 1, 2}}, {0}}},
    .n_routes = 2,
};

static const struct {
    uint8_t to[4], next_hop[4];
} hops[] = {
    {{10, 0, 0, 77}, {10, 0, 0, 77}}, {{10, 1, 0, 1}, {10, 0, 0, 9}}, {{10, 1, 3, 1}, {10, 1, 3, 1}},
    {{10, 1, 4, 1}, {10, 0, 0, 9}},   {{8, 8, 8, 8}, {10, 0, 0, 1}},
};

START_TEST(the_longest_prefix_decides)
{
    const uint8_t *found = ip_config_next_hop(&addressing, IP_FAMILY_4, hops[_i].to);
    ck_assert_ptr_nonnull(found);
    ck_assert_mem_eq(found, hops[_i].next_hop, 4);
}
END_TEST

START_TEST(without_a_gateway_there_is_no_way_off_the_link)
{
    static const uint8_t near[16] = {0xfd, [15] = 9}, far[16] = {0xfd, 1, [15] = 9};
    ck_assert_ptr_eq(ip_config_next_hop(&addressing, IP_FAMILY_6, near), near);
    ck_assert_ptr_null(ip_config_next_hop(&addressing, IP_FAMILY_6, far));
}
END_TEST

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
    tcase_add_test(t, options_for_ipv6_are_taken);
    tcase_add_loop_test(t, ipv6_is_read_as_the_c_library_reads_it, 0,
                        sizeof(ipv6_texts) / sizeof(ipv6_texts[0]));
    tcase_add_loop_test(t, bad_ipv6_is_refused, 0, sizeof(bad_ipv6_texts) / sizeof(bad_ipv6_texts[0]));
    tcase_add_loop_test(t, the_longest_prefix_decides, 0, sizeof(hops) / sizeof(hops[0]));
    tcase_add_test(t, without_a_gateway_there_is_no_way_off_the_link);
    return unit_run(suite);
}
