/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a resolv.conf: a text of one line names one server at most. */
#include "base/bug.h"
#include "net.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t none[16];
    struct net_dns dns;
    size_t n = 0;
    net_parse_dns((const char *)data, size, &dns);
    for (size_t i = 0; i < 3; i++)
        n += memcmp(dns.ipv4[i], none, sizeof(dns.ipv4[i])) != 0;
    for (size_t i = 0; i < 2; i++)
        n += memcmp(dns.ipv6[i], none, sizeof(dns.ipv6[i])) != 0;
    BUG_ON(n > 1 && memchr(data, '\n', size) == NULL);
    return 0;
}
