/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/state.h"
#include "unit.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static const struct config_pair pairs[] = {{"a.b", "c"}, {"quote", "\"\\\n"}};

static struct state full(void)
{
    return (struct state){.oci_version = "1.2.1",
                          .id = "s1",
                          .status = STATE_RUNNING,
                          .pid = 18363,
                          .bundle = "/b",
                          .rootfs = "/b/rootfs",
                          .created = "2026-11-21T04:00:17.248173504Z",
                          .owner = "",
                          .annotations = {.pairs = pairs, .n = 2}};
}

START_TEST(the_document_is_runcs)
{
    struct error err = {0};
    struct state state = full();
    char *text = NULL;
    ck_assert_ok(state_format(&state, STATE_ONE_LINE, &text, &err), err);
    ck_assert_str_eq(
        text, "{\"ociVersion\":\"1.2.1\",\"id\":\"s1\",\"pid\":18363,\"status\":\"running\","
              "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"created\":\"2026-11-21T04:00:17.248173504Z\","
              "\"annotations\":{\"a.b\":\"c\",\"quote\":\"\\\"\\\\\\n\"},\"owner\":\"\"}\n");
    free(text);
}
END_TEST

START_TEST(what_is_not_given_is_left_out)
{
    struct error err = {0};
    struct state state = {.oci_version = "1.0.0", .id = "x", .status = STATE_STOPPED, .bundle = "/"};
    char *text = NULL;
    ck_assert_ok(state_format(&state, STATE_INDENTED, &text, &err), err);
    ck_assert_str_eq(text, "{\n  \"ociVersion\": \"1.0.0\",\n  \"id\": \"x\",\n  \"pid\": 0,\n"
                           "  \"status\": \"stopped\",\n  \"bundle\": \"/\"\n}\n");
    free(text);
}
END_TEST

START_TEST(a_list_is_an_array)
{
    struct error err = {0};
    struct state states[] = {
        {.oci_version = "1", .id = "x", .status = STATE_STOPPED, .bundle = "/"},
        {.oci_version = "1", .id = "y", .status = STATE_CREATED, .bundle = "/", .pid = 2}};
    char *text = NULL;
    ck_assert_ok(state_format_list(states, 2, STATE_ONE_LINE, &text, &err), err);
    ck_assert_str_eq(
        text, "[{\"ociVersion\":\"1\",\"id\":\"x\",\"pid\":0,\"status\":\"stopped\",\"bundle\":\"/\"},"
              "{\"ociVersion\":\"1\",\"id\":\"y\",\"pid\":2,\"status\":\"created\",\"bundle\":\"/\"}]\n");
    free(text);
    ck_assert_ok(state_format_list(states, 0, STATE_ONE_LINE, &text, &err), err);
    ck_assert_str_eq(text, "[]\n");
    free(text);
}
END_TEST

START_TEST(a_string_that_is_no_utf8_is_refused)
{
    struct error err = {0};
    struct state state = full();
    char *text = NULL;
    state.bundle = "/\xff";
    ck_assert_fails(state_format(&state, STATE_ONE_LINE, &text, &err), err, ERROR_INPUT, "not UTF-8");
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    struct error err = {0};
    const struct state original = full();
    _cleanup_free_ char *text = NULL;
    _cleanup_(state_freep) struct state *state = NULL;
    ck_assert_ok(state_format(&original, STATE_INDENTED, &text, &err), err);
    ck_assert_ok(state_parse(text, strlen(text), &state, &err), err);
    ck_assert_str_eq(state->oci_version, original.oci_version);
    ck_assert_str_eq(state->id, original.id);
    ck_assert_int_eq(state->status, STATE_RUNNING);
    ck_assert_int_eq(state->pid, original.pid);
    ck_assert_str_eq(state->bundle, original.bundle);
    ck_assert_str_eq(state->rootfs, original.rootfs);
    ck_assert_str_eq(state->created, original.created);
    ck_assert_str_eq(state->owner, "");
    ck_assert_str_eq(config_map_find(&state->annotations, "quote"), pairs[1].value);
    ck_assert_ptr_null(config_map_find(&state->annotations, "y"));
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} bad[] = {
    {"[]", "must be an object, not an array"},
    {"{}", "'ociVersion' is missing"},
    {"{\"ociVersion\":\"1.0.0\",\"id\":\"a\",\"status\":\"running\"}", "'bundle' is missing"},
    {"{\"ociVersion\":\"1.0.0\",\"id\":\"a\",\"status\":\"dead\",\"bundle\":\"/\"}",
     "status: unknown value 'dead'"},
    {"{\"ociVersion\":\"1.0.0\",\"id\":\"a\",\"status\":\"running\",\"bundle\":\"/\",\"pid\":-1}",
     "pid: the value '-1' is not a number of 0 to"},
};

START_TEST(a_bad_state_is_refused)
{
    struct error err = {0};
    struct state *state = NULL;
    ck_assert_fails(state_parse(bad[_i].text, strlen(bad[_i].text), &state, &err), err, ERROR_INPUT,
                    bad[_i].message);
    ck_assert_ptr_null(state);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("state");
    TCase *t = unit_case(suite, "state");
    tcase_add_test(t, the_document_is_runcs);
    tcase_add_test(t, what_is_not_given_is_left_out);
    tcase_add_test(t, a_list_is_an_array);
    tcase_add_test(t, a_string_that_is_no_utf8_is_refused);
    tcase_add_test(t, what_is_written_is_read_back);
    tcase_add_loop_test(t, a_bad_state_is_refused, 0, sizeof(bad) / sizeof(bad[0]));
    return unit_run(suite);
}
