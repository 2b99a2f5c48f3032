/* SPDX-License-Identifier: Apache-2.0 */
/* The specification's own good and bad documents. */
#include "oci-spec/config.h"
#include "oci-spec/state.h"
#include "runtime_spec.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXAMPLE_SIZE_MAX (1u << 20)

/* Good documents that are for other platforms, or ask for what wherry refuses; every other good one is
 * accepted.
 */
static const struct {
    const char *name;
    const char *message;
} refused[] = {
    {"freebsd-example.json", "freebsd: a container for this platform is not supported"},
    {"freebsd-minimal.json", "freebsd: a container for this platform is not supported"},
    {"zos-example.json", "zos: a container for this platform is not supported"},
    {"zos-minimal.json", "zos: a container for this platform is not supported"},
    {"linux-netdevice.json", "linux.netDevices: not supported"},
};

static int parse_config(const char *text, size_t size, struct error *err)
{
    struct config *config = NULL;
    int result = config_parse(text, size, &config, err);
    if (result == 0)
        result = config_check_supported(config, err);
    config_free(config);
    return result;
}

static int parse_state(const char *text, size_t size, struct error *err)
{
    struct state *state = NULL;
    int result = state_parse(text, size, &state, err);
    state_free(state);
    return result;
}

/* Runs check with every document of a folder; returns how many there were. */
static unsigned each_document(const char *relative, void (*check)(const char *name, char *text, size_t size))
{
    char path[RUNTIME_SPEC_PATH_MAX];
    struct error err = {0};
    unsigned n = 0;
    ck_assert_msg(runtime_spec_path(relative, path), "'%s' is not there", path);
    _cleanup_closedir_ DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (strstr(entry->d_name, ".json") == NULL)
            continue;
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -1;
        size_t size;
        ck_assert_ok(fd_open(dirfd(folder), entry->d_name, O_RDONLY, 0, &fd, &err), err);
        ck_assert_ok(fd_read_all(fd, EXAMPLE_SIZE_MAX, &text, &size, entry->d_name, &err), err);
        check(entry->d_name, text, size);
        n++;
    }
    return n;
}

/* Some examples are older than version 1.0 of the specification in nothing but their number. */
static void modernise(char *text)
{
    static const char old[] = "\"ociVersion\": \"0.";
    char *version = strstr(text, old);
    if (version != NULL)
        version[strlen(old) - 2] = '1';
}

static void check_good_config(const char *name, char *text, size_t size)
{
    struct error err = {0};
    modernise(text);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (strcmp(refused[i].name, name) == 0) {
            ck_assert_fails(parse_config(text, size, &err), err, ERROR_REFUSED, refused[i].message);
            return;
        }
    }
    ck_assert_msg(parse_config(text, size, &err) == 0, "%s: %s", name, err.text);
}

static void check_bad_config(const char *name, char *text, size_t size)
{
    struct error err = {0};
    ck_assert_msg(parse_config(text, size, &err) < 0, "%s: accepted", name);
    ck_assert_msg(err.kind == ERROR_INPUT || err.kind == ERROR_REFUSED, "%s: kind %d", name, (int)err.kind);
    printf("%s: %s\n", name, err.text);
}

static void check_good_state(const char *name, char *text, size_t size)
{
    struct error err = {0};
    ck_assert_msg(parse_state(text, size, &err) == 0, "%s: %s", name, err.text);
}

static void check_bad_state(const char *name, char *text, size_t size)
{
    struct error err = {0};
    ck_assert_msg(parse_state(text, size, &err) < 0, "%s: accepted", name);
    ck_assert_int_eq(err.kind, ERROR_INPUT);
}

START_TEST(good_configurations_are_accepted_or_refused_by_name)
{
    ck_assert_uint_gt(each_document("schema/test/config/good", check_good_config), 2);
}
END_TEST

START_TEST(bad_configurations_are_errors)
{
    ck_assert_uint_gt(each_document("schema/test/config/bad", check_bad_config), 2);
}
END_TEST

START_TEST(states_are_accepted_and_refused)
{
    ck_assert_uint_gt(each_document("schema/test/state/good", check_good_state), 0);
    ck_assert_uint_gt(each_document("schema/test/state/bad", check_bad_state), 0);
}
END_TEST

int main(void)
{
    char path[RUNTIME_SPEC_PATH_MAX];
    if (!runtime_spec_path("schema/test", path))
        runtime_spec_skip("schema/test");
    Suite *suite = suite_create("spec_examples");
    TCase *t = unit_case(suite, "spec_examples");
    tcase_add_test(t, good_configurations_are_accepted_or_refused_by_name);
    tcase_add_test(t, bad_configurations_are_errors);
    tcase_add_test(t, states_are_accepted_and_refused);
    return unit_run(suite);
}
