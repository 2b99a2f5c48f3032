/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: one directory of immutable objects, named by their keys. No daemon and no database: a link count
 * is the reference count, a lock that dies with its holder is a lease.
 */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include "base/error.h"

#define STORE_PATH_DEFAULT "/var/lib/wherry/store"

/* A key in text: 64 hexadecimal digits and the NUL. */
#define STORE_KEY_SIZE 65

struct store;

/* Opens the store at path, and makes it (mode 0700, parents too) when it is not there. *out is the caller's.
 */
int store_open(const char *path, struct store **out, struct error *err);

/* Accepts NULL. */
void store_close(struct store *store);

#endif
