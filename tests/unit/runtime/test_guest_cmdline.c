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

START_TEST(each_kind_gets_its_network_in_its_own_form)
{
    struct error err = {0};
    char line[LAUNCH_CMDLINE_SIZE];
    ck_assert_ok(guest_cmdline_finish(GUEST_KIT, "a b", &service, 1, line, &err), err);
    ck_assert_str_eq(line, "a b");
    ck_assert_ok(guest_cmdline_finish(GUEST_MIRAGE, "a b", &service, 1, line, &err), err);
    ck_assert_str_eq(line, "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1 a b");
    ck_assert_ok(guest_cmdline_finish(GUEST_RUMPRUN, "a \"b\"", &service, 1, line, &err), err);
    ck_assert_str_eq(line,
                     "{\"cmdline\":\"a \\\"b\\\"\",\"net\":{\"if\":\"ukvmif0\",\"cloner\":\"True\",\"type\":"
                     "\"inet\",\"method\":\"static\",\"addr\":\"10.88.0.5\",\"mask\":\"16\",\"gw\":\"10.88.0."
                     "1\"}}");
}
END_TEST

START_TEST(mirages_other_devices_are_named)
{
    struct error err = {0};
    char line[LAUNCH_CMDLINE_SIZE];
    struct start_net nets[2] = {service, {.name = "inner", .ipv4 = {192, 0, 2, 1}, .ipv4_prefix = 24}};
    ck_assert_ok(guest_cmdline_finish(GUEST_MIRAGE, "x", nets, 2, line, &err), err);
    ck_assert_str_eq(line, "--ipv4=10.88.0.5/16 --ipv4-gateway=10.88.0.1 --inner-ipv4=192.0.2.1/24 x");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("guest_cmdline");
    TCase *tcase = unit_case(suite, "guest_cmdline");
    tcase_add_test(tcase, words_come_through_mirages_parser_unchanged);
    tcase_add_test(tcase, a_line_of_8191_bytes_fits_and_one_of_8192_does_not);
    tcase_add_test(tcase, each_kind_gets_its_network_in_its_own_form);
    tcase_add_test(tcase, mirages_other_devices_are_named);
    return unit_run(suite);
}
