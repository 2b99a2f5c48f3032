/* SPDX-License-Identifier: Apache-2.0 */
/* Time of day in text, and time since boot for measuring. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* "2026-11-21T04:00:17.248173504Z" and the NUL. */
#define CLOCK_TEXT_SIZE 32

/* The time of day as RFC 3339 has it, in UTC, with nanoseconds. */
void clock_format_time(char text[CLOCK_TEXT_SIZE]);

/* Nanoseconds that never go back (CLOCK_MONOTONIC). */
uint64_t clock_monotonic_ns(void);

#endif
