/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table is the host's ps(1), of which only the lines of the container's processes are printed: nobody
 * else knows what the options of ps mean, and engines and people pass them.
 */
#include "command.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/subprocess.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PS_OUTPUT_MAX (64u << 20)
#define PS_LIMIT_MS   10000

struct process_list {
    pid_t *pids; /* in rising order */
    size_t n;
};

struct ps_options {
    const char *format;
};

static const struct cli_option options[] = {
    {"format", 'f', CLI_TEXT, offsetof(struct ps_options, format), "FORMAT", "table or json (table)"},
    CLI_END,
};

static const char *find_ps(void)
{
    static const char *const paths[] = {"/usr/bin/ps", "/bin/ps"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return NULL;
}

/* What ps prints with these options. *out is the caller's to free(3). */
static int run_ps(const char *path, char *const *ps_options, int n_options, char **out, struct error *err)
{
    static char name[] = "ps", every_column[] = "-ef";
    _cleanup_free_ char **argv = calloc((size_t)n_options + 3, sizeof(*argv));
    _cleanup_close_ int in = -1, to_us = -1;
    int status, pipe_fds[2];
    size_t size;
    pid_t pid;

    if (argv == NULL || pipe2(pipe_fds, O_CLOEXEC) < 0)
        return error_errno(err, "run '%s'", path);
    in = pipe_fds[0];
    to_us = pipe_fds[1];
    argv[0] = name;
    argv[1] = every_column;
    if (n_options > 0)
        memcpy(argv + 1, ps_options, (size_t)n_options * sizeof(*argv));
    struct subprocess program = {.path = path,
                                 .argv = argv,
                                 .envp = environ,
                                 .stdin_fd = -1,
                                 .stdout_fd = to_us,
                                 .stderr_fd = STDERR_FILENO};
    if (subprocess_spawn(&program, &pid, err) < 0)
        return -1;
    close(take_fd(&to_us));
    int got = fd_read_all(in, PS_OUTPUT_MAX, out, &size, path, err);
    close(take_fd(&in));
    if (subprocess_wait(pid, PS_LIMIT_MS, &status, got < 0 ? &(struct error){0} : err) < 0 || got < 0)
        return -1;
    if (subprocess_exit_code(status) != 0)
        return error_set(err, ERROR_INPUT, "'%s' ended with exit status %d", path,
                         subprocess_exit_code(status));
    return 0;
}

/* The n-th word of the line, counted from 0, and its length; NULL if there are fewer. */
static const char *find_word(const char *line, size_t n, size_t *out_length)
{
    for (;; n--) {
        line += strspn(line, " ");
        *out_length = strcspn(line, " ");
        if (*out_length == 0)
            return NULL;
        if (n == 0)
            return line;
        line += *out_length;
    }
}

static bool has_pid(const struct process_list *processes, const char *line, size_t column)
{
    uint64_t pid;
    size_t length;
    const char *word = find_word(line, column, &length);
    if (word == NULL || num_scan_u64(word, length, &pid) != length)
        return false;
    for (size_t i = 0; i < processes->n; i++)
        if ((uint64_t)processes->pids[i] == pid)
            return true;
    return false;
}

static int print_table(const struct process_list *processes, char *text, struct error *err)
{
    char *rest = text, *line = strsep(&rest, "\n");
    size_t column = 0, length;
    const char *word;

    while ((word = find_word(line, column, &length)) != NULL && (length != 3 || strncmp(word, "PID", 3) != 0))
        column++;
    if (word == NULL)
        return error_set(err, ERROR_INPUT, "what ps prints has no column PID");
    puts(line);
    while ((line = strsep(&rest, "\n")) != NULL)
        if (has_pid(processes, line, column))
            puts(line);
    return 0;
}

static void print_json(const struct process_list *processes)
{
    putchar('[');
    for (size_t i = 0; i < processes->n; i++)
        printf(i > 0 ? ",%d" : "%d", (int)processes->pids[i]);
    puts("]");
}

static int print_as_ps(const struct process_list *processes, char *const *ps_options, int n_options,
                       struct error *err)
{
    _cleanup_free_ char *text = NULL;
    const char *path = find_ps();
    if (path != NULL)
        return run_ps(path, ps_options, n_options, &text, err) < 0 ? -1 : print_table(processes, text, err);
    if (n_options > 0)
        return error_set(err, ERROR_REFUSED, "this host has no ps to which options could be given");
    puts("PID");
    for (size_t i = 0; i < processes->n; i++)
        printf("%d\n", (int)processes->pids[i]);
    return 0;
}

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct ps_options *given = invocation->options;
    bool is_json = given->format != NULL && strcmp(given->format, "json") == 0;
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    _cleanup_free_ pid_t *pids = NULL;
    struct process_list processes = {0};

    if (given->format != NULL && !is_json && strcmp(given->format, "table") != 0)
        return error_set(err, ERROR_USAGE, "unknown format \"%s\"", given->format);
    if (command_open_container(invocation, CONTAINER_READ, &container, err) < 0)
        return -1;
    if (container_list_processes(&container, &pids, &processes.n, err) < 0)
        return -1;
    processes.pids = pids;
    if (is_json)
        print_json(&processes);
    else if (print_as_ps(&processes, invocation->args + 1, invocation->n_args - 1, err) < 0)
        return -1;
    return EXIT_SUCCESS;
}

const struct cli_command cmd_ps = {
    .name = "ps",
    .arguments = "ID [PS-OPTION...]",
    .summary = "print a container's processes",
    .options = options,
    .options_size = sizeof(struct ps_options),
    .min_args = 1,
    .max_args = INT_MAX,
    .takes_rest = true,
    .run = run,
};
