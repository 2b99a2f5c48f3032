/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of linux.resources written to a cgroup's files, with errors that name the property. */
#ifndef CGROUP_PROPERTY_H
#define CGROUP_PROPERTY_H

#include "base/error.h"

#include <stdint.h>

/* What the names of properties below begin with, in messages. */
#define CGROUP_PROPERTY "linux.resources."

/* For a property that this version of cgroup has not; why ends the message. */
int cgroup_property_refuse(const char *property, const char *why, struct error *err);

/* Writes a number, or text, and names the property if that fails. */
int cgroup_property_write(const char *dir, const char *file, const char *text, const char *property,
                          struct error *err);
int cgroup_property_write_i64(const char *dir, const char *file, int64_t value, const char *property,
                              struct error *err);
int cgroup_property_write_u64(const char *dir, const char *file, uint64_t value, const char *property,
                              struct error *err);

/* memory.checkBeforeUpdate: ERROR_STATE if the file says that more than limit is in use. -1 is no limit. */
int cgroup_property_check_usage(const char *dir, const char *file, int64_t limit, struct error *err);

#endif
