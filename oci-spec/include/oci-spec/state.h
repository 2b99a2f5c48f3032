/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a container as a JSON document (runtime-spec runtime.md "State"), with the members that runc
 * adds and engines read: rootfs, created, owner.
 */
#ifndef OCI_SPEC_STATE_H
#define OCI_SPEC_STATE_H

#include "base/error.h"
#include "oci-spec/config.h"

#include <stddef.h>
#include <sys/types.h>

enum state_status { STATE_CREATING, STATE_CREATED, STATE_RUNNING, STATE_PAUSED, STATE_STOPPED, STATE_COUNT };

/* "creating", "created", ... */
const char *state_status_name(enum state_status status);

struct state {
    const char *oci_version; /* never NULL */
    const char *id;          /* never NULL */
    enum state_status status;
    pid_t pid;           /* 0 when stopped */
    const char *bundle;  /* absolute; never NULL */
    const char *rootfs;  /* these three are left out of the document when NULL, which makes it the plain */
    const char *created; /* document of the specification, as hooks get it. created is RFC 3339 in UTC */
    const char *owner;   /* the name of the user; "" is runc's for root */
    struct config_map annotations; /* left out when empty */
};

/* Line breaks and indentation for people (and runc's `state`), or one line. Both end with a newline. */
enum state_layout { STATE_INDENTED, STATE_ONE_LINE };

/* Formats one state. *out_text is NUL-terminated and the caller's to free(3). */
int state_format(const struct state *state, enum state_layout layout, char **out_text, struct error *err);

/* Formats n states as one array, in their order. */
int state_format_list(const struct state *states, size_t n, enum state_layout layout, char **out_text,
                      struct error *err);

/* Parses a document that state_format() made. Everything in *out_state belongs to it: state_free(). */
int state_parse(const char *json, size_t size, struct state **out_state, struct error *err);

/* Frees what state_parse() returned, and only that. Accepts NULL. */
void state_free(struct state *state);

/* For _cleanup_(state_freep). */
static inline void state_freep(struct state **state)
{
    state_free(*state);
}

#endif
