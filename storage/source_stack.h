/* SPDX-License-Identifier: Apache-2.0 */
/* The source of an image whose root file system is not mounted (struct image_stack). */
#ifndef STORAGE_SOURCE_STACK_H
#define STORAGE_SOURCE_STACK_H

#include "source.h"
#include "storage/image.h"
#include "store.h"

/* As source_open, of a stack: the keys are those that source_open finds for a mount of it. All layers have
 * their tables afterwards, and those that are archives their
 * packs, of whose making progress (may be NULL) tells. ERROR_REFUSED: a layer has marks that only the kernel,
 * or only root, can read. */
int source_open_stack(const struct store *store, const struct image_stack *stack,
                      struct image_progress *progress, struct source *out, struct error *err);

#endif
