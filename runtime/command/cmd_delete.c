/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "delegate.h"

#include "base/cleanup.h"
#include "oci-spec/id.h"

struct delete_options {
    bool force;
};

static const struct cli_option options[] = {
    {"force", 'f', CLI_FLAG, offsetof(struct delete_options, force), NULL,
     "stop the container first; one that does not exist is no error"},
    CLI_END,
};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct delete_options *given = invocation->options;
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    int status;

    if (id_check(invocation->args[0], err) < 0 ||
        delegate_delete(invocation, invocation->args[0], &status, err) < 0)
        return -1;
    if (status >= 0)
        return status;
    if (command_open_container(invocation, CONTAINER_LOCK, &container, err) < 0)
        return given->force && err->kind == ERROR_NOT_FOUND ? EXIT_SUCCESS : -1;
    if (container_delete(&container, given->force, err) < 0)
        return -1;
    return EXIT_SUCCESS;
}

const struct cli_command cmd_delete = {
    .name = "delete",
    .arguments = "ID",
    .summary = "remove a container and everything that is left of it",
    .options = options,
    .options_size = sizeof(struct delete_options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
