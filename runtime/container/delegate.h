/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers that are no unikernels: they are handed to an ordinary runtime of the host, which takes this
 * process over with the same command line.
 *
 * Which ids were handed over is remembered outside of ROOT, because an engine names the same ROOT to both and
 * the other runtime keeps its own state in ROOT/ID: in /run/wherry-delegated/ROOT/ID (with "%2F" for slashes
 * in ROOT), a file that holds the other runtime's path. A record may outlive its container; the other runtime
 * then says so.
 */
#ifndef DELEGATE_H
#define DELEGATE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct cli_invocation;
struct settings;

/*
 * If the id was handed over: replaces this process with the other runtime, and does not return. Returns 0 if
 * it was not, and -1 if the other runtime cannot be executed.
 */
int delegate_continue(const struct cli_invocation *invocation, const char *id, struct error *err);

/*
 * For the deletion of a container: runs the other runtime, waits for it, and forgets the id when it is gone.
 * *out_status is its exit status, or -1 if the id was not handed over.
 */
int delegate_delete(const struct cli_invocation *invocation, const char *id, int *out_status,
                    struct error *err);

/* Hands a new container over, and does not return: the first runtime of the settings that works on this host.
 */
int delegate_create(const struct cli_invocation *invocation, const struct settings *settings, const char *id,
                    struct error *err);

/* The path of the runtime that has the id, or NULL; the caller's to free(3). */
char *delegate_find(const char *root, const char *id);

/* Forgets the id; one that is not known is fine. */
void delegate_forget(const char *root, const char *id);

/* The ids that were handed over, sorted. *out_ids and its strings are the caller's: free(3). */
int delegate_list(const char *root, char ***out_ids, size_t *out_n, struct error *err);

#endif
