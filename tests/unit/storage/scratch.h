/* SPDX-License-Identifier: Apache-2.0 */
/* A directory for one test, with a tree and a store in it. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "storage/image.h"

#include <stddef.h>

/* Made by scratch_set_up and removed by scratch_tear_down, Check fixtures. */
extern char scratch_dir[64];
extern struct store *scratch_store; /* at scratch_dir/store */

void scratch_set_up(void);
void scratch_tear_down(void);

/* Runs a shell command in scratch_dir, and fails the test when it fails. */
void scratch_run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, and says whether it succeeded. */
int scratch_try(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Copies an image, with its patches, into a file in scratch_dir. */
void scratch_copy_image(const struct image *image, const char *name);

#endif
