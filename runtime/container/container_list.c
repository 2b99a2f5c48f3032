/* SPDX-License-Identifier: Apache-2.0 */
#include "container_list.h"

#include "cli.h"
#include "container.h"
#include "delegate.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/subprocess.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_SIZE_MAX (1u << 20)

/* A list of names as scandir(3) might give it. */
struct names {
    char **items;
    size_t n;
};

static void names_release(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
}

static void add_own(struct container_list *list, const char *root, const char *id)
{
    struct container *container = &list->containers[list->n_containers];
    struct error err = {0};

    *container = CONTAINER_NONE;
    if (container_open(root, id, CONTAINER_READ, container, &err) == 0) {
        list->n_containers++;
        if (container->record.bundle == NULL ||
            container_fill_state(container, &list->states[list->n], &err) == 0) {
            list->n += container->record.bundle != NULL;
            return;
        }
    }
    if (err.kind != ERROR_NOT_FOUND)
        log_line(LOG_LEVEL_WARNING, "container '%s': %s", id, err.text);
}

/* Asks the runtime that has the container. What it says about one that is gone is nobody's business. */
static int ask_other(const struct cli_global *global, char *runtime, char *id, struct state **out)
{
    char state[] = "state", root_option[] = "--root";
    _cleanup_free_ char *root = strdup(global->root), *text = NULL;
    char *const with_root[] = {runtime, root_option, root, state, id, NULL};
    char *const without_root[] = {runtime, state, id, NULL}, *const envp[] = {NULL};
    int pair[2], status;
    size_t size;
    struct error ignored;
    pid_t pid;

    if (root == NULL || pipe2(pair, O_CLOEXEC) < 0)
        return -1;
    _cleanup_close_ int output = pair[0], theirs = pair[1];
    struct subprocess program = {.path = runtime,
                                 .argv = global->has_root ? with_root : without_root,
                                 .envp = envp,
                                 .stdin_fd = -1,
                                 .stdout_fd = theirs,
                                 .stderr_fd = -1};
    if (subprocess_spawn(&program, &pid, &ignored) < 0)
        return -1;
    close(take_fd(&theirs));
    int is_read = fd_read_all(output, STATE_SIZE_MAX, &text, &size, "state", &ignored);
    if (subprocess_wait(pid, SUBPROCESS_NO_LIMIT, &status, &ignored) < 0 || status != 0 || is_read < 0)
        return -1;
    return state_parse(text, size, out, &ignored);
}

static void add_other(struct container_list *list, const struct cli_global *global, char *id)
{
    _cleanup_free_ char *runtime = delegate_find(global->root, id);
    struct state *state = NULL;

    if (runtime == NULL)
        return;
    if (ask_other(global, runtime, id, &state) < 0) {
        delegate_forget(global->root, id);
        return;
    }
    list->others[list->n_others++] = state;
    list->states[list->n++] = *state;
}

int container_list_read(const struct cli_global *global, struct container_list *out, struct error *err)
{
    _cleanup_(container_list_release) struct container_list list = CONTAINER_LIST_NONE;
    _cleanup_(names_release) struct names own = {0}, others = {0};

    if (state_dir_list(global->root, &own.items, &own.n, err) < 0 ||
        delegate_list(global->root, &others.items, &others.n, err) < 0)
        return -1;
    list.states = calloc(own.n + others.n + 1, sizeof(*list.states));
    list.containers = calloc(own.n + 1, sizeof(*list.containers));
    list.others = calloc(others.n + 1, sizeof(*list.others));
    if (list.states == NULL || list.containers == NULL || list.others == NULL)
        return error_errno(err, "list the containers");

    for (size_t i = 0; i < own.n; i++)
        add_own(&list, global->root, own.items[i]);
    for (size_t i = 0; i < others.n; i++)
        add_other(&list, global, others.items[i]);
    *out = list;
    list = CONTAINER_LIST_NONE;
    return 0;
}

void container_list_release(struct container_list *list)
{
    for (size_t i = 0; i < list->n_containers; i++)
        container_close(&list->containers[i]);
    for (size_t i = 0; i < list->n_others; i++)
        state_free(list->others[i]);
    free(list->containers);
    free(list->others);
    free(list->states);
    *list = CONTAINER_LIST_NONE;
}
