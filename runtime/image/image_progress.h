/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the preparation of an image is, for whoever waits: on a terminal a bar with rate and time left,
 * else a line for each step; on request JSON.
 */
#ifndef IMAGE_PROGRESS_H
#define IMAGE_PROGRESS_H

#include "storage/image.h"

#include <stdbool.h>
#include <stdint.h>

struct progress_display;

/* Begins to show the preparation of name, which must stay. *out_progress is for the request that is made
 * while it is shown. NULL: nothing is shown, which is no failure. */
struct progress_display *progress_display_begin(const char *name, bool is_json,
                                                struct image_progress **out_progress);

/* Takes the bar away. Accepts NULL. */
void progress_display_end(struct progress_display *display);

/* The line of a bar, without its end: "NAME  [=====     ]  45 %  120.0 MiB/s  3 s left". total is not 0. */
void progress_format(const char *name, uint64_t done, uint64_t total, uint64_t elapsed_ns, char *text,
                     size_t size);

#endif
