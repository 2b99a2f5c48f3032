/* SPDX-License-Identifier: Apache-2.0 */
/* Names of devices in a Solo5 manifest: one to 67 letters and digits. */
#ifndef DEVICE_NAME_H
#define DEVICE_NAME_H

#include <stdbool.h>
#include <string.h>

#define DEVICE_NAME_LENGTH_MAX 67

static inline bool device_name_is_valid(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t length = strlen(name);
    return length >= 1 && length <= DEVICE_NAME_LENGTH_MAX && strspn(name, allowed) == length;
}

#endif
