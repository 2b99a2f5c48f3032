/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the hooks of one kind (runtime-spec config.md, "POSIX-platform Hooks"): one after the other in
 * their order, with the container's state on standard input and no environment but their own. What they print
 * goes to standard error: standard output may be the guest's.
 *
 *   kind              when                                                 in whose namespaces
 *   prestart          create: the namespaces are there, the monitor is not the runtime's
 *   createRuntime     create, after prestart                               the runtime's
 *   createContainer   create, after createRuntime                          the container's, with host's files
 *   startContainer    start, before the guest's first instruction          the container's, in the rootfs
 *   poststart         start, after the guest's first instruction           the runtime's
 *   poststop          delete, after the container is gone                  the runtime's
 */
#ifndef HOOKS_H
#define HOOKS_H

#include "oci-spec/config.h"

#include "base/error.h"

#include <sys/types.h>

/*
 * Runs the hooks of kind; the first that cannot be run, ends with another status than 0 or takes longer than
 * its timeout ends it with an error that names it. state is the document for standard input; cwd may be NULL.
 */
int hooks_run(const struct config *config, enum config_hook_kind kind, const char *state, const char *cwd,
              struct error *err);

/* The same in the namespaces of the process pidfd, with rootfs as the root directory. */
int hooks_run_inside(const struct config *config, enum config_hook_kind kind, const char *state, int pidfd,
                     const char *rootfs, struct error *err);

/* The same for the cleaning up: every hook runs, and what goes wrong is logged as a warning. */
void hooks_run_all(const struct config *config, enum config_hook_kind kind, const char *state,
                   const char *cwd);

#endif
