/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/image_documents.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define A16 "aaaaaaaaaaaaaaaa"
#define B16 "bbbbbbbbbbbbbbbb"
#define A64 A16 A16 A16 A16
#define B64 B16 B16 B16 B16

static struct image_documents *documents;

static void set_up(void)
{
    struct error err = {0};
    documents = image_documents_new(&err);
    ck_assert_ptr_nonnull(documents);
}

static void tear_down(void)
{
    image_documents_free(documents);
}

START_TEST(an_index_names_manifests)
{
    static const char text[] = "{\"manifests\":[{\"mediaType\":\"m\",\"digest\":\"sha256:" A64
                               "\",\"size\":7,\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"},"
                               "\"annotations\":{\"a\":\"b\"}}]}";
    struct error err = {0};
    struct image_manifest index;
    ck_assert_ok(image_documents_manifest(documents, text, strlen(text), &index, &err), err);
    ck_assert_uint_eq(index.n_manifests, 1);
    ck_assert_ptr_null(index.config.digest);
    ck_assert_str_eq(index.manifests[0].digest, "sha256:" A64);
    ck_assert_str_eq(index.manifests[0].platform.architecture, "amd64");
    ck_assert_uint_eq(index.manifests[0].annotations.n, 1);
}
END_TEST

START_TEST(a_manifest_names_config_and_layers)
{
    static const char text[] = "{\"config\":{\"digest\":\"sha256:" A64 "\",\"size\":1},"
                               "\"layers\":[{\"digest\":\"sha256:" B64 "\",\"size\":2}]}";
    struct error err = {0};
    struct image_manifest manifest;
    ck_assert_ok(image_documents_manifest(documents, text, strlen(text), &manifest, &err), err);
    ck_assert_str_eq(manifest.config.digest, "sha256:" A64);
    ck_assert_uint_eq(manifest.n_layers, 1);
    ck_assert_uint_eq(manifest.layers[0].size, 2);
}
END_TEST

START_TEST(a_config_lists_its_layers)
{
    static const char text[] = "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" A64
                               "\",\"sha256:" B64 "\"]},\"history\":[],\"config\":{\"WorkingDir\":\"/w\"}}";
    struct error err = {0};
    struct image_config config;
    ck_assert_ok(image_documents_config(documents, text, strlen(text), &config, &err), err);
    ck_assert_uint_eq(config.diff_ids.n, 2);
    ck_assert_str_eq(config.diff_ids.items[1], "sha256:" B64);
    ck_assert_str_eq(config.working_dir, "/w");
}
END_TEST

START_TEST(containers_storage_lists_images_and_layers)
{
    static const char images[] = "[{\"id\":\"" A64 "\",\"names\":[\"x:1\",\"y\"],\"layer\":\"" B64
                                 "\",\"created\":\"2026\"},{\"id\":\"" B64 "\"}]";
    static const char layers[] = "[{\"id\":\"" A64 "\",\"diff-digest\":\"sha256:" B64 "\"},{\"id\":\"" B64
                                 "\",\"parent\":\"" A64 "\",\"uidset\":[0]}]";
    struct error err = {0};
    struct image_records found;
    struct layer_records stack;
    ck_assert_ok(image_documents_images(documents, images, strlen(images), &found, &err), err);
    ck_assert_uint_eq(found.n, 2);
    ck_assert_uint_eq(found.items[0].names.n, 2);
    ck_assert_str_eq(found.items[0].layer, B64);
    ck_assert_ptr_null(found.items[1].layer);
    ck_assert_ok(image_documents_layers(documents, layers, strlen(layers), &stack, &err), err);
    ck_assert_uint_eq(stack.n, 2);
    ck_assert_ptr_null(stack.items[0].parent);
    ck_assert_str_eq(stack.items[1].parent, A64);
}
END_TEST

START_TEST(dockers_names_are_grouped_by_image)
{
    static const char text[] =
        "{\"Repositories\":{\"b\":{\"b:2\":\"sha256:" A64 "\",\"b@sha256:" B64 "\":\"sha256:" A64
        "\"},\"a\":{\"a:1\":\"sha256:" A64 "\",\"a:2\":\"sha256:" B64 "\"}}}";
    struct error err = {0};
    struct image_records found;
    ck_assert_ok(image_documents_repositories(documents, text, strlen(text), &found, &err), err);
    ck_assert_uint_eq(found.n, 2);
    ck_assert_str_eq(found.items[0].id, A64);
    ck_assert_uint_eq(found.items[0].names.n, 2);
    ck_assert_str_eq(found.items[0].names.items[0], "a:1");
    ck_assert_str_eq(found.items[0].names.items[1], "b:2");
    ck_assert_str_eq(found.items[1].names.items[0], "a:2");
}
END_TEST

START_TEST(what_would_not_do_as_a_path_is_refused)
{
    static const char up[] = "[{\"id\":\"../../../etc\"}]";
    static const char blob[] = "{\"config\":{\"digest\":\"sha256:../../x\"}}";
    static const char other[] = "{\"config\":{\"digest\":\"md5:" A64 "\"}}";
    static const char list[] = "[]";
    struct error err = {0};
    struct image_records found;
    struct image_manifest manifest;
    struct layer_records layers;
    ck_assert_fails(image_documents_images(documents, up, strlen(up), &found, &err), err, ERROR_INPUT,
                    "no sha256 digest");
    ck_assert_fails(image_documents_layers(documents, up, strlen(up), &layers, &err), err, ERROR_INPUT,
                    "no sha256 digest");
    ck_assert_fails(image_documents_manifest(documents, blob, strlen(blob), &manifest, &err), err,
                    ERROR_INPUT, "no sha256 digest");
    ck_assert_fails(image_documents_manifest(documents, other, strlen(other), &manifest, &err), err,
                    ERROR_INPUT, "no sha256 digest");
    ck_assert_fails(image_documents_manifest(documents, list, strlen(list), &manifest, &err), err,
                    ERROR_INPUT, "an array instead of an object");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_documents");
    TCase *tcase = unit_case(suite, "image_documents");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, an_index_names_manifests);
    tcase_add_test(tcase, a_manifest_names_config_and_layers);
    tcase_add_test(tcase, a_config_lists_its_layers);
    tcase_add_test(tcase, containers_storage_lists_images_and_layers);
    tcase_add_test(tcase, dockers_names_are_grouped_by_image);
    tcase_add_test(tcase, what_would_not_do_as_a_path_is_refused);
    return unit_run(suite);
}
