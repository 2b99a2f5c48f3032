/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_env.h"

#include <string.h>

int guest_env_pack(const struct config_strings *env, char *out, uint32_t *out_bytes, struct error *err)
{
    size_t used = 0;
    for (size_t i = 0; i < env->n; i++) {
        size_t size = strlen(env->items[i]) + 1;
        if (size > START_ENV_SIZE - used)
            return error_set(err, ERROR_INPUT, "process.env: longer than the %d bytes that a guest can take",
                             START_ENV_SIZE);
        if (out != NULL)
            memcpy(out + used, env->items[i], size);
        used += size;
    }
    *out_bytes = (uint32_t)used;
    return 0;
}
