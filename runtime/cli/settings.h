/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's settings: what an administrator decides, and engines cannot say on a command line.
 *
 * A file of "key = value" lines; empty lines and lines that start with "#" do not count. Unknown keys and
 * keys given twice are errors, but for delegate, which may be repeated and is tried in order.
 *
 *     monitor   the path of wherry-monitor; otherwise beside wherry, else in ../libexec from there
 *     store     the directory of images; otherwise /var/lib/wherry/store
 *     delegate  a runtime for what is no unikernel; otherwise crun, then runc, of the usual directories
 *     memory    bytes of guest memory when nothing else says; otherwise 536870912
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define SETTINGS_PATH_DEFAULT  "/etc/wherry/wherry.conf"
#define SETTINGS_DELEGATES_MAX 4

struct settings {
    char *monitor; /* absolute and executable, always set */
    char *store;   /* always set */
    char *delegates[SETTINGS_DELEGATES_MAX];
    size_t n_delegates;
    uint64_t memory_bytes;
};

/* Reads the file at path; NULL is the default one, which need not be there. *out is the caller's to release.
 */
int settings_load(const char *path, struct settings *out, struct error *err);

void settings_release(struct settings *settings);

#endif
