/* SPDX-License-Identifier: Apache-2.0 */
/* A cgroup directory and all below it. */
#ifndef CGROUP_TREE_H
#define CGROUP_TREE_H

#include "base/error.h"

/*
 * Calls visit for every directory of the tree, those below one before it; the first failure ends it. A
 * directory that is gone by then is no failure. More than CGROUP_DEPTH_MAX levels are ERROR_REFUSED.
 */
int cgroup_tree_visit(const char *path, int (*visit)(const char *path, void *context, struct error *err),
                      void *context, struct error *err);

#endif
