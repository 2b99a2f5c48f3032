/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/config.md says of every property what the support table says, and nothing else.
 * `test_config_page --print` prints the rows that the page must have.
 */
#include "oci-spec/support.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_SIZE 512
/* The rows are all that follows. */
#define HEADING       "\n| property | action | why |\n|---|---|---|\n"
#define PAGE_SIZE_MAX (1u << 20)

static void format_row(const struct support_entry *entry, char row[ROW_SIZE])
{
    snprintf(row, ROW_SIZE, "| %s | %s | %s |", entry->path, support_action_name(entry->action), entry->why);
}

START_TEST(the_page_has_the_table_s_rows)
{
    struct error err = {0};
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int fd = -1;
    size_t size, n, next = 0;
    const struct support_entry *table = support_table(&n);
    ck_assert_ok(fd_open(AT_FDCWD, CONFIG_PAGE, O_RDONLY, 0, &fd, &err), err);
    ck_assert_ok(fd_read_all(fd, PAGE_SIZE_MAX, &text, &size, CONFIG_PAGE, &err), err);

    char *rest = strstr(text, HEADING);
    ck_assert_ptr_nonnull(rest);
    rest += strlen(HEADING);
    for (const char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] == '\0')
            continue;
        char row[ROW_SIZE];
        ck_assert_msg(next < n, "the page has a row too many: %s", line);
        format_row(&table[next++], row);
        ck_assert_str_eq(line, row);
    }
    ck_assert_uint_eq(next, n);
}
END_TEST

static int print_rows(void)
{
    size_t n;
    const struct support_entry *table = support_table(&n);
    for (size_t i = 0; i < n; i++) {
        char row[ROW_SIZE];
        format_row(&table[i], row);
        puts(row);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--print") == 0)
        return print_rows();
    Suite *suite = suite_create("config_page");
    TCase *t = unit_case(suite, "config_page");
    tcase_add_test(t, the_page_has_the_table_s_rows);
    return unit_run(suite);
}
