/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IP configuration of a network device. It comes from the boot information when the host offers it there,
 * else from the command line, spelled as MirageOS has it: --ipv4=ADDRESS/PREFIX and --ipv4-gateway=ADDRESS;
 * else it is 10.0.0.2/24 without a gateway.
 */
#ifndef KIT_IP_CONFIG_H
#define KIT_IP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct ip_config {
    uint8_t ipv4[4]; /* network byte order, here and below */
    uint8_t ipv4_prefix;
    uint8_t ipv4_gateway[4]; /* 0.0.0.0: none */
};

/*
 * Takes the options above out of argv. Those that are there overwrite fields of *config; *out_found says
 * whether the address was among them. Returns 0; or -1 when one cannot be read, and *out_bad (a word of argv)
 * names it.
 */
int ip_config_take_options(int *argc, char **argv, struct ip_config *config, bool *out_found,
                           const char **out_bad);

/* What the host says of the device; false when it says nothing. */
bool ip_config_from_host(const char *device, struct ip_config *out);

/* All of the above, in that order. Writes a message for what it does not find, and ends the guest for what it
 * cannot read. */
void ip_config_choose(const char *device, int *argc, char **argv, struct ip_config *out);

/* Parses dotted decimals, up to end. Returns 0, or -1. */
int ip_config_parse_ipv4(const char *text, const char *end, uint8_t out[4]);

#endif
