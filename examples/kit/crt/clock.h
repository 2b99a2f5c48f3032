/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the monotonic clock. */
#ifndef CRT_CLOCK_H
#define CRT_CLOCK_H

#include <stdint.h>

/* From here on solo5_clock_monotonic() counts, from 0. tsc_hz is the frequency of the time-stamp counter. */
void clock_init(uint64_t tsc_hz);

#endif
