/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/ip_config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_BITS 32

/* Reads digits up to end or any other character: a number of at most max. Returns the place after it, or
 * NULL. */
static const char *read_number(const char *p, const char *end, unsigned max, uint8_t *out)
{
    unsigned value = 0;
    const char *start = p;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (unsigned)(*p - '0');
        if (value > max)
            return NULL;
    }
    *out = (uint8_t)value;
    return p == start ? NULL : p;
}

int ip_config_parse_ipv4(const char *text, const char *end, uint8_t out[4])
{
    uint8_t bytes[4];
    const char *p = text;
    for (int i = 0; i < 4; i++) {
        if (i > 0 && (p == end || *p++ != '.'))
            return -1;
        p = read_number(p, end, 255, &bytes[i]);
        if (p == NULL)
            return -1;
    }
    if (p != end)
        return -1;
    memcpy(out, bytes, sizeof(bytes));
    return 0;
}

static int parse_address_and_prefix(const char *text, struct ip_config *config)
{
    uint8_t prefix = 0;
    const char *end = text + strlen(text), *slash = strchr(text, '/');
    if (slash == NULL || read_number(slash + 1, end, IPV4_BITS, &prefix) != end ||
        ip_config_parse_ipv4(text, slash, config->ipv4) != 0)
        return -1;
    config->ipv4_prefix = prefix;
    return 0;
}

/* What follows option in word; NULL when word is something else. */
static const char *value_of(const char *word, const char *option)
{
    size_t size = strlen(option);
    return strncmp(word, option, size) == 0 ? word + size : NULL;
}

int ip_config_take_options(int *argc, char **argv, struct ip_config *config, bool *out_found,
                           const char **out_bad)
{
    int kept = 1;
    *out_found = false;
    for (int i = 1; i < *argc; i++) {
        const char *address = value_of(argv[i], "--ipv4=");
        const char *gateway = value_of(argv[i], "--ipv4-gateway=");
        if ((address != NULL && parse_address_and_prefix(address, config) != 0) ||
            (gateway != NULL &&
             ip_config_parse_ipv4(gateway, gateway + strlen(gateway), config->ipv4_gateway) != 0)) {
            *out_bad = argv[i];
            return -1;
        }
        *out_found |= address != NULL;
        if (address == NULL && gateway == NULL)
            argv[kept++] = argv[i];
    }
    *argc = kept;
    argv[kept] = NULL;
    return 0;
}
