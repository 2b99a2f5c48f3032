/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers: of the processor's generator (rdrand) where there is one. Without it they come from a
 * generator that is seeded with the time-stamp counter: different at each start, but not fit for keys.
 */
#ifndef KIT_RANDOM_H
#define KIT_RANDOM_H

#include <stdint.h>

uint64_t random_u64(void);

#endif
