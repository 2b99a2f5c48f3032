/* SPDX-License-Identifier: Apache-2.0 */
/* The checksum of the internet protocols (RFC 1071). */
#ifndef INET_SUM_H
#define INET_SUM_H

#include <stddef.h>
#include <stdint.h>

/* One's complement sum over bytes in network order, added to sum; data of odd length is padded with 0. */
uint32_t inet_sum_add(uint32_t sum, const void *data, size_t size);

/* The sum as it stands in a packet. */
uint16_t inet_sum_finish(uint32_t sum);

/* 0 if the sum inside data is right; else, with that field 0, the value to put there. */
uint16_t inet_sum_with_pseudo(const void *addresses, size_t addresses_size, uint8_t protocol,
                              const void *data, size_t size);

#endif
