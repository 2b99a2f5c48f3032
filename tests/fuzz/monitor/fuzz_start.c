/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any start message. So that an input is short, it is the message's head, NETS network devices, as many
 * addresses and routes, the lengths of what follows, and then command line and environment, the same bytes;
 * the rest of the message is zero.
 */
#include "base/bug.h"
#include "launch.h"

#include <stdint.h>
#include <string.h>

#define NETS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *to, size_t want, const uint8_t **data, size_t *size)
{
    size_t n = want < *size ? want : *size;
    memcpy(to, *data, n);
    *data += n;
    *size -= n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct start_message message;
    struct error err = {0};
    size_t given = size;

    memset(&message, 0, sizeof(message));
    take(&message, offsetof(struct start_message, cmdline), &data, &size);
    take(message.nets, NETS * sizeof(message.nets[0]), &data, &size);
    take(&message.n_addresses, sizeof(message.n_addresses) + sizeof(message.n_routes), &data, &size);
    take(message.addresses, NETS * sizeof(message.addresses[0]), &data, &size);
    take(message.routes, NETS * sizeof(message.routes[0]), &data, &size);
    take(&message.env_bytes, sizeof(message.env_bytes), &data, &size);
    memcpy(message.env, data, size < sizeof(message.env) ? size : sizeof(message.env));
    take(message.cmdline, sizeof(message.cmdline), &data, &size);
    BUG_ON(launch_check_start(&message, given % sizeof(message), &err) == 0);
    if (launch_check_start(&message, sizeof(message), &err) < 0) {
        BUG_ON(err.kind != ERROR_INPUT || strncmp(err.text, "start message: ", 15) != 0);
        return 0;
    }
    BUG_ON(strlen(message.cmdline) != message.cmdline_bytes);
    BUG_ON(message.n_nets > LAUNCH_NETS_MAX);
    for (uint32_t i = 0; i < message.n_addresses; i++)
        BUG_ON(message.addresses[i].net >= message.n_nets);
    for (uint32_t i = 0; i < message.n_routes; i++)
        BUG_ON(message.routes[i].net >= message.n_nets);
    BUG_ON(message.env_bytes > 0 && message.env[message.env_bytes - 1] != '\0');
    return 0;
}
