/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tiny guests of these tests share. Each is one function, which promises to do one thing that the
 * monitor must allow, answer or stop; CMakeLists.txt says what is expected of it.
 */
#ifndef GUEST_TEST_H
#define GUEST_TEST_H

#include "abi/boot.h"
#include "abi/hypercall.h"

#include <stddef.h>
#include <stdint.h>

/* The guest. Its result is its exit status. */
int guest_main(const struct boot_info *info);

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ __volatile__("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void hypercall(enum hypercall number, volatile void *arguments)
{
    out32((uint16_t)(HYPERCALL_PORT + number), (uint32_t)(uintptr_t)arguments);
}

static inline void print_bytes(const char *bytes, uint64_t len)
{
    volatile struct hc_puts call = {.data = bytes, .len = len};
    hypercall(HYPERCALL_PUTS, &call);
}

static inline void print(const char *text)
{
    uint64_t len = 0;
    while (text[len] != '\0')
        len++;
    print_bytes(text, len);
}

#endif
