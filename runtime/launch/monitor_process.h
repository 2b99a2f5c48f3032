/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor as a process: from a fork of the runtime to a launched monitor that waits for start
 * (monitor/launch.h).
 *
 *   1. monitor_process_spawn    a child joins the cgroup, enters the namespaces, sets them up, and waits
 *   2. (the caller)             runs the hooks that come before the container's own
 *   3. monitor_process_launch   the child runs the hooks of the container, gives up its privileges and
 *                               becomes the monitor, which takes the launch message and answers
 *   4. monitor_process_start    of a later command: connects to the control socket, hands over the network
 *                               and the command line, and returns when the guest has executed its first
 *                               instruction
 *
 * The process is a child of the runtime, also when a pid namespace made a second fork necessary, and is left
 * to whoever adopts orphans when the runtime ends: the engine's monitor or shim, which waits for it.
 */
#ifndef MONITOR_PROCESS_H
#define MONITOR_PROCESS_H

#include "base/error.h"
#include "monitor/launch.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cgroup;
struct config_process;
struct namespace_plan;

/* Everything that the child needs; all of it is the caller's and must stay until monitor_process_launch
 * returns. */
struct monitor_process_request {
    int executable_fd;           /* wherry-monitor */
    const struct cgroup *cgroup; /* NULL: stays in the runtime's */
    const struct namespace_plan *namespaces;
    const struct config_process *process; /* user, limits, score; NULL: as the runtime */
    int stdio[3];                         /* what becomes 0, 1 and 2 */
    bool has_terminal;                    /* stdio is a terminal, which becomes the controlling one */
    /* Called in the child, inside of the namespaces, before it gives up its privileges; NULL: nothing to do.
     */
    int (*inside)(void *context, struct error *err);
    void *inside_context;
};

struct monitor_process {
    pid_t pid;       /* as the runtime sees it; 0: none */
    int report_sock; /* to the child, until it has become the monitor */
    int launch_sock; /* the runtime's end of the launch socket */
};

#define MONITOR_PROCESS_NONE ((struct monitor_process){.report_sock = -1, .launch_sock = -1})

/* On failure no process is left. */
int monitor_process_spawn(const struct monitor_process_request *request, struct monitor_process *out,
                          struct error *err);

/*
 * fds are the message's n_fds descriptors, in its order. On failure the process may still be there:
 * monitor_process_kill.
 */
int monitor_process_launch(struct monitor_process *process, const struct launch_message *message,
                           const int *fds, struct error *err);

/*
 * Connects to the socket "control" in dirfd of the monitor with that pid, and releases the guest; taps are
 * the message's n_nets descriptors. A monitor that is stopped, or says nothing for half a minute, is
 * ERROR_SYSTEM; so it is when it is launched.
 */
int monitor_process_start(int dirfd, pid_t pid, const struct start_message *message, const int *taps,
                          struct error *err);

/* Ends the process and reaps it. Accepts MONITOR_PROCESS_NONE. */
int monitor_process_kill(struct monitor_process *process, struct error *err);

/* Closes the descriptors; the process goes on. */
void monitor_process_release(struct monitor_process *process);

#endif
