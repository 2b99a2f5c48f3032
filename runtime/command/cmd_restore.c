/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "delegate.h"

static const struct cli_option options[] = {
    {"bundle", 'b', CLI_IGNORED, 0, "DIR", "the bundle"},
    {"image-path", 0, CLI_IGNORED, 0, "DIR", "where the checkpoint is"},
    {"work-path", 0, CLI_IGNORED, 0, "DIR", "where temporary files go"},
    {"pid-file", 0, CLI_IGNORED, 0, "FILE", "write the pid to FILE"},
    {"console-socket", 0, CLI_IGNORED, 0, "SOCKET", "send the terminal to this Unix socket"},
    {"detach", 'd', CLI_FLAG_IGNORED, 0, NULL, "do not wait for the container"},
    {"no-pivot", 0, CLI_FLAG_IGNORED, 0, NULL, "accepted, without effect"},
    {"tcp-established", 0, CLI_FLAG_IGNORED, 0, NULL, "with open connections"},
    {"ext-unix-sk", 0, CLI_FLAG_IGNORED, 0, NULL, "with external Unix sockets"},
    {"shell-job", 0, CLI_FLAG_IGNORED, 0, NULL, "with a terminal"},
    {"file-locks", 0, CLI_FLAG_IGNORED, 0, NULL, "with file locks"},
    {"manage-cgroups-mode", 0, CLI_IGNORED, 0, "MODE", "what happens to cgroups"},
    CLI_END,
};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    if (delegate_continue(invocation, invocation->args[0], err) < 0)
        return -1;
    return error_set(err, ERROR_REFUSED, "unikernels cannot be restored from a checkpoint");
}

const struct cli_command cmd_restore = {
    .name = "restore",
    .arguments = "ID",
    .summary = "refused for unikernels; restores other containers",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
