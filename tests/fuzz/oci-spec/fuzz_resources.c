/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the document of `update --resources`: what is accepted keeps the limits of config.h. */
#include "oci-spec/config.h"

#include "base/bug.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_resources(const struct config_resources *resources)
{
    for (size_t i = 0; i < resources->n_devices; i++) {
        const struct config_device_rule *rule = &resources->devices[i];
        BUG_ON(rule->type != 'a' && rule->type != 'b' && rule->type != 'c');
        BUG_ON(rule->access[0] == '\0' || rule->access[strspn(rule->access, "rwm")] != '\0');
    }
    BUG_ON(resources->memory.limit < -1 || resources->memory.swappiness > 100);
    for (size_t i = 0; i < resources->n_rdma; i++)
        BUG_ON(i > 0 && strcmp(resources->rdma[i - 1].device, resources->rdma[i].device) >= 0);
    for (size_t i = 0; i < resources->unified.n; i++)
        BUG_ON(strchr(resources->unified.pairs[i].key, '/') != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct config *config = NULL;
    if (config_parse_resources((const char *)data, size, &config, &err) == 0)
        check_resources(&config->resources);
    else
        BUG_ON(err.kind != ERROR_INPUT && err.kind != ERROR_REFUSED);
    config_free(config);
    return 0;
}
