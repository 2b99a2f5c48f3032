/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "base/cleanup.h"

#include <limits.h>

/* All of runc's, so that what a user is told is what the matter is, and not that an option is unknown. */
static const struct cli_option options[] = {
    {"process", 'p', CLI_IGNORED, 0, "FILE", "the process as JSON"},
    {"detach", 'd', CLI_FLAG_IGNORED, 0, NULL, "do not wait for it"},
    {"pid-file", 0, CLI_IGNORED, 0, "FILE", "write its pid to FILE"},
    {"console-socket", 0, CLI_IGNORED, 0, "SOCKET", "send its terminal to this Unix socket"},
    {"tty", 't', CLI_FLAG_IGNORED, 0, NULL, "give it a terminal"},
    {"preserve-fds", 0, CLI_IGNORED, 0, "N", "give it more descriptors"},
    {"cwd", 0, CLI_IGNORED, 0, "DIR", "its working directory"},
    {"env", 'e', CLI_IGNORED, 0, "NAME=VALUE", "set an environment variable"},
    {"user", 'u', CLI_IGNORED, 0, "UID[:GID]", "its user"},
    {"additional-gids", 'g', CLI_IGNORED, 0, "GID", "its further groups"},
    {"cap", 'c', CLI_IGNORED, 0, "CAP", "its capabilities"},
    {"no-new-privs", 0, CLI_FLAG_IGNORED, 0, NULL, "no new privileges"},
    {"apparmor", 0, CLI_IGNORED, 0, "PROFILE", "its AppArmor profile"},
    {"process-label", 0, CLI_IGNORED, 0, "LABEL", "its SELinux label"},
    {"ignore-paused", 0, CLI_FLAG_IGNORED, 0, NULL, "also in a paused container"},
    {"cgroup", 0, CLI_IGNORED, 0, "PATH", "its cgroup"},
    CLI_END,
};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    _cleanup_(container_close) struct container container = CONTAINER_NONE;

    if (command_open_container(invocation, CONTAINER_READ, &container, err) < 0)
        return -1;
    return error_set(
        err, ERROR_REFUSED,
        "container '%s' is a unikernel, which has no second process: nothing can be executed in it; check "
        "its health from outside, over its network",
        container.dir.id);
}

const struct cli_command cmd_exec = {
    .name = "exec",
    .arguments = "ID [COMMAND [ARGUMENT...]]",
    .summary = "refused for unikernels; runs a command in other containers",
    .options = options,
    .min_args = 1,
    .max_args = INT_MAX,
    .failure = CLI_FAILURE_EXEC,
    .run = run,
};
