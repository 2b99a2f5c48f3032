/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canary is a global variable (-mstack-protector-guard=global) and not at %fs:0x28: the kit needs no
 * thread pointer then, and setting one is a privileged instruction.
 */
#include "kit/crt/canary.h"

#include "kit/random.h"
#include "solo5.h"

#include <stdint.h>

/* The compiler's names. */
extern uintptr_t __stack_chk_guard;
_Noreturn void __stack_chk_fail(void);

uintptr_t __stack_chk_guard = 0xbadc0ffee0ddf00d;

__attribute__((no_stack_protector)) void canary_init(void)
{
    /* A NUL as its first byte stops a string function from writing past it. */
    __stack_chk_guard = random_u64() & ~(uintptr_t)0xff;
}

__attribute__((no_stack_protector)) void __stack_chk_fail(void)
{
    static const char message[] = "abort: stack corruption detected\n";
    solo5_console_write(message, sizeof(message) - 1);
    solo5_abort();
}
