/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "base/cleanup.h"

#include <limits.h>
#include <string.h>

struct ps_options {
    const char *format;
};

static const struct cli_option options[] = {
    {"format", 'f', CLI_TEXT, offsetof(struct ps_options, format), "FORMAT", "table or json (table)"},
    CLI_END,
};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct ps_options *given = invocation->options;
    bool is_json = given->format != NULL && strcmp(given->format, "json") == 0;
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    _cleanup_free_ pid_t *pids = NULL;
    size_t n = 0;

    if (given->format != NULL && !is_json && strcmp(given->format, "table") != 0)
        return error_set(err, ERROR_USAGE, "unknown format \"%s\"", given->format);
    if (command_open_container(invocation, CONTAINER_READ, &container, err) < 0)
        return -1;
    if (container_list_processes(&container, &pids, &n, err) < 0)
        return -1;

    fputs(is_json ? "[" : "PID\n", stdout);
    for (size_t i = 0; i < n; i++)
        printf(is_json ? "%s%d" : "%s%d\n", is_json && i > 0 ? "," : "", (int)pids[i]);
    fputs(is_json ? "]\n" : "", stdout);
    return EXIT_SUCCESS;
}

const struct cli_command cmd_ps = {
    .name = "ps",
    .arguments = "ID [PS-OPTION...]",
    .summary = "print the pids of a container's processes",
    .options = options,
    .options_size = sizeof(struct ps_options),
    .min_args = 1,
    .max_args = INT_MAX,
    .run = run,
};
