/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/solo5/device.h"

#include "kit/crt/boot.h"

#include <string.h>

static solo5_handle_set_t acquired;

const struct manifest_entry *device_get(solo5_handle_t handle, enum manifest_type type)
{
    const struct manifest *manifest = boot_info->mft;
    if (handle >= manifest->n_entries || manifest->entries[handle].type != type)
        return NULL;
    return &manifest->entries[handle];
}

static _Noreturn void refuse(const char *name)
{
    static const char before[] = "abort: device '", after[] = "' is not attached\n";
    solo5_console_write(before, sizeof(before) - 1);
    solo5_console_write(name, strlen(name));
    solo5_console_write(after, sizeof(after) - 1);
    solo5_abort();
}

const struct manifest_entry *device_acquire(const char *name, enum manifest_type type, solo5_handle_t *handle)
{
    const struct manifest *manifest = boot_info->mft;
    for (solo5_handle_t i = 0; i < manifest->n_entries; i++) {
        const struct manifest_entry *entry = device_get(i, type);
        if (entry == NULL || strcmp(entry->name, name) != 0)
            continue;
        if ((acquired >> i & 1) != 0)
            return NULL;
        if (entry->attached == 0)
            refuse(name);
        acquired |= (solo5_handle_set_t)1 << i;
        *handle = i;
        return entry;
    }
    return NULL;
}
