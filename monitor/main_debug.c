/* SPDX-License-Identifier: Apache-2.0 */
/* wherry-monitor-debug: the stand-alone monitor with --dumpcore=, and without a box. */
#include "base/error.h"
#include "debugger.h"
#include "dumpcore.h"
#include "tender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *arg_core_directory;

static int parse_option(const char *option, bool *out_is_mine, struct error *err)
{
    static const char prefix[] = "--dumpcore=";

    if (strncmp(option, prefix, sizeof(prefix) - 1) != 0)
        return 0;
    *out_is_mine = true;
    arg_core_directory = option + sizeof(prefix) - 1;
    if (access(arg_core_directory, W_OK) < 0)
        return error_errno(err, "--dumpcore: use the directory '%s'", arg_core_directory);
    return 0;
}

static void on_crash(const struct guest *guest, const struct kvm_regs *regs)
{
    struct error err = {0};

    if (arg_core_directory == NULL)
        return;
    if (dumpcore_write(arg_core_directory, &guest->mem, regs, &err) < 0)
        fprintf(stderr, "wherry-monitor-debug: dump core: %s\n", err.text);
    else
        fprintf(stderr, "wherry-monitor-debug: dumped core.solo5-hvt.%d\n", (int)getpid());
}

static const struct debugger debugger = {
    .parse_option = parse_option,
    .usage = "  --dumpcore=DIRECTORY              write a core file for gdb there when the guest aborts or "
             "traps\n",
    .on_crash = on_crash,
};

int main(int argc, char **argv)
{
    struct error err = {0};

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        tender_print_usage(&debugger);
        return EXIT_SUCCESS;
    }
    int status = tender_main(argc, argv, &debugger, &err);
    if (status < 0) {
        fprintf(stderr, "wherry-monitor-debug: %s\n", err.text);
        return EXIT_FAILURE;
    }
    return status;
}
