/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the first C function to the program's main function.
 *
 * Two stages, and the second must not become part of the first: a function that the compiler guards with a
 * canary reads it on entry, so the canary is made in a function that has none, before any function that has
 * one is entered.
 *
 * No privileged instruction is executed here, unless the program has thread-local variables (tls.c). The
 * guest starts in ring 3 under wherry's monitor and in ring 0 under Solo5's, and this code does not care
 * which.
 */
#include "kit/crt/boot.h"

#include "kit/crt/canary.h"
#include "kit/crt/clock.h"
#include "kit/crt/tls.h"

#include <string.h>

const struct boot_info *boot_info;
struct solo5_start_info boot_start_info;

extern char image_end[]; /* unikernel.lds */

/* Solo5's own command line options come first, and concern a log that the kit does not have. */
static const char *skip_solo5_options(const char *cmdline)
{
    static const char *const options[] = {"--solo5:quiet", "--solo5:error", "--solo5:warn", "--solo5:info",
                                          "--solo5:debug"};
    size_t i = 0;
    while (i < sizeof(options) / sizeof(options[0])) {
        cmdline += strspn(cmdline, " \t\n\r\v\f");
        size_t size = strlen(options[i]);
        if (strncmp(cmdline, options[i], size) == 0 && (cmdline[size] == '\0' || cmdline[size] == ' ')) {
            cmdline += size;
            i = 0;
        } else {
            i++;
        }
    }
    return cmdline;
}

static _Noreturn __attribute__((noinline)) void run(void)
{
    /* Tenders do not count a .bss without file contents into kernel_end. */
    uintptr_t heap =
        (uintptr_t)image_end > boot_info->kernel_end ? (uintptr_t)image_end : boot_info->kernel_end;
    heap = (heap + 4095) & ~(uintptr_t)4095;

    clock_init(boot_info->cpu_cycle_freq);
    heap = tls_init_main(heap);
    boot_start_info.cmdline = skip_solo5_options(boot_info->cmdline);
    boot_start_info.heap_start = heap;
    boot_start_info.heap_size = boot_info->mem_size - heap;
    solo5_exit(solo5_app_main(&boot_start_info));
}

/* Called by _start, which is all that knows it. */
_Noreturn void boot_enter(const struct boot_info *info);

__attribute__((no_stack_protector)) void boot_enter(const struct boot_info *info)
{
    boot_info = info;
    canary_init();
    run();
}
