/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two anonymous network namespaces, joined by a veth pair: the calling process's own, where an engine's
 * bridge would be, and a "pod". Nothing has a name on the host, so nothing can be left there. A failure fails
 * the test.
 */
#ifndef POD_H
#define POD_H

#include <stdbool.h>
#include <sys/types.h>

/* A process that holds the pod's namespace, and the namespace. */
extern pid_t pod_pid;
extern int pod_fd;

/* Moves the caller into a new namespace, and makes the pod's: nothing is in them. */
void pod_make_namespaces(void);

/*
 * The same, with the pair: "peer0" has 10.99.0.1/24 and fd99::1/64, "lan7" in the pod has 10.99.0.7/24,
 * fd99::7/64, the MAC 02:00:00:00:00:07 and default routes to the peer. The MTU is 1400.
 */
void pod_make(void);

void pod_drop(void);

/* Runs a command in the caller's namespace; it must succeed. */
void pod_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Whether a command inside the pod's namespace succeeds. */
bool pod_can(const char *command);

#endif
