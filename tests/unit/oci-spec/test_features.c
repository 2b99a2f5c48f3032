/* SPDX-License-Identifier: Apache-2.0 */
/* The document says what the parser does. */
#include "oci-spec/features.h"

#include "base/cleanup.h"
#include "json_read.h"
#include "mount_option.h"
#include "oci-spec/config.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;
static const struct json *document;

static void setup(void)
{
    struct error err = {0};
    _cleanup_free_ char *text = NULL;
    ck_assert_ok(features_format(&text, &err), err);
    ck_assert_ok(json_parse(text, strlen(text), strlen(text), &arena, &document, &err), err);
}

static void teardown(void)
{
    arena_release(&arena);
}

static bool has_string(const struct json *array, const char *text)
{
    for (size_t i = 0; i < array->n_children; i++) {
        if (strcmp(array->children[i]->text, text) == 0)
            return true;
    }
    return false;
}

START_TEST(versions_are_the_first_and_the_newest_that_is_known)
{
    ck_assert_str_eq(json_get(document, "ociVersionMin")->text, "1.0.0");
    ck_assert_str_eq(json_get(document, "ociVersionMax")->text, "1.3.0");
}
END_TEST

START_TEST(hooks_and_namespaces_are_those_of_the_parser)
{
    const struct json *hooks = json_get(document, "hooks");
    const struct json *namespaces = json_get(json_get(document, "linux"), "namespaces");
    ck_assert_uint_eq(hooks->n_children, CONFIG_HOOK_COUNT);
    for (int i = 0; i < CONFIG_HOOK_COUNT; i++)
        ck_assert(has_string(hooks, config_hook_name((enum config_hook_kind)i)));
    ck_assert_uint_eq(namespaces->n_children, CONFIG_NAMESPACE_COUNT);
    for (int i = 0; i < CONFIG_NAMESPACE_COUNT; i++)
        ck_assert(has_string(namespaces, config_namespace_name((enum config_namespace_type)i)));
}
END_TEST

START_TEST(mount_options_are_those_that_are_not_refused)
{
    size_t n;
    const struct mount_option *options = mount_option_table(&n);
    const struct json *listed = json_get(document, "mountOptions");
    for (size_t i = 0; i < n; i++) {
        ck_assert_ptr_eq(mount_option_find(options[i].name), &options[i]);
        ck_assert_int_eq(has_string(listed, options[i].name), options[i].effect != MOUNT_OPTION_REFUSED);
    }
    ck_assert_ptr_null(mount_option_find("size=1m"));
}
END_TEST

START_TEST(annotations_that_choose_what_is_booted_are_unsafe)
{
    const struct json *unsafe = json_get(document, "potentiallyUnsafeConfigAnnotations");
    ck_assert(has_string(unsafe, "dev.wherry."));
    ck_assert(has_string(unsafe, "com.urunc.unikernel."));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("features");
    TCase *t = unit_case(suite, "features");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, versions_are_the_first_and_the_newest_that_is_known);
    tcase_add_test(t, hooks_and_namespaces_are_those_of_the_parser);
    tcase_add_test(t, mount_options_are_those_that_are_not_refused);
    tcase_add_test(t, annotations_that_choose_what_is_booted_are_unsafe);
    return unit_run(suite);
}
