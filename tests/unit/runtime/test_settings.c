/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test_settings.XXXXXX";

static int load(const char *text, struct settings *out, struct error *err)
{
    strcpy(strrchr(path, '.') + 1, "XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    int result = settings_load(path, out, err);
    unlink(path);
    return result;
}

START_TEST(settings_are_read)
{
    struct error err = {0};
    struct settings settings = {0};
    ck_assert_ok(
        load("# a comment\n\n monitor = /m \nstore=/s\ndelegate = /a\ndelegate = /b\nmemory = 4096\n",
             &settings, &err),
        err);
    ck_assert_str_eq(settings.monitor, "/m");
    ck_assert_str_eq(settings.store, "/s");
    ck_assert_uint_eq(settings.n_delegates, 2);
    ck_assert_str_eq(settings.delegates[1], "/b");
    ck_assert_uint_eq(settings.memory_bytes, 4096);
    settings_release(&settings);
}
END_TEST

START_TEST(wrong_lines_are_named)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"monitor = /m\nmonitor\n", "line 2: \"monitor\" is not key = value"},
        {"colour = red\n", "line 1: \"colour\": no such setting"},
        {"monitor = /m\nmonitor = /n\n", "line 2: \"monitor\": given twice"},
        {"store = s\n", "\"s\" is not an absolute path"},
        {"memory = 1G\n", "\"memory\""},
        {"delegate=/a\ndelegate=/a\ndelegate=/a\ndelegate=/a\ndelegate=/a\n",
         "line 5: \"delegate\": more than 4"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct settings settings;
        ck_assert_fails(load(cases[i].text, &settings, &err), err, ERROR_INPUT, cases[i].message);
    }
}
END_TEST

START_TEST(a_file_that_was_named_must_be_there)
{
    struct error err = {0};
    struct settings settings;
    ck_assert_fails(settings_load("/nowhere/wherry.conf", &settings, &err), err, ERROR_SYSTEM,
                    "open the settings '/nowhere/wherry.conf'");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings");
    TCase *tcase = unit_case(suite, "settings");
    tcase_add_test(tcase, settings_are_read);
    tcase_add_test(tcase, wrong_lines_are_named);
    tcase_add_test(tcase, a_file_that_was_named_must_be_there);
    return unit_run(suite);
}
