/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/ip_config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* "ADDRESS/BITS"; parse and size are the family's. */
static int parse_prefix(const char *text, int (*parse)(const char *text, const char *end, uint8_t *out),
                        unsigned bits_max, uint8_t *out_address, uint8_t *out_bits)
{
    const char *slash = strchr(text, '/');
    char *end;
    if (slash == NULL || slash[1] < '0' || slash[1] > '9')
        return -1;
    unsigned long bits = strtoul(slash + 1, &end, 10);
    if (*end != '\0' || bits > bits_max || parse(text, slash, out_address) != 0)
        return -1;
    *out_bits = (uint8_t)bits;
    return 0;
}

/* What follows option in word; NULL when word is something else. */
static const char *value_of(const char *word, const char *option)
{
    size_t size = strlen(option);
    return strncmp(word, option, size) == 0 ? word + size : NULL;
}

/* 1: the word is an option for an address, 2: for a gateway, 0: it is something else, -1: it cannot be read.
 */
static int take_option(const char *word, struct ip_config *config)
{
    const char *value;
    if ((value = value_of(word, "--ipv4=")) != NULL)
        return parse_prefix(value, ip_config_parse_ipv4, 32, config->ipv4, &config->ipv4_prefix) == 0 ? 1
                                                                                                      : -1;
    if ((value = value_of(word, "--ipv6=")) != NULL)
        return parse_prefix(value, ip_config_parse_ipv6, 128, config->ipv6, &config->ipv6_prefix) == 0 ? 1
                                                                                                       : -1;
    if ((value = value_of(word, "--ipv4-gateway=")) != NULL)
        return ip_config_parse_ipv4(value, value + strlen(value), config->ipv4_gateway) == 0 ? 2 : -1;
    if ((value = value_of(word, "--ipv6-gateway=")) != NULL)
        return ip_config_parse_ipv6(value, value + strlen(value), config->ipv6_gateway) == 0 ? 2 : -1;
    return 0;
}

int ip_config_take_options(int *argc, char **argv, struct ip_config *config, bool *out_found,
                           const char **out_bad)
{
    int kept = 1;
    *out_found = false;
    for (int i = 1; i < *argc; i++) {
        int kind = take_option(argv[i], config);
        if (kind < 0) {
            *out_bad = argv[i];
            return -1;
        }
        *out_found |= kind == 1;
        if (kind == 0)
            argv[kept++] = argv[i];
    }
    *argc = kept;
    argv[kept] = NULL;
    return 0;
}
