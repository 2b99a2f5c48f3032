/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's registers as gdb numbers them: general, segments, floating point, SSE, and the bases of FS and
 * GS. registers_describe() tells gdb about them in the words of a target description ("Debugging with GDB",
 * appendix G), so gdb need not be told which machine it is looking at.
 *
 * Selectors and the floating-point unit's pointers can be read but not written: a guest has no say in the
 * first, and nobody uses the second.
 */
#ifndef GDB_REGISTERS_H
#define GDB_REGISTERS_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The widest register, in bytes. */
#define REGISTERS_BYTES_MAX 16u

/* What FXSAVE stores. */
#define REGISTERS_FXSAVE_BYTES 512u

struct registers {
    struct kvm_regs general;
    uint32_t selectors[6]; /* CS, SS, DS, ES, FS, GS */
    uint64_t fs_base;
    uint64_t gs_base;
    uint8_t fxsave[REGISTERS_FXSAVE_BYTES]; /* AMD64 manual volume 2, 11.5.3 */
};

/* How many registers there are: their numbers are 0 to this. */
extern const unsigned registers_count;

/* Reads register n into out, little-endian. Returns its size in bytes, 0 if there is none of this number. */
size_t registers_get(const struct registers *registers, unsigned n, uint8_t out[REGISTERS_BYTES_MAX]);

/* Writes the size bytes of register n, as registers_get() has them. False if it has another size, or no value
 * to set. */
bool registers_set(struct registers *registers, unsigned n, const uint8_t *bytes, size_t size);

/* The description, a NUL-terminated XML document that lives as long as the program. */
const char *registers_describe(void);

#endif
