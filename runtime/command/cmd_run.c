/* SPDX-License-Identifier: Apache-2.0 */
#include "bring_up.h"
#include "command.h"
#include "foreground.h"

#include "base/log.h"
#include "base/subprocess.h"

static const struct cli_option options[] = {
    BRING_UP_OPTIONS,
    {"detach", 'd', CLI_FLAG, offsetof(struct bring_up_options, is_detached), NULL,
     "do not wait for the container's end"},
    {"keep", 0, CLI_FLAG, offsetof(struct bring_up_options, keeps), NULL,
     "do not delete the container at its end"},
    {"no-subreaper", 0, CLI_FLAG_IGNORED, 0, NULL, "accepted, without effect"},
    CLI_END,
};

static int delete_container(const char *root, const char *id, struct error *err)
{
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    if (container_open(root, id, CONTAINER_LOCK, &container, err) < 0)
        return err->kind == ERROR_NOT_FOUND ? 0 : -1;
    return container_delete(&container, true, err);
}

/* What started is stopped and removed; the error that led here is what the user is told. */
static int give_up(const char *root, const char *id)
{
    struct error err = {0};
    if (delete_container(root, id, &err) < 0)
        log_line(LOG_LEVEL_WARNING, "remove container '%s': %s", id, err.text);
    return -1;
}

static int start_container(const char *root, const char *id, struct error *err)
{
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    if (container_open(root, id, CONTAINER_LOCK, &container, err) < 0)
        return -1;
    return container_start(&container, err);
}

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct bring_up_options *given = invocation->options;
    const char *root = invocation->global->root, *id = invocation->args[0];
    _cleanup_(bring_up_release) struct bring_up up = BRING_UP_NONE;
    int status;

    if (bring_up_plan(&up, invocation, given, err) < 0)
        return -1;
    if (bring_up_create(&up, err) < 0)
        return -1;
    if (start_container(root, id, err) < 0)
        return give_up(root, id);
    if (given->is_detached)
        return EXIT_SUCCESS;

    if (foreground_wait(up.created.process.pid, up.created.terminal.master_fd, &status, err) < 0)
        return give_up(root, id);
    if (!given->keeps && delete_container(root, id, err) < 0)
        return -1;
    return subprocess_exit_code(status);
}

const struct cli_command cmd_run = {
    .name = "run",
    .arguments = "ID",
    .summary = "create and start a container, wait for its end and delete it",
    .options = options,
    .options_size = sizeof(struct bring_up_options),
    .min_args = 1,
    .max_args = 1,
    .failure = CLI_FAILURE_CONTRACT,
    .run = run,
};
