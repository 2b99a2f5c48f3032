/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decodes the instruction at which a guest raised a general protection fault: a pure function over bytes and
 * registers.
 *
 * A guest that was written for ring 0 executes a few privileged instructions when it starts. Those that
 * trap.c emulates have an operation of their own here; every other privileged instruction is
 * INSTRUCTION_FORBIDDEN, with its name for the report; INSTRUCTION_ORDINARY is what ring 3 may execute, so
 * the fault was about its operands. Two ordinary instructions have operations too, as they stand between
 * privileged ones.
 *
 * Source: AMD64 Architecture Programmer's Manual volume 3, chapter 1 and appendix A.
 */
#ifndef X86_64_INSTRUCTION_H
#define X86_64_INSTRUCTION_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No instruction is longer. */
#define INSTRUCTION_BYTES_MAX 15

enum instruction_operation {
    INSTRUCTION_ORDINARY = 0,
    INSTRUCTION_FORBIDDEN,
    INSTRUCTION_RDMSR,
    INSTRUCTION_WRMSR,
    INSTRUCTION_LGDT,
    INSTRUCTION_LIDT,
    INSTRUCTION_LTR,
    INSTRUCTION_LOAD_SEGMENT, /* mov to SS, DS, ES, FS or GS */
    INSTRUCTION_FAR_RETURN,   /* lretq */
    INSTRUCTION_INTERRUPT_RETURN,
    INSTRUCTION_READ_CR2,
    INSTRUCTION_CLI,
    INSTRUCTION_STI,
    INSTRUCTION_HLT,
    INSTRUCTION_PUSH,         /* ordinary: push of a constant */
    INSTRUCTION_LOAD_CONSTANT /* ordinary: mov of a constant to a 64-bit register */
};

/* Whether ring 3 cannot execute it. */
static inline bool instruction_is_privileged(enum instruction_operation operation)
{
    return operation > INSTRUCTION_ORDINARY && operation < INSTRUCTION_PUSH;
}

struct instruction {
    enum instruction_operation operation;
    const char *name; /* as in the manual; "" for ordinary ones */
    unsigned bytes;   /* its length; not for FORBIDDEN and ORDINARY */
    unsigned reg;     /* the ModRM byte's reg field: a segment or control register */
    bool has_memory;  /* the other operand is in memory, at address */
    uint64_t address;
    unsigned rm; /* otherwise the number of its general register */
    uint64_t constant;
};

/* Decodes the first of size bytes, which the guest executed with these registers (rip is its address). */
struct instruction instruction_decode(const uint8_t *bytes, size_t size, const struct kvm_regs *regs);

/* General register number 0 to 15, in the order of the encoding (0 is RAX, 1 is RCX, 4 is RSP). */
uint64_t instruction_get_register(const struct kvm_regs *regs, unsigned number);
void instruction_set_register(struct kvm_regs *regs, unsigned number, uint64_t value);

#endif
