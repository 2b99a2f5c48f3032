/* SPDX-License-Identifier: Apache-2.0 */
/* wherry-monitor-debug: the stand-alone monitor with --dumpcore= and --gdb, and without a box. */
#include "base/error.h"
#include "base/num.h"
#include "debugger.h"
#include "dumpcore.h"
#include "gdb/gdb.h"
#include "tender.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *arg_core_directory;
static bool arg_gdb;
static uint64_t arg_gdb_port = GDB_PORT_DEFAULT;

static int parse_dumpcore(const char *directory, struct error *err)
{
    arg_core_directory = directory;
    if (access(directory, W_OK) < 0)
        return error_errno(err, "--dumpcore: use the directory '%s'", directory);
    return 0;
}

static int parse_option(const char *option, bool *out_is_mine, struct error *err)
{
    static const char dumpcore[] = "--dumpcore=", gdb_port[] = "--gdb-port=";

    *out_is_mine = true;
    if (strcmp(option, "--gdb") == 0) {
        arg_gdb = true;
        return 0;
    }
    if (strncmp(option, gdb_port, sizeof(gdb_port) - 1) == 0) {
        if (num_parse_u64(option + sizeof(gdb_port) - 1, UINT16_MAX, &arg_gdb_port, "--gdb-port", err) < 0)
            return error_wrap_as(err, ERROR_USAGE, "Malformed argument to --gdb-port");
        return 0;
    }
    if (strncmp(option, dumpcore, sizeof(dumpcore) - 1) == 0)
        return parse_dumpcore(option + sizeof(dumpcore) - 1, err);
    *out_is_mine = false;
    return 0;
}

/* A breakpoint behind the start of a function that is replaced would never be hit. */
static bool wants_own_code(void)
{
    return arg_gdb;
}

static int on_boot(struct vm *vm, struct guest *guest, struct error *err)
{
    return arg_gdb ? gdb_attach(vm, guest, (uint16_t)arg_gdb_port, err) : 0;
}

static void on_crash(const struct guest *guest, enum status_exit reason, const struct kvm_regs *regs)
{
    struct error err = {0};

    gdb_on_crash(reason, regs);
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
             "traps\n"
             "  --gdb                             wait for gdb on a local TCP port before the guest begins\n"
             "  --gdb-port=PORT                   that port; 0 for any that is free (1234)\n",
    .wants_own_code = wants_own_code,
    .on_boot = on_boot,
    .on_run = gdb_on_run,
    .on_trap = gdb_on_trap,
    .on_crash = on_crash,
    .on_end = gdb_on_end,
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
