/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "base/cleanup.h"

static const struct cli_option options[] = {CLI_END};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    _cleanup_(container_close) struct container container = CONTAINER_NONE;

    if (command_open_container(invocation, CONTAINER_LOCK, &container, err) < 0)
        return -1;
    if (container_pause(&container, err) < 0)
        return -1;
    return EXIT_SUCCESS;
}

const struct cli_command cmd_pause = {
    .name = "pause",
    .arguments = "ID",
    .summary = "stop the guest where it is",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
