/* SPDX-License-Identifier: Apache-2.0 */
#include "bring_up.h"
#include "command.h"

static const struct cli_option options[] = {BRING_UP_OPTIONS, CLI_END};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    _cleanup_(bring_up_release) struct bring_up up = BRING_UP_NONE;

    if (bring_up_plan(&up, invocation, invocation->options, err) < 0)
        return -1;
    if (bring_up_create(&up, err) < 0)
        return -1;
    return EXIT_SUCCESS;
}

const struct cli_command cmd_create = {
    .name = "create",
    .arguments = "ID",
    .summary = "create a container: everything but the guest's first instruction",
    .options = options,
    .options_size = sizeof(struct bring_up_options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
