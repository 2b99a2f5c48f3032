/* SPDX-License-Identifier: Apache-2.0 */
#include "inet_sum.h"

#include <arpa/inet.h>

uint32_t inet_sum_add(uint32_t sum, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        sum += (i & 1) != 0 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return sum;
}

uint16_t inet_sum_finish(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

uint16_t inet_sum_with_pseudo(const void *addresses, size_t addresses_size, uint8_t protocol,
                              const void *data, size_t size)
{
    uint32_t sum = inet_sum_add(0, addresses, addresses_size) + protocol + (uint32_t)size;
    return inet_sum_finish(inet_sum_add(sum, data, size));
}
