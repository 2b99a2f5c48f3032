/* SPDX-License-Identifier: Apache-2.0 */
/* The support table agrees with itself and with the tables of the sections. That it agrees with the
 * specification is tests/spec's matter. */
#include "oci-spec/support.h"

#include "section.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

START_TEST(the_table_is_sorted_and_every_entry_is_found)
{
    size_t n;
    const struct support_entry *table = support_table(&n);
    ck_assert_uint_gt(n, 100);
    for (size_t i = 0; i < n; i++) {
        ck_assert_ptr_eq(support_find(table[i].path), &table[i]);
        ck_assert_msg(i == 0 || strcmp(table[i - 1].path, table[i].path) < 0, "'%s' is out of order",
                      table[i].path);
    }
    ck_assert_ptr_null(support_find("process.unheardOf"));
}
END_TEST

START_TEST(every_entry_says_why_in_one_sentence)
{
    size_t n;
    const struct support_entry *table = support_table(&n);
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(table[i].why);
        ck_assert_msg(length > 0 && table[i].why[length - 1] != '.', "'%s'", table[i].path);
    }
}
END_TEST

/* Notes in seen which entries have a field, below the object whose path is prefix. */
static void walk(const struct field_object *object, const char *prefix, bool *seen)
{
    size_t n;
    const struct support_entry *table = support_table(&n);
    for (size_t i = 0; i < object->n_fields; i++) {
        const struct field *field = &object->fields[i];
        char path[512];
        snprintf(path, sizeof(path), "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".", field->name);
        const struct support_entry *entry = support_find(path);
        ck_assert_msg(entry != NULL, "'%s' is read but has no entry", path);
        ck_assert_msg(entry->action != SUPPORT_REFUSED, "'%s' is read and refused", path);
        seen[entry - table] = true;
        if (field->type == FIELD_OBJECTS)
            strcat(path, "[]");
        if (field->type == FIELD_OBJECT_MAP)
            strcat(path, ".*");
        if (field->object != NULL)
            walk(field->object, path, seen);
    }
}

START_TEST(what_is_honoured_is_what_is_read)
{
    size_t n;
    const struct support_entry *table = support_table(&n);
    bool seen[512] = {false};
    ck_assert_uint_le(n, 512);
    walk(&config_section, "", seen);
    for (size_t i = 0; i < n; i++) {
        bool is_read = table[i].action == SUPPORT_HONOURED || table[i].action == SUPPORT_MONITOR;
        /* Read by functions, of which the tables know nothing. */
        bool is_inside_function = strncmp(table[i].path, "linux.namespaces[]", 18) == 0 ||
                                  strncmp(table[i].path, "process.consoleSize.", 20) == 0 ||
                                  strchr(table[i].path, '*') != NULL;
        ck_assert_msg(!is_read || seen[i] || is_inside_function, "'%s' is honoured but not read",
                      table[i].path);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("support");
    TCase *t = unit_case(suite, "support");
    tcase_add_test(t, the_table_is_sorted_and_every_entry_is_found);
    tcase_add_test(t, every_entry_says_why_in_one_sentence);
    tcase_add_test(t, what_is_honoured_is_what_is_read);
    return unit_run(suite);
}
