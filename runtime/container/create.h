/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creating a container: carrying a plan out. Either everything is there in the end, or nothing is left: each
 * step that changes something pushes what takes it back (undo.h).
 */
#ifndef CREATE_H
#define CREATE_H

#include "monitor_process.h"
#include "terminal.h"

#include "base/error.h"

struct plan;
struct settings;

/* Who makes the container's cgroup. */
enum create_cgroup { CREATE_CGROUP_FS, CREATE_CGROUP_SYSTEMD, CREATE_CGROUP_NONE };

struct create_request {
    const char *root;
    const char *id;
    const char *pid_file;       /* NULL: none */
    const char *console_socket; /* NULL: the caller keeps the terminal, if there is one */
    enum create_cgroup cgroup;
};

struct create_result {
    struct monitor_process process; /* a child of the caller */
    struct terminal terminal;       /* TERMINAL_NONE: there is none, or it was sent away */
};

/* On success the container is "created". plan's parts are borrowed; *out is the caller's to close. */
int create_container(const struct create_request *request, struct plan *plan, const struct settings *settings,
                     struct create_result *out, struct error *err);

#endif
