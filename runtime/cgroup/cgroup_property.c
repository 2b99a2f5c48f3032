/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup_property.h"

#include "cgroup_file.h"

#include <inttypes.h>
#include <stdio.h>

int cgroup_property_refuse(const char *property, const char *why, struct error *err)
{
    return error_set(err, ERROR_REFUSED, CGROUP_PROPERTY "%s: %s", property, why);
}

int cgroup_property_write(const char *dir, const char *file, const char *text, const char *property,
                          struct error *err)
{
    if (cgroup_file_write(dir, file, text, err) < 0)
        return error_wrap(err, CGROUP_PROPERTY "%s", property);
    return 0;
}

int cgroup_property_write_i64(const char *dir, const char *file, int64_t value, const char *property,
                              struct error *err)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, value);
    return cgroup_property_write(dir, file, text, property, err);
}

int cgroup_property_write_u64(const char *dir, const char *file, uint64_t value, const char *property,
                              struct error *err)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRIu64, value);
    return cgroup_property_write(dir, file, text, property, err);
}

int cgroup_property_check_usage(const char *dir, const char *file, int64_t limit, struct error *err)
{
    uint64_t usage;
    if (limit < 0)
        return 0;
    if (cgroup_file_read_u64(dir, file, &usage, err) < 0)
        return error_wrap(err, CGROUP_PROPERTY "memory.checkBeforeUpdate");
    if (usage > (uint64_t)limit)
        return error_set(err, ERROR_STATE,
                         CGROUP_PROPERTY "memory.limit: %" PRId64 " bytes are less than the %" PRIu64
                                         " bytes in use",
                         limit, usage);
    return 0;
}
