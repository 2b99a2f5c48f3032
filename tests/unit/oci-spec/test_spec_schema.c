/* SPDX-License-Identifier: Apache-2.0 */
/* Every property that the specification's JSON schema knows has its fate in the support table. */
#include "json_read.h"
#include "oci-spec/support.h"
#include "runtime_spec.h"

#include "base/fd.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA_SIZE_MAX (1u << 20)
#define FILES_MAX       32
#define PATH_SIZE       512

static struct arena arena;
static struct {
    char name[64];
    const struct json *root;
} files[FILES_MAX];
static size_t n_files;
static unsigned n_properties, n_missing;

static const struct json *load(const char *name)
{
    for (size_t i = 0; i < n_files; i++) {
        if (strcmp(files[i].name, name) == 0)
            return files[i].root;
    }
    char relative[128], path[RUNTIME_SPEC_PATH_MAX], *text = NULL;
    size_t size;
    int fd = -1;
    struct error err = {0};
    snprintf(relative, sizeof(relative), "schema/%s", name);
    ck_assert_msg(runtime_spec_path(relative, path), "'%s' is not there", path);
    ck_assert_ok(fd_open(AT_FDCWD, path, O_RDONLY, 0, &fd, &err), err);
    ck_assert_ok(fd_read_all(fd, SCHEMA_SIZE_MAX, &text, &size, path, &err), err);
    close(fd);

    ck_assert_uint_lt(n_files, FILES_MAX);
    snprintf(files[n_files].name, sizeof(files[n_files].name), "%s", name);
    ck_assert_ok(json_parse(text, size, SCHEMA_SIZE_MAX, &arena, &files[n_files].root, &err), err);
    free(text);
    return files[n_files++].root;
}

/* --- what the table says of a property --- */

/* Cuts the last step off: ".name" or "[]". Returns false at the root. */
static bool cut_step(char *path)
{
    char *dot = strrchr(path, '.'), *bracket = strrchr(path, '[');
    char *end = bracket > dot ? bracket : dot;
    if (end == NULL)
        return false;
    *end = '\0';
    return true;
}

/* A property has an entry, or shares the fate of an object that is not read, or is a value of a map. */
static bool has_fate(const char *property)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s", property);
    if (support_find(path) != NULL)
        return true;
    bool is_map_value = strcmp(property + strlen(property) - 2, ".*") == 0;
    while (cut_step(path)) {
        const struct support_entry *entry = support_find(path);
        if (entry != NULL)
            return is_map_value || (entry->action != SUPPORT_HONOURED && entry->action != SUPPORT_MONITOR);
    }
    return false;
}

static void check_property(const char *path)
{
    n_properties++;
    if (has_fate(path))
        return;
    n_missing++;
    printf("no entry for '%s'\n", path);
}

/* --- the walk --- */

static void walk(const struct json *node, const char *file, const char *path, int depth);

/* A reference is FILE#/STEP/STEP, and either part may be empty. */
static void follow(const char *reference, const char *file, const char *path, int depth)
{
    char copy[256], *rest = copy;
    snprintf(copy, sizeof(copy), "%s", reference);
    const char *name = strsep(&rest, "#");
    if (name[0] == '\0')
        name = file;
    const struct json *node = load(name);
    while (rest != NULL && node != NULL) {
        const char *step = strsep(&rest, "/");
        if (step[0] != '\0')
            node = json_get(node, step);
    }
    ck_assert_msg(node != NULL, "'%s' leads nowhere", reference);
    walk(node, name, path, depth);
}

static void walk_properties(const struct json *properties, const char *file, const char *path, int depth)
{
    for (size_t i = 0; properties != NULL && i < properties->n_children; i++) {
        const struct json *property = properties->children[i];
        char below[PATH_SIZE];
        snprintf(below, sizeof(below), "%s%s%s", path, path[0] == '\0' ? "" : ".", property->key);
        check_property(below);
        walk(property, file, below, depth);
    }
}

static void walk_values(const struct json *schema, const char *file, const char *path, int depth)
{
    char below[PATH_SIZE];
    if (schema == NULL || schema->type != JSON_OBJECT)
        return;
    snprintf(below, sizeof(below), "%s.*", path);
    check_property(below);
    walk(schema, file, below, depth);
}

static void walk_alternatives(const struct json *list, const char *file, const char *path, int depth)
{
    for (size_t i = 0; list != NULL && i < list->n_children; i++)
        walk(list->children[i], file, path, depth);
}

static void walk(const struct json *node, const char *file, const char *path, int depth)
{
    if (node->type != JSON_OBJECT)
        return;
    ck_assert_int_lt(depth, 40);
    depth++;

    const struct json *reference = json_get(node, "$ref"), *items = json_get(node, "items");
    const struct json *patterns = json_get(node, "patternProperties");
    if (reference != NULL)
        follow(reference->text, file, path, depth);
    walk_alternatives(json_get(node, "anyOf"), file, path, depth);
    walk_alternatives(json_get(node, "oneOf"), file, path, depth);
    walk_alternatives(json_get(node, "allOf"), file, path, depth);
    walk_properties(json_get(node, "properties"), file, path, depth);
    walk_values(json_get(node, "additionalProperties"), file, path, depth);
    for (size_t i = 0; patterns != NULL && i < patterns->n_children; i++)
        walk_values(patterns->children[i], file, path, depth);
    if (items != NULL) {
        char below[PATH_SIZE];
        snprintf(below, sizeof(below), "%s[]", path);
        walk(items, file, below, depth);
    }
}

START_TEST(every_property_of_the_schema_has_its_fate)
{
    walk(load("config-schema.json"), "config-schema.json", "", 0);
    arena_release(&arena);
    printf("%u properties\n", n_properties);
    ck_assert_uint_gt(n_properties, 250);
    ck_assert_uint_eq(n_missing, 0);
}
END_TEST

int main(void)
{
    char path[RUNTIME_SPEC_PATH_MAX];
    if (!runtime_spec_path("schema/config-schema.json", path))
        runtime_spec_skip("schema/config-schema.json");
    Suite *suite = suite_create("spec_schema");
    TCase *t = unit_case(suite, "spec_schema");
    tcase_add_test(t, every_property_of_the_schema_has_its_fate);
    return unit_run(suite);
}
