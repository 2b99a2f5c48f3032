/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/state.h"

#include "base/bug.h"
#include "base/cleanup.h"
#include "field.h"
#include "oci-spec/json_write.h"

#include <stdlib.h>

static const char *const status_names[] = {
    [STATE_CREATING] = "creating", [STATE_CREATED] = "created", [STATE_RUNNING] = "running",
    [STATE_PAUSED] = "paused",     [STATE_STOPPED] = "stopped", [STATE_COUNT] = NULL,
};

const char *state_status_name(enum state_status status)
{
    BUG_ON(status >= STATE_COUNT);
    return status_names[status];
}

/* --- format --- */

static void write_annotations(struct json_writer *w, const struct config_map *annotations)
{
    if (annotations->n == 0)
        return;
    json_write_key(w, "annotations");
    json_write_object(w);
    for (size_t i = 0; i < annotations->n; i++)
        json_write_member(w, annotations->pairs[i].key, annotations->pairs[i].value);
    json_write_object_end(w);
}

/* In runc's order. */
static void write_state(struct json_writer *w, const struct state *state)
{
    json_write_object(w);
    json_write_member(w, "ociVersion", state->oci_version);
    json_write_member(w, "id", state->id);
    json_write_member_integer(w, "pid", state->pid);
    json_write_member(w, "status", state_status_name(state->status));
    json_write_member(w, "bundle", state->bundle);
    json_write_member(w, "rootfs", state->rootfs);
    json_write_member(w, "created", state->created);
    write_annotations(w, &state->annotations);
    json_write_member(w, "owner", state->owner);
    json_write_object_end(w);
}

int state_format(const struct state *state, enum state_layout layout, char **out_text, struct error *err)
{
    struct json_writer *w = json_write_begin(layout == STATE_INDENTED, err);
    if (w == NULL)
        return -1;
    write_state(w, state);
    return json_write_end(w, out_text, err);
}

int state_format_list(const struct state *states, size_t n, enum state_layout layout, char **out_text,
                      struct error *err)
{
    struct json_writer *w = json_write_begin(layout == STATE_INDENTED, err);
    if (w == NULL)
        return -1;
    json_write_array(w);
    for (size_t i = 0; i < n; i++)
        write_state(w, &states[i]);
    json_write_array_end(w);
    return json_write_end(w, out_text, err);
}

/* --- parse --- */

/* What a parsed struct state * really points into. */
struct document {
    struct arena arena;
    struct state state;
};

static void document_freep(struct document **document)
{
    if (*document != NULL)
        state_free(&(*document)->state);
}

static const struct field state_fields[] = {
    {FIELD(state, oci_version, FIELD_STRING, "ociVersion"), .is_required = true},
    {FIELD(state, id, FIELD_STRING, "id"), .is_required = true},
    {FIELD(state, status, FIELD_ENUM, "status"), .names = status_names, .is_required = true},
    {FIELD(state, pid, FIELD_I32, "pid"), .min = 0, .max = INT32_MAX},
    {FIELD(state, bundle, FIELD_STRING, "bundle"), .is_required = true},
    {FIELD(state, rootfs, FIELD_STRING, "rootfs")},
    {FIELD(state, created, FIELD_STRING, "created")},
    {FIELD(state, owner, FIELD_STRING, "owner")},
    {FIELD(state, annotations, FIELD_MAP, "annotations")},
};
static const struct field_object state_object = FIELD_OBJECT_OF(state, state_fields);
_Static_assert(sizeof(pid_t) == sizeof(int32_t), "FIELD_I32 reads the pid");

int state_parse(const char *json, size_t size, struct state **out_state, struct error *err)
{
    _cleanup_(document_freep) struct document *document = calloc(1, sizeof(*document));
    if (document == NULL)
        return error_errno(err, "allocate a state");

    const struct json *value;
    if (json_parse(json, size, CONFIG_SIZE_MAX, &document->arena, &value, err) < 0)
        return -1;
    _cleanup_(field_reader_release) struct field_reader reader = {.arena = &document->arena,
                                                                  .skips_support = true};
    if (field_read_object(&reader, &state_object, value, &document->state, err) < 0)
        return -1;
    *out_state = &take_ptr(document)->state;
    return 0;
}

void state_free(struct state *state)
{
    if (state == NULL)
        return;
    struct document *document = (struct document *)((char *)state - offsetof(struct document, state));
    arena_release(&document->arena);
    free(document);
}
