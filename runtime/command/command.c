/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "delegate.h"

#include "oci-spec/id.h"

const struct cli_command *const commands[] = {
    &cmd_create,  &cmd_start,    &cmd_run,    &cmd_state,  &cmd_kill,   &cmd_delete, &cmd_list,
    &cmd_ps,      &cmd_pause,    &cmd_resume, &cmd_update, &cmd_events, &cmd_exec,   &cmd_checkpoint,
    &cmd_restore, &cmd_features, &cmd_spec,   &cmd_image,  &cmd_doctor, NULL,
};

int command_open_container(const struct cli_invocation *invocation, enum container_access access,
                           struct container *out, struct error *err)
{
    const char *id = invocation->args[0];
    if (id_check(id, err) < 0)
        return -1;
    if (delegate_continue(invocation, id, err) < 0)
        return -1;
    return container_open(invocation->global->root, id, access, out, err);
}
