/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/id.h"

#include <string.h>

static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";

int id_check(const char *id, struct error *err)
{
    size_t length = strlen(id);
    if (length == 0)
        return error_set(err, ERROR_USAGE, "container id is empty");
    if (length > ID_LENGTH_MAX)
        return error_set(err, ERROR_USAGE, "container id has more than %d characters", ID_LENGTH_MAX);
    if (id[strspn(id, allowed)] != '\0' || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
        return error_set(err, ERROR_USAGE, "invalid container id format: '%.64s'", id);
    return 0;
}
