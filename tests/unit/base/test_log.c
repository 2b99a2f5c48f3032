/* SPDX-License-Identifier: Apache-2.0 */
/* Engines read the log of a command that failed: what a JSON log holds then is the contract. */
#include "base/cleanup.h"
#include "base/log.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/test_log.XXXXXX";

static void open_log(enum log_format format)
{
    struct error err = {0};
    strcpy(strrchr(path, '.') + 1, "XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_ok(log_open(path, format, LOG_LEVEL_INFO, "test", &err), err);
}

/* What the log holds, and the end of the log. */
static void read_log(char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    close(log_fd());
    unlink(path);
}

START_TEST(a_failed_command_leaves_one_json_line)
{
    struct error err = {0};
    char text[4096];
    open_log(LOG_FORMAT_JSON);
    log_line(LOG_LEVEL_WARNING, "something is odd");
    error_set(&err, ERROR_SYSTEM, "open \"%s\"", "a\nb");
    log_failure(&err);
    log_commit();
    read_log(text, sizeof(text));
    ck_assert_ptr_nonnull(
        strstr(text, "{\"level\":\"error\",\"msg\":\"open \\\"a\\u000ab\\\"\",\"time\":\""));
    ck_assert_ptr_null(strstr(text, "odd"));
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}
END_TEST

START_TEST(a_command_that_succeeds_leaves_its_warnings)
{
    char text[4096];
    open_log(LOG_FORMAT_JSON);
    log_line(LOG_LEVEL_WARNING, "something is odd");
    log_line(LOG_LEVEL_DEBUG, "a detail");
    log_commit();
    read_log(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "{\"level\":\"warning\",\"msg\":\"something is odd\",\"time\":\""));
    ck_assert_ptr_null(strstr(text, "detail"));
}
END_TEST

START_TEST(bytes_that_are_no_utf8_do_not_break_the_json)
{
    char text[4096];
    open_log(LOG_FORMAT_JSON);
    log_line(LOG_LEVEL_INFO, "%s", "\xff \xc0\x80 \xed\xa0\x80 \xc3\xa4");
    log_commit();
    read_log(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, "\"msg\":\"\\ufffd \\ufffd\\ufffd \\ufffd\\ufffd\\ufffd \xc3\xa4\""));
}
END_TEST

START_TEST(a_text_log_is_written_at_once_and_in_lines)
{
    char text[4096];
    open_log(LOG_FORMAT_TEXT);
    log_line(LOG_LEVEL_INFO, "two\nlines");
    read_log(text, sizeof(text));
    ck_assert_ptr_nonnull(strstr(text, " level=info msg=\"two lines\"\n"));
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_is_an_error)
{
    struct error err = {0};
    ck_assert_fails(log_open("/nowhere/log", LOG_FORMAT_TEXT, LOG_LEVEL_INFO, "test", &err), err,
                    ERROR_SYSTEM, "'/nowhere/log'");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tcase = unit_case(suite, "log");
    tcase_add_test(tcase, a_failed_command_leaves_one_json_line);
    tcase_add_test(tcase, a_command_that_succeeds_leaves_its_warnings);
    tcase_add_test(tcase, bytes_that_are_no_utf8_do_not_break_the_json);
    tcase_add_test(tcase, a_text_log_is_written_at_once_and_in_lines);
    tcase_add_test(tcase, a_log_that_cannot_be_opened_is_an_error);
    return unit_run(suite);
}
