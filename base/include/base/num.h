/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers in text, strictly: decimal digits and nothing else, no space, no "+", no overflow. strtol(3)
 * accepts all of these silently.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Parses all of text, which is a number of 0 to max. what names it in messages. Otherwise ERROR_INPUT. */
int num_parse_u64(const char *text, uint64_t max, uint64_t *out, const char *what, struct error *err);

/* The same with an optional "-" in front, for a number of min to max. */
int num_parse_i64(const char *text, int64_t min, int64_t max, int64_t *out, const char *what,
                  struct error *err);

/*
 * Reads the digits at the start of the size bytes at text, for parsers of larger texts. Returns how many
 * bytes they took, and 0, leaving *out alone, if there is no digit or the number does not fit.
 */
size_t num_scan_u64(const char *text, size_t size, uint64_t *out);

#endif
