/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noticing that an engine's images have changed. Storages may come, go and come again; what is watched of one
 * that is not there is the directory in which it would appear.
 */
#ifndef ENGINE_WATCH_H
#define ENGINE_WATCH_H

#include "engine.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Starts to watch n directories of storages. *out_fd is the caller's to close; it becomes readable when
 * something changes that may concern one of them. Whatever happened before is not told: look after this, then
 * wait.
 */
int engine_watch_open(char *const *dirs, size_t n, int *out_fd, struct error *err);

/* Reads away what has been told. */
void engine_watch_drain(int fd);

#endif
