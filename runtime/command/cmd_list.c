/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "container_list.h"

#include "base/cleanup.h"

#include <limits.h>
#include <string.h>

struct list_options {
    const char *format;
    bool is_quiet;
};

static const struct cli_option options[] = {
    {"format", 'f', CLI_TEXT, offsetof(struct list_options, format), "FORMAT", "table or json (table)"},
    {"quiet", 'q', CLI_FLAG, offsetof(struct list_options, is_quiet), NULL, "print ids only"},
    CLI_END,
};

static int wider(int width, const char *text)
{
    size_t length = strlen(text);
    return length > (size_t)width && length <= PATH_MAX ? (int)length : width;
}

static void print_table(const struct container_list *list)
{
    int id = 11, bundle = 11;
    for (size_t i = 0; i < list->n; i++) {
        id = wider(id, list->states[i].id);
        bundle = wider(bundle, list->states[i].bundle);
    }
    printf("%-*s %-11s %-11s %-*s %s\n", id, "ID", "PID", "STATUS", bundle, "BUNDLE", "CREATED");
    for (size_t i = 0; i < list->n; i++) {
        const struct state *state = &list->states[i];
        printf("%-*s %-11d %-11s %-*s %s\n", id, state->id, (int)state->pid, state_status_name(state->status),
               bundle, state->bundle, state->created != NULL ? state->created : "");
    }
}

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct list_options *given = invocation->options;
    bool is_json = given->format != NULL && strcmp(given->format, "json") == 0;
    _cleanup_(container_list_release) struct container_list list = CONTAINER_LIST_NONE;
    _cleanup_free_ char *text = NULL;

    if (given->format != NULL && !is_json && strcmp(given->format, "table") != 0)
        return error_set(err, ERROR_USAGE, "unknown format \"%s\"", given->format);
    if (container_list_read(invocation->global, &list, err) < 0)
        return -1;

    for (size_t i = 0; given->is_quiet && i < list.n; i++)
        puts(list.states[i].id);
    if (given->is_quiet)
        return EXIT_SUCCESS;
    if (!is_json) {
        print_table(&list);
        return EXIT_SUCCESS;
    }
    if (state_format_list(list.states, list.n, STATE_ONE_LINE, &text, err) < 0)
        return -1;
    fputs(text, stdout);
    return EXIT_SUCCESS;
}

const struct cli_command cmd_list = {
    .name = "list",
    .arguments = "",
    .summary = "print the containers below the root",
    .options = options,
    .options_size = sizeof(struct list_options),
    .run = run,
};
