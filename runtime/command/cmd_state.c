/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "base/cleanup.h"
#include "oci-spec/state.h"

static const struct cli_option options[] = {CLI_END};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    _cleanup_free_ char *text = NULL;
    struct state state;

    if (command_open_container(invocation, CONTAINER_READ, &container, err) < 0)
        return -1;
    if (container_fill_state(&container, &state, err) < 0)
        return -1;
    if (state_format(&state, STATE_INDENTED, &text, err) < 0)
        return -1;
    fputs(text, stdout);
    return EXIT_SUCCESS;
}

const struct cli_command cmd_state = {
    .name = "state",
    .arguments = "ID",
    .summary = "print the state of a container as JSON",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
