/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "guest_cmdline.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void assert_quoted(const char *const *words, const char *expected)
{
    struct error err = {0};
    _cleanup_free_ char *line = NULL;
    ck_assert_ok(guest_cmdline_quote(words, &line, &err), err);
    ck_assert_str_eq(line, expected);
}

START_TEST(words_come_through_mirages_parser_unchanged)
{
    assert_quoted((const char *const[]){NULL}, "");
    assert_quoted((const char *const[]){"-l", "*:debug", NULL}, "-l *:debug");
    assert_quoted((const char *const[]){"two words", "", NULL}, "\"two words\" \"\"");
    assert_quoted((const char *const[]){"say \"hi\"", "a\\b", NULL}, "\"say \\\"hi\\\"\" \"a\\\\b\"");
    assert_quoted((const char *const[]){"it's", "tab\there", NULL}, "it's \"tab\there\"");
}
END_TEST

START_TEST(a_line_of_8191_bytes_fits_and_one_of_8192_does_not)
{
    struct error err = {0};
    char word[LAUNCH_CMDLINE_SIZE + 1];
    char *line = NULL;
    const char *const words[] = {word, NULL};
    memset(word, 'x', sizeof(word));
    word[LAUNCH_CMDLINE_SIZE - 1] = '\0';
    ck_assert_ok(guest_cmdline_quote(words, &line, &err), err);
    free(line);
    word[LAUNCH_CMDLINE_SIZE - 1] = 'x';
    word[LAUNCH_CMDLINE_SIZE] = '\0';
    ck_assert_fails(guest_cmdline_quote(words, &line, &err), err, ERROR_INPUT, "longer than 8191 bytes");
}
END_TEST

static const struct start_net service = {
    .name = "service", .ipv4 = {10, 88, 0, 5}, .ipv4_gateway = {10, 88, 0, 1}, .ipv4_prefix = 16};

static const char *const variables[] = {"A=1", "B=\"x\"", NULL};
static const struct config_strings no_env, env = {.items = variables, .n = 2};
static struct start_message message;

static const char *finish(enum guest_kind kind, const char *words, const struct config_strings *given)
{
    struct error err = {0};
    ck_assert_ok(guest_cmdline_finish(kind, words, given, &message, &err), err);
    ck_assert_uint_eq(message.cmdline_bytes, strlen(message.cmdline));
    return message.cmdline;
}

START_TEST(each_kind_gets_its_network_in_its_own_form)
{
    message.n_nets = 1;
    message.nets[0] = service;
    ck_assert_str_eq(finish(GUEST_KIT, "a b", &env), "a b");
    ck_assert_str_eq(finish(GUEST_MIRAGE, "a b", &env), "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1 a b");
    ck_assert_str_eq(finish(GUEST_RUMPRUN, "a \"b\"", &no_env),
                     "{\"cmdline\":\"a \\\"b\\\"\",\"net\":{\"if\":\"ukvmif0\",\"cloner\":\"True\",\"type\":"
                     "\"inet\",\"method\":\"static\",\"addr\":\"10.88.0.5\",\"mask\":\"16\",\"gw\":\"10.88.0."
                     "1\"}}");
}
END_TEST

START_TEST(rumprun_gets_the_environment)
{
    message.n_nets = 0;
    ck_assert_str_eq(finish(GUEST_RUMPRUN, "a", &env),
                     "{\"cmdline\":\"a\",\"env\":\"A=1\",\"env\":\"B=\\\"x\\\"\"}");
}
END_TEST

START_TEST(mirages_other_devices_are_named)
{
    message.n_nets = 2;
    message.nets[0] = service;
    message.nets[1] = (struct start_net){.name = "inner", .ipv4 = {192, 0, 2, 1}, .ipv4_prefix = 24};
    ck_assert_str_eq(finish(GUEST_MIRAGE, "x", &env),
                     "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1 --inner-ipv4=192.0.2.1/24 x");
    ck_assert_str_eq(finish(GUEST_MIRAGE, "", &env),
                     "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1 --inner-ipv4=192.0.2.1/24");
}
END_TEST

START_TEST(a_device_without_ipv4_is_described_by_ipv6)
{
    static const struct start_net ipv6 = {.name = "service",
                                          .ipv6 = {0xfd, [15] = 5},
                                          .ipv6_prefix = 64,
                                          .ipv6_gateway = {0xfe, 0x80, [15] = 1}};
    message.n_nets = 1;
    message.nets[0] = ipv6;
    ck_assert_str_eq(finish(GUEST_MIRAGE, "x", &env), "--ipv6=fd00::5/64 --ipv6-gateway=fe80::1 x");
    ck_assert_str_eq(finish(GUEST_RUMPRUN, "a", &no_env),
                     "{\"cmdline\":\"a\",\"net\":{\"if\":\"ukvmif0\",\"cloner\":\"True\",\"type\":\"inet6\","
                     "\"method\":\"static\",\"addr\":\"fd00::5\",\"mask\":\"64\",\"gw\":\"fe80::1\"}}");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guest_cmdline");
    TCase *tcase = unit_case(suite, "guest_cmdline");
    tcase_add_test(tcase, words_come_through_mirages_parser_unchanged);
    tcase_add_test(tcase, a_line_of_8191_bytes_fits_and_one_of_8192_does_not);
    tcase_add_test(tcase, each_kind_gets_its_network_in_its_own_form);
    tcase_add_test(tcase, rumprun_gets_the_environment);
    tcase_add_test(tcase, mirages_other_devices_are_named);
    tcase_add_test(tcase, a_device_without_ipv4_is_described_by_ipv6);
    return unit_run(suite);
}
