/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "base/cleanup.h"

struct checkpoint_options {
    bool asks_for_help;
};

/* podman runs `checkpoint --help` and takes success for "can be checkpointed". */
static const struct cli_option options[] = {
    {"help", 'h', CLI_FLAG, offsetof(struct checkpoint_options, asks_for_help), NULL, "show this help"},
    {"image-path", 0, CLI_IGNORED, 0, "DIR", "where the checkpoint goes"},
    {"work-path", 0, CLI_IGNORED, 0, "DIR", "where temporary files go"},
    {"parent-path", 0, CLI_IGNORED, 0, "DIR", "an earlier checkpoint"},
    {"leave-running", 0, CLI_FLAG_IGNORED, 0, NULL, "let the container go on"},
    {"tcp-established", 0, CLI_FLAG_IGNORED, 0, NULL, "with open connections"},
    {"ext-unix-sk", 0, CLI_FLAG_IGNORED, 0, NULL, "with external Unix sockets"},
    {"shell-job", 0, CLI_FLAG_IGNORED, 0, NULL, "with a terminal"},
    {"file-locks", 0, CLI_FLAG_IGNORED, 0, NULL, "with file locks"},
    {"pre-dump", 0, CLI_FLAG_IGNORED, 0, NULL, "memory only"},
    {"manage-cgroups-mode", 0, CLI_IGNORED, 0, "MODE", "what happens to cgroups"},
    CLI_END,
};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct checkpoint_options *given = invocation->options;
    _cleanup_(container_close) struct container container = CONTAINER_NONE;

    if (!given->asks_for_help && invocation->n_args == 1 &&
        command_open_container(invocation, CONTAINER_READ, &container, err) < 0)
        return -1;
    return error_set(err, ERROR_REFUSED, "unikernels cannot be checkpointed");
}

const struct cli_command cmd_checkpoint = {
    .name = "checkpoint",
    .arguments = "ID",
    .summary = "refused for unikernels; checkpoints other containers",
    .options = options,
    .options_size = sizeof(struct checkpoint_options),
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
