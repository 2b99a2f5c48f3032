/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes and numbers as the hexadecimal digits of gdb's remote protocol. */
#ifndef GDB_HEX_H
#define GDB_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 to 15, or -1 for a character that is no digit. */
int hex_digit(char c);

/* Writes 2 * size digits, without a NUL. */
void hex_encode(const void *bytes, size_t size, char *out);

/* Reads exactly 2 * size digits at text. False, with out half filled, when one of them is none. */
bool hex_decode(const char *text, void *out, size_t size);

/*
 * Reads the number at *text, and moves *text behind it. False when there is none, or when it has more than 64
 * bits.
 */
bool hex_scan(const char **text, uint64_t *out);

#endif
