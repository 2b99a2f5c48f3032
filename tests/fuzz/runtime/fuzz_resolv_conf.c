/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a resolv.conf: a text of one line names one server at most. */
#include "base/bug.h"
#include "net.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t none[4];
    uint8_t dns[3][4];
    net_parse_dns((const char *)data, size, dns);
    for (int i = 1; i < 3; i++) {
        BUG_ON(memcmp(dns[i], none, 4) != 0 && memchr(data, '\n', size) == NULL);
    }
    return 0;
}
