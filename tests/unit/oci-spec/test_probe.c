/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/probe.h"
#include "unit.h"

#include <string.h>

static struct probe parse(const char *text)
{
    struct error err = {0};
    struct probe probe;
    ck_assert_ok(probe_parse(text, &probe, &err), err);
    return probe;
}

static void refuse(const char *text, const char *why)
{
    struct error err = {0};
    struct probe probe;
    ck_assert_fails(probe_parse(text, &probe, &err), err, ERROR_INPUT, why);
}

START_TEST(words_say_what_to_do)
{
    struct probe probe = parse("tcp 8080");
    ck_assert_int_eq(probe.kind, PROBE_TCP);
    ck_assert_uint_eq(probe.port, 8080);
    ck_assert_uint_eq(probe.timeout_s, PROBE_TIMEOUT_DEFAULT_S);
    probe = parse("  --timeout 2\thttp 80\n");
    ck_assert_int_eq(probe.kind, PROBE_HTTP);
    ck_assert_uint_eq(probe.timeout_s, 2);
    ck_assert_str_eq(probe.path, "/");
    probe = parse("http 80 /health?deep=1");
    ck_assert_str_eq(probe.path, "/health?deep=1");
}
END_TEST

START_TEST(other_words_are_refused)
{
    char path[PROBE_PATH_SIZE + 16] = "http 80 /";
    refuse("", "'' is neither tcp nor http");
    refuse("udp 53", "'udp' is neither tcp nor http");
    refuse("tcp", "no port is given");
    refuse("tcp 0", "the port is 0");
    refuse("tcp 65536", "the port");
    refuse("tcp http", "the port");
    refuse("tcp 80 || exit 1", "'||' is one word too many");
    refuse("http 80 / x", "'x' is one word too many");
    refuse("http 80 health", "'health' is not a path");
    refuse("http 80 /\x7f", "not printable ASCII");
    refuse("--timeout", "not followed by seconds");
    refuse("--timeout 0 tcp 80", "--timeout is 0");
    refuse("--timeout 3601 tcp 80", "--timeout");
    refuse("a b c d e f g", "'g' is one word too many");
    memset(path + strlen(path), 'a', PROBE_PATH_SIZE - 1);
    refuse(path, "the path is longer than");
}
END_TEST

/* What probe_find makes of a command; NULL: no probe. */
static const char *find(size_t n, const char *const *words)
{
    static char text[PROBE_TEXT_SIZE];
    const struct config_strings args = {.items = words, .n = n};
    struct error err = {0};
    bool is_probe;
    ck_assert_ok(probe_find(&args, text, &is_probe, &err), err);
    return is_probe ? text : NULL;
}

START_TEST(a_probe_is_told_from_other_commands)
{
    ck_assert_str_eq(find(3, (const char *[]){"wherry-probe", "tcp", "80"}), "tcp 80");
    ck_assert_str_eq(find(1, (const char *[]){"/bin/wherry-probe"}), "");
    ck_assert_str_eq(find(3, (const char *[]){"/bin/sh", "-c", " wherry-probe http 80 /"}), " http 80 /");
    ck_assert_str_eq(find(3, (const char *[]){"sh", "-c", "wherry-probe"}), "");
    ck_assert_ptr_null(find(0, NULL));
    ck_assert_ptr_null(find(1, (const char *[]){"my-wherry-probe"}));
    ck_assert_ptr_null(find(3, (const char *[]){"/bin/sh", "-c", "curl -f http://localhost"}));
    ck_assert_ptr_null(find(2, (const char *[]){"/bin/sh", "wherry-probe"}));
    ck_assert_ptr_null(find(1, (const char *[]){""}));
}
END_TEST

START_TEST(a_command_that_is_too_long_is_an_error)
{
    char word[PROBE_TEXT_SIZE + 1] = "", text[PROBE_TEXT_SIZE];
    const struct config_strings args = {.items = (const char *[]){"wherry-probe", word}, .n = 2};
    struct error err = {0};
    bool is_probe;
    memset(word, 'a', PROBE_TEXT_SIZE);
    ck_assert_fails(probe_find(&args, text, &is_probe, &err), err, ERROR_INPUT, "more than");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("probe");
    TCase *t = unit_case(suite, "probe");
    tcase_add_test(t, words_say_what_to_do);
    tcase_add_test(t, other_words_are_refused);
    tcase_add_test(t, a_probe_is_told_from_other_commands);
    tcase_add_test(t, a_command_that_is_too_long_is_an_error);
    return unit_run(suite);
}
