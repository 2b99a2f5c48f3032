/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What process.* of the configuration makes of the container's process, once it is in its namespaces: limits,
 * out of memory score, user and groups, capabilities. The functions act on the calling process. Call them in
 * the order in which they stand here: each needs privileges that the next ones take away.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include "base/error.h"

struct config_process;

/* process.oomScoreAdj, if set. Lowering the score needs CAP_SYS_RESOURCE of the initial user namespace. */
int confine_oom_score(const struct config_process *process, struct error *err);

/* process.rlimits, in their order. */
int confine_rlimits(const struct config_process *process, struct error *err);

/* process.user: umask, supplementary groups (exactly those listed), gid, uid. Capabilities are kept until
 * confine_capabilities. */
int confine_user(const struct config_process *process, struct error *err);

/* Takes all capabilities, out of every set and of the bounding set, for good; and sets no_new_privs. */
int confine_capabilities(struct error *err);

#endif
