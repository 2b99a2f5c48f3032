/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters below /proc/sys that belong to a namespace (sysctl(8), namespaces(7)). */
#ifndef SYSCTL_H
#define SYSCTL_H

#include "base/error.h"
#include "oci-spec/config.h"

/*
 * The kind of namespace that the parameter belongs to. One of the whole host, or a key of no valid form, is
 * ERROR_REFUSED.
 */
int sysctl_check(const char *key, enum config_namespace_type *out_type, struct error *err);

/* Writes value to the parameter, in the calling process's namespaces. The key must have passed sysctl_check.
 */
int sysctl_write(const char *key, const char *value, struct error *err);

#endif
