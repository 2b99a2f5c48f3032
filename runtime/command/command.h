/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, one file each (cmd_*.c), and how most of them begin. */
#ifndef COMMAND_H
#define COMMAND_H

#include "cli.h"
#include "container.h"

#include "base/error.h"

extern const struct cli_command cmd_checkpoint, cmd_create, cmd_delete, cmd_doctor, cmd_events, cmd_exec,
    cmd_features, cmd_kill, cmd_list, cmd_pause, cmd_ps, cmd_restore, cmd_resume, cmd_run, cmd_spec,
    cmd_start, cmd_state, cmd_update, cmd_image;

/* All of them; ends with NULL. */
extern const struct cli_command *const commands[];

/*
 * Opens the container that the first argument names. If another runtime has it (delegate.h), this process
 * becomes that runtime and the call does not return.
 */
int command_open_container(const struct cli_invocation *invocation, enum container_access access,
                           struct container *out, struct error *err);

#endif
