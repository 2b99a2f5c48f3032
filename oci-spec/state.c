/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/state.h"

#include "base/bug.h"
#include "json_write.h"

const char *state_status_name(enum state_status status)
{
    static const char *const names[STATE_COUNT] = {"creating", "created", "running", "paused", "stopped"};
    BUG_ON(status >= STATE_COUNT);
    return names[status];
}

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
