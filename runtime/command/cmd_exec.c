/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest has no second process. What engines need exec for all the same is health checks, and these can be
 * carried out from outside: `wherry-probe` is a command that this runtime does itself (oci-spec/probe.h). As
 * engines expect it of exec, it is then a process with a pid file, an exit status and two output streams.
 */
#include "command.h"
#include "confine.h"
#include "pid_file.h"
#include "probe_guest.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNHEALTHY 1

struct exec_options {
    const char *process;
    const char *pid_file;
    const char *console_socket;
    bool detach;
    bool tty;
};

/* All of runc's, so that what a user is told is what the matter is, and not that an option is unknown. */
static const struct cli_option options[] = {
    {"process", 'p', CLI_TEXT, offsetof(struct exec_options, process), "FILE", "the process as JSON"},
    {"detach", 'd', CLI_FLAG, offsetof(struct exec_options, detach), NULL, "do not wait for it"},
    {"pid-file", 0, CLI_TEXT, offsetof(struct exec_options, pid_file), "FILE", "write its pid to FILE"},
    {"console-socket", 0, CLI_TEXT, offsetof(struct exec_options, console_socket), "SOCKET",
     "send its terminal to this Unix socket"},
    {"tty", 't', CLI_FLAG, offsetof(struct exec_options, tty), NULL, "give it a terminal"},
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

static int read_process(const char *path, struct config **out, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int fd = -1;
    size_t size;

    if (fd_open(AT_FDCWD, path, O_RDONLY, 0, &fd, err) < 0 ||
        fd_read_all(fd, CONFIG_SIZE_MAX, &text, &size, path, err) < 0)
        return -1;
    return config_parse_process(text, size, out, err);
}

static int refuse(const struct container *container, const struct config_strings *args, struct error *err)
{
    return error_set(err, ERROR_REFUSED,
                     "container '%s' is a unikernel, which has no second process: '%s' cannot be executed in "
                     "it; a health check can be \"" PROBE_COMMAND " tcp PORT\" or \"" PROBE_COMMAND
                     " http PORT PATH\", which wherry carries out from outside",
                     container->dir.id, args->n > 0 ? args->items[0] : "");
}

/* Without words of its own a probe is the annotation's. */
static int choose_probe(struct container *container, const char *text, struct probe *out, struct error *err)
{
    if (text[0] == '\0') {
        if (container_load_config(container, err) < 0)
            return -1;
        text = config_map_find(&container->config->annotations, PROBE_ANNOTATION);
        if (text == NULL)
            return error_set(err, ERROR_INPUT,
                             PROBE_COMMAND ": neither it nor the annotation " PROBE_ANNOTATION
                                           " says what to do");
    }
    return probe_parse(text, out, err) < 0 ? error_wrap(err, PROBE_COMMAND) : 0;
}

static int check_request(const struct container *container, const struct exec_options *given,
                         struct error *err)
{
    if (container->state != STATE_RUNNING)
        return error_set(err, ERROR_STATE, "cannot exec in a container that is %s",
                         state_status_name(container->state));
    if (given->console_socket != NULL || given->tty)
        return error_set(err, ERROR_REFUSED, PROBE_COMMAND ": it has no terminal");
    return 0;
}

static int report(const struct probe *probe, const struct net_interface *interface)
{
    struct error err = {0};

    if (probe_guest(probe, interface, &err) < 0) {
        fprintf(stderr, "unhealthy: %s\n", err.text);
        return UNHEALTHY;
    }
    puts("healthy");
    return fflush(stdout) == 0 ? EXIT_SUCCESS : UNHEALTHY;
}

/* The guest's answers are read by a process without any rights; when the command has ended it is the
 * engine's. */
static int start_process(const struct probe *probe, const struct net_interface *interface, pid_t *out_pid,
                         struct error *err)
{
    struct error refused = {0};
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(err, "start the probe");
    if (pid == 0) {
        signal(SIGPIPE, SIG_DFL);
        if (setsid() < 0 || close_range(3, ~0u, 0) < 0 || confine_capabilities(&refused) < 0)
            _exit(UNHEALTHY);
        _exit(report(probe, interface));
    }
    *out_pid = pid;
    return 0;
}

static int carry_out(const struct exec_options *given, const struct probe *probe,
                     const struct net_interface *interface, struct error *err)
{
    pid_t pid = -1;
    int status;

    if (start_process(probe, interface, &pid, err) < 0)
        return -1;
    if (given->pid_file != NULL && pid_file_write(given->pid_file, pid, err) < 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        return -1;
    }
    if (given->detach)
        return EXIT_SUCCESS;
    if (waitpid(pid, &status, 0) < 0)
        return error_errno(err, "wait for the probe");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct exec_options *given = invocation->options;
    _cleanup_(container_close) struct container container = CONTAINER_NONE;
    _cleanup_(config_freep) struct config *config = NULL;
    struct config_strings args = {.items = (const char *const *)invocation->args + 1,
                                  .n = (size_t)invocation->n_args - 1};
    struct net_interface interface;
    struct probe probe;
    char text[PROBE_TEXT_SIZE];
    bool is_probe;

    if (command_open_container(invocation, CONTAINER_READ, &container, err) < 0)
        return -1;
    if (given->process != NULL) {
        if (read_process(given->process, &config, err) < 0)
            return -1;
        args = config->process->args;
    }
    if (probe_find(&args, text, &is_probe, err) < 0)
        return -1;
    if (!is_probe)
        return refuse(&container, &args, err);
    if (choose_probe(&container, text, &probe, err) < 0 || check_request(&container, given, err) < 0 ||
        container_find_interface(&container, &interface, err) < 0)
        return -1;
    return carry_out(given, &probe, &interface, err);
}

const struct cli_command cmd_exec = {
    .name = "exec",
    .arguments = "ID [COMMAND [ARGUMENT...]]",
    .summary = "run a command; for a unikernel, a health check only: wherry-probe",
    .options = options,
    .options_size = sizeof(struct exec_options),
    .min_args = 1,
    .max_args = INT_MAX,
    .takes_rest = true,
    .failure = CLI_FAILURE_EXEC,
    .run = run,
};
