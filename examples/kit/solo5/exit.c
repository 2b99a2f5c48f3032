/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/solo5/hypercall.h"
#include "solo5.h"

/* Of libc's stdio; there only when the program uses it. */
void stdio_exit(void) __attribute__((weak));

static _Noreturn void halt(int status)
{
    static struct hc_halt call;
    call.exit_status = status;
    hypercall(HYPERCALL_HALT, &call);
    __builtin_trap();
}

void solo5_exit(int status)
{
    if (stdio_exit != NULL)
        stdio_exit();
    halt(status);
}

void solo5_abort(void)
{
    halt(SOLO5_EXIT_ABORT);
}
