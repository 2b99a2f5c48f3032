/* SPDX-License-Identifier: Apache-2.0 */
/* All containers below a root: our own, and those that another runtime has (delegate.h). */
#ifndef CONTAINER_LIST_H
#define CONTAINER_LIST_H

#include "base/error.h"
#include "oci-spec/state.h"

#include <stddef.h>

struct cli_global;
struct container;

struct container_list {
    struct state *states; /* n of them; what they point to belongs to the list */
    size_t n;
    struct container *containers; /* our own */
    size_t n_containers;
    struct state **others; /* of other runtimes */
    size_t n_others;
};

#define CONTAINER_LIST_NONE ((struct container_list){.n = 0})

/* A container that vanishes meanwhile is left out; one whose state cannot be read is too, with a warning. */
int container_list_read(const struct cli_global *global, struct container_list *out, struct error *err);

void container_list_release(struct container_list *list);

#endif
