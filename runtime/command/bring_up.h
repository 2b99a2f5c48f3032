/* SPDX-License-Identifier: Apache-2.0 */
/* What `create` and `run` have in common: their options, and the way from a bundle to a created container. */
#ifndef BRING_UP_H
#define BRING_UP_H

#include "cli.h"
#include "create.h"
#include "plan.h"
#include "settings.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <stddef.h>

struct bring_up_options {
    const char *bundle;
    const char *config;
    const char *pid_file;
    const char *console_socket;
    bool is_detached; /* run only */
    bool keeps;       /* run only */
};

#define BRING_UP_OPTIONS                                                                                     \
    {"bundle", 'b',                                                                                          \
     CLI_TEXT, offsetof(struct bring_up_options, bundle),                                                    \
     "DIR",    "the bundle (the current directory)"},                                                        \
        {"config", 'f',                                                                                      \
         CLI_TEXT, offsetof(struct bring_up_options, config),                                                \
         "FILE",   "the configuration (config.json)"},                                                       \
        {"pid-file", 0,                                                                                      \
         CLI_TEXT,   offsetof(struct bring_up_options, pid_file),                                            \
         "FILE",     "write the monitor's pid to FILE"},                                                     \
        {"console-socket", 0,                                                                                \
         CLI_TEXT,         offsetof(struct bring_up_options, console_socket),                                \
         "SOCKET",         "send the terminal to this Unix socket"},                                         \
        {"preserve-fds", 0, CLI_IGNORED, 0, "N", "accepted, without effect: a guest has no descriptors"},    \
        {"pidfd-socket", 0, CLI_IGNORED, 0, "SOCKET", "accepted, without effect"},                           \
        {"no-pivot", 0, CLI_FLAG_IGNORED, 0, NULL, "accepted, without effect: the monitor's root is empty"}, \
    {                                                                                                        \
        "no-new-keyring", 0, CLI_FLAG_IGNORED, 0, NULL, "accepted, without effect"                           \
    }

struct bring_up {
    const struct cli_invocation *invocation;
    const struct bring_up_options *options;
    struct settings settings;
    struct plan plan;
    struct create_result created;
};

#define BRING_UP_NONE                     \
    ((struct bring_up){.plan = PLAN_NONE, \
                       .created = {.process = MONITOR_PROCESS_NONE, .terminal = TERMINAL_NONE}})

/*
 * Reads settings and bundle and plans the container. A bundle that is no unikernel goes to another runtime,
 * and the call does not return.
 */
int bring_up_plan(struct bring_up *up, const struct cli_invocation *invocation,
                  const struct bring_up_options *options, struct error *err);

/* Creates the container that was planned. */
int bring_up_create(struct bring_up *up, struct error *err);

void bring_up_release(struct bring_up *up);

#endif
