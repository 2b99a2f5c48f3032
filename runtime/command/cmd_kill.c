/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "signal_name.h"

#include "base/cleanup.h"

#include <signal.h>

struct kill_options {
    bool everything;
};

static const struct cli_option options[] = {
    {"all", 'a', CLI_FLAG, offsetof(struct kill_options, everything), NULL,
     "signal every process of the container"},
    CLI_END,
};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct kill_options *given = invocation->options;
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    int signal = SIGTERM;

    if (invocation->n_args > 1 && signal_name_parse(invocation->args[1], &signal, err) < 0)
        return -1;
    if (command_open_container(invocation, CONTAINER_READ, &container, err) < 0)
        return -1;
    if (container_kill(&container, signal, given->everything, err) < 0)
        return -1;
    return EXIT_SUCCESS;
}

const struct cli_command cmd_kill = {
    .name = "kill",
    .arguments = "ID [SIGNAL]",
    .summary = "send a signal to a container (TERM)",
    .options = options,
    .options_size = sizeof(struct kill_options),
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
