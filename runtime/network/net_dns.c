/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define KEYWORD "nameserver"

static void add_server(const char *text, struct net_dns *dns, size_t *n_ipv4, size_t *n_ipv6)
{
    if (*n_ipv4 < sizeof(dns->ipv4) / sizeof(dns->ipv4[0]) &&
        inet_pton(AF_INET, text, dns->ipv4[*n_ipv4]) == 1)
        ++*n_ipv4;
    else if (*n_ipv6 < sizeof(dns->ipv6) / sizeof(dns->ipv6[0]) &&
             inet_pton(AF_INET6, text, dns->ipv6[*n_ipv6]) == 1)
        ++*n_ipv6;
}

void net_parse_dns(const char *resolv_conf, size_t size, struct net_dns *out)
{
    const char *end = resolv_conf + size;
    size_t n_ipv4 = 0, n_ipv6 = 0;

    *out = (struct net_dns){0};
    for (const char *line = resolv_conf; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((newline != NULL ? newline : end) - line);
        char text[96], address[INET6_ADDRSTRLEN];

        snprintf(text, sizeof(text), "%.*s", (int)(length < sizeof(text) ? length : sizeof(text)), line);
        if (strncmp(text, KEYWORD, strlen(KEYWORD)) == 0 &&
            sscanf(text + strlen(KEYWORD), "%*[ \t]%45[0-9a-fA-F.:]", address) == 1)
            add_server(address, out, &n_ipv4, &n_ipv6);
        line += length + 1;
    }
}
