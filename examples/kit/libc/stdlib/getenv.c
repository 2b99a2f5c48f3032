/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/crt/boot.h"

#include <stdlib.h>
#include <string.h>

char *getenv(const char *name)
{
    if ((boot_info->host_features & BOOT_FEATURE_ENV) == 0)
        return NULL;
    const char *end = boot_info->env + boot_info->env_bytes;
    size_t length = strlen(name);
    for (const char *at = boot_info->env; at < end; at += strlen(at) + 1)
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return (char *)(uintptr_t)(at + length + 1);
    return NULL;
}
