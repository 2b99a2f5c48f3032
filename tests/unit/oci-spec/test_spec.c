/* SPDX-License-Identifier: Apache-2.0 */
/* The document that `wherry spec` writes is one that wherry takes, as it is. */
#include "oci-spec/spec.h"

#include "base/cleanup.h"
#include "oci-spec/config.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct config *config;

static void parse(const struct spec_options *options)
{
    struct error err = {0};
    _cleanup_free_ char *text = NULL;
    ck_assert_ok(spec_format(options, &text, &err), err);
    ck_assert_ok(config_parse(text, strlen(text), &config, &err), err);
    ck_assert_ok(config_check_supported(config, &err), err);
    ck_assert_uint_eq(config->warnings.n, 0);
}

static void release(void)
{
    config_free(config);
}

START_TEST(the_document_is_for_a_unikernel_in_its_own_namespaces)
{
    parse(&(struct spec_options){.uid = 1000, .gid = 1000});
    ck_assert_str_eq(config->process->args.items[0], "/app.hvt");
    ck_assert_str_eq(config->root.path, "rootfs");
    ck_assert(config->namespaces[CONFIG_NAMESPACE_PID].is_listed);
    ck_assert(config->namespaces[CONFIG_NAMESPACE_NETWORK].is_listed);
    ck_assert(!config->namespaces[CONFIG_NAMESPACE_USER].is_listed);
    ck_assert_uint_eq(config->uid_mappings.n, 0);
}
END_TEST

START_TEST(without_privileges_the_caller_is_root_in_a_user_namespace)
{
    parse(&(struct spec_options){.rootless = true, .uid = 1000, .gid = 100});
    ck_assert(config->namespaces[CONFIG_NAMESPACE_USER].is_listed);
    ck_assert_uint_eq(config->uid_mappings.n, 1);
    ck_assert_uint_eq(config->uid_mappings.items[0].host_id, 1000);
    ck_assert_uint_eq(config->gid_mappings.items[0].host_id, 100);
    ck_assert_uint_eq(config->gid_mappings.items[0].size, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spec");
    TCase *t = unit_case(suite, "spec");
    tcase_add_checked_fixture(t, NULL, release);
    tcase_add_test(t, the_document_is_for_a_unikernel_in_its_own_namespaces);
    tcase_add_test(t, without_privileges_the_caller_is_root_in_a_user_namespace);
    return unit_run(suite);
}
