/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order is that of what can fail without a trace first: descriptors that vanish with this process (KVM,
 * image), then the claim of the id, the cgroup, the process. The pid file comes last, because engines take it
 * for done.
 */
#include "create.h"

#include "block_source.h"
#include "cgroup.h"
#include "hooks.h"
#include "launch_set.h"
#include "net.h"
#include "pid_file.h"
#include "plan.h"
#include "process.h"
#include "state_dir.h"
#include "undo.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "monitor/status.h"
#include "oci-spec/state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CGROUP_TEXT_SIZE 65536

/* Everything that a creation holds while it goes on. */
struct creation {
    const struct create_request *request;
    struct plan *plan;
    struct state_dir dir;
    struct state_record record;
    struct launch_set *launch;
    struct cgroup *cgroup;
    struct terminal terminal;
    struct monitor_process process;
    int executable_fd;
    struct undo undo;
};

static void creation_release(struct creation *creation)
{
    undo_run(&creation->undo);
    terminal_close(&creation->terminal);
    monitor_process_release(&creation->process);
    if (creation->cgroup != NULL)
        cgroup_free(creation->cgroup);
    launch_set_free(creation->launch);
    state_record_release(&creation->record);
    state_dir_close(&creation->dir);
    cleanup_close(&creation->executable_fd);
}

/* --- what is taken back --- */

static int undo_state_dir(void *object, struct error *err)
{
    struct creation *creation = object;
    return state_dir_remove(&creation->dir, err);
}

/* Only what this creation made: a cgroup that it found is another container's, with its processes. */
static int undo_cgroup(void *object, struct error *err)
{
    struct creation *creation = object;
    return cgroup_remove(creation->cgroup, err);
}

static int undo_cgroup_members(void *object, struct error *err)
{
    struct creation *creation = object;
    return cgroup_kill(creation->cgroup, SIGKILL, err);
}

static int undo_process(void *object, struct error *err)
{
    struct creation *creation = object;
    return monitor_process_kill(&creation->process, err);
}

static int undo_pid_file(void *object, struct error *err)
{
    const struct creation *creation = object;
    if (unlink(creation->request->pid_file) < 0 && errno != ENOENT)
        return error_errno(err, "remove '%s'", creation->request->pid_file);
    return 0;
}

static char *describe(const struct creation *creation, enum state_status status, pid_t pid, struct error *err)
{
    const struct config *config = creation->plan->config;
    struct state state = {.oci_version = config->oci_version,
                          .id = creation->request->id,
                          .status = status,
                          .pid = pid,
                          .bundle = creation->plan->bundle,
                          .annotations = config->annotations};
    char *text = NULL;
    return state_format(&state, STATE_ONE_LINE, &text, err) < 0 ? NULL : text;
}

/* Hooks that ran may have left something behind that only the poststop hooks know how to remove. */
static int undo_hooks(void *object, struct error *err)
{
    struct creation *creation = object;
    if (monitor_process_kill(&creation->process, err) < 0)
        return -1;
    _cleanup_free_ char *state = describe(creation, STATE_STOPPED, 0, err);
    if (state == NULL)
        return -1;
    hooks_run_all(creation->plan->config, CONFIG_HOOK_POSTSTOP, state, creation->plan->bundle);
    return 0;
}

/* --- the steps --- */

static int open_files(struct creation *creation, const struct settings *settings, struct error *err)
{
    const struct plan *plan = creation->plan;
    int kvm = -1, guest = -1;

    if (fd_open(AT_FDCWD, settings->monitor, O_PATH, 0, &creation->executable_fd, err) < 0)
        return -1;
    if (launch_set_new(creation->request->id, &creation->launch, err) < 0)
        return -1;
    creation->launch->message->memory_bytes = plan->memory_bytes;
    if (fd_open(AT_FDCWD, "/dev/kvm", O_RDWR, 0, &kvm, err) < 0)
        return -1;
    if (launch_set_add(creation->launch, LAUNCH_FD_KVM, 0, kvm, err) < 0)
        return -1;
    guest = fcntl(plan->guest_fd, F_DUPFD_CLOEXEC, 0);
    if (guest < 0)
        return error_errno(err, "open the unikernel");
    if (launch_set_add(creation->launch, LAUNCH_FD_GUEST, 0, guest, err) < 0)
        return -1;
    const struct block_source_request blocks = {
        .plan = plan, .store = settings->store, .root = creation->request->root, .id = creation->request->id};
    return block_source_open(&blocks, creation->launch, err);
}

static int fill_record(struct creation *creation, struct error *err)
{
    const struct plan *plan = creation->plan;
    struct state_record *record = &creation->record;
    char now[CLOCK_TEXT_SIZE];

    clock_format_time(now);
    record->bundle = strdup(plan->bundle);
    record->rootfs = strdup(plan->rootfs);
    record->cmdline = strdup(plan->cmdline);
    record->created = strdup(now);
    record->guest_kind = plan->kind;
    record->memory_bytes = plan->memory_bytes;
    record->n_nets = plan->n_nets;
    memcpy(record->nets, plan->nets, sizeof(record->nets));
    if (record->bundle == NULL || record->rootfs == NULL || record->cmdline == NULL ||
        record->created == NULL)
        return error_errno(err, "remember the container");
    return 0;
}

static int make_status_file(struct creation *creation, struct error *err)
{
    _cleanup_close_ int fd = -1;
    if (fd_open(creation->dir.fd, STATE_DIR_STATUS, O_RDWR | O_CREAT | O_EXCL, 0600, &fd, err) < 0)
        return -1;
    if (ftruncate(fd, STATUS_SIZE) < 0)
        return error_errno(err, "make the status page");
    return launch_set_add(creation->launch, LAUNCH_FD_STATUS, 0, take_fd(&fd), err);
}

/* Bound by way of the directory's descriptor: the path may be longer than sun_path (108 bytes). */
static int make_control_socket(struct creation *creation, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_close_ int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return error_errno(err, "make the control socket");
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" STATE_DIR_CONTROL,
             creation->dir.fd);
    if (bind(sock, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(sock, 1) < 0)
        return error_errno(err, "make the control socket");
    return launch_set_add(creation->launch, LAUNCH_FD_CONTROL, 0, take_fd(&sock), err);
}

static int claim_id(struct creation *creation, struct error *err)
{
    const struct plan *plan = creation->plan;
    _cleanup_close_ int fd = -1;

    if (state_dir_create(creation->request->root, creation->request->id, &creation->dir, err) < 0)
        return -1;
    undo_push(&creation->undo, undo_state_dir, creation);
    if (fd_open(creation->dir.fd, STATE_DIR_CONFIG, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, err) < 0)
        return -1;
    if (fd_write_all(fd, plan->config_text, plan->config_size, "the saved configuration", err) < 0)
        return -1;
    if (make_status_file(creation, err) < 0 || make_control_socket(creation, err) < 0)
        return -1;
    return fill_record(creation, err);
}

/* Saved before the cgroup is made: whatever then happens to this process, delete finds it. */
static int remember_cgroup(struct creation *creation, struct error *err)
{
    if (cgroup_format(creation->cgroup, creation->record.cgroup, CGROUP_TEXT_SIZE, err) < 0)
        return -1;
    return state_dir_save(&creation->dir, &creation->record, err);
}

static int make_cgroup(struct creation *creation, struct error *err)
{
    const struct config *config = creation->plan->config;

    if (creation->request->cgroup == CREATE_CGROUP_NONE)
        return 0;
    int result =
        creation->request->cgroup == CREATE_CGROUP_SYSTEMD
            ? cgroup_plan_systemd(config->cgroups_path, creation->request->id, &creation->cgroup, err)
            : cgroup_plan(config->cgroups_path, creation->request->id, &creation->cgroup, err);
    if (result < 0)
        return -1;
    creation->record.cgroup = malloc(CGROUP_TEXT_SIZE);
    if (creation->record.cgroup == NULL)
        return error_errno(err, "remember the cgroup");
    if (remember_cgroup(creation, err) < 0)
        return -1;
    undo_push(&creation->undo, undo_cgroup, creation);
    if (cgroup_make(creation->cgroup, err) < 0)
        return -1;
    undo_push(&creation->undo, undo_cgroup_members, creation);
    if (remember_cgroup(creation, err) < 0)
        return -1;
    return cgroup_apply(creation->cgroup, &config->resources, err);
}

static int make_terminal(struct creation *creation, struct error *err)
{
    const struct config_process *process = creation->plan->config->process;
    bool wants_one = process != NULL && process->terminal;

    if (!wants_one && creation->request->console_socket != NULL)
        return error_set(err, ERROR_USAGE, "--console-socket is given, but process.terminal is not true");
    if (!wants_one)
        return 0;
    return terminal_open(&creation->terminal, process->console_height, process->console_width,
                         process->user.uid, err);
}

/* The createContainer hooks: in the container's process, before it becomes the monitor. */
static int run_hooks_inside(void *context, struct error *err)
{
    const struct creation *creation = context;
    const struct plan *plan = creation->plan;
    if (plan->config->hooks[CONFIG_HOOK_CREATE_CONTAINER].n == 0)
        return 0;
    _cleanup_free_ char *state = describe(creation, STATE_CREATING, getpid(), err);
    if (state == NULL)
        return -1;
    return hooks_run(plan->config, CONFIG_HOOK_CREATE_CONTAINER, state, plan->bundle, err);
}

static int spawn_process(struct creation *creation, struct error *err)
{
    const struct plan *plan = creation->plan;
    int slave = creation->terminal.slave_fd;
    struct monitor_process_request request = {.executable_fd = creation->executable_fd,
                                              .cgroup = creation->cgroup,
                                              .namespaces = &plan->namespaces,
                                              .process = plan->config->process,
                                              .stdio = {0, 1, 2},
                                              .has_terminal = slave >= 0,
                                              .inside = run_hooks_inside,
                                              .inside_context = creation};
    for (int i = 0; slave >= 0 && i < 3; i++)
        request.stdio[i] = slave;
    if (monitor_process_spawn(&request, &creation->process, err) < 0)
        return -1;
    undo_push(&creation->undo, undo_process, creation);
    /* As long as it is open here, the master would not show that the monitor has closed it. */
    cleanup_close(&creation->terminal.slave_fd);
    creation->terminal.slave_fd = -1;
    if (process_identify(creation->process.pid, &creation->record.process, err) < 0)
        return -1;
    return state_dir_save(&creation->dir, &creation->record, err);
}

static int run_runtime_hooks(struct creation *creation, struct error *err)
{
    const struct plan *plan = creation->plan;
    const struct config_hooks *hooks = plan->config->hooks;

    undo_push(&creation->undo, undo_hooks, creation);
    if (hooks[CONFIG_HOOK_PRESTART].n == 0 && hooks[CONFIG_HOOK_CREATE_RUNTIME].n == 0)
        return 0;
    _cleanup_free_ char *state = describe(creation, STATE_CREATING, creation->process.pid, err);
    if (state == NULL)
        return -1;
    if (hooks_run(plan->config, CONFIG_HOOK_PRESTART, state, plan->bundle, err) < 0)
        return -1;
    return hooks_run(plan->config, CONFIG_HOOK_CREATE_RUNTIME, state, plan->bundle, err);
}

/* What the container's namespaces do not isolate the monitor from, it isolates itself from. */
static uint32_t launch_flags(const struct plan *plan)
{
    uint32_t flags = LAUNCH_OWN_USER_NS | LAUNCH_OWN_MOUNT_NS | LAUNCH_OWN_CGROUP_NS;
    if (plan->namespaces.ns[CONFIG_NAMESPACE_IPC].choice == NAMESPACE_INHERIT)
        flags |= LAUNCH_OWN_IPC_NS;
    if (plan->namespaces.ns[CONFIG_NAMESPACE_UTS].choice == NAMESPACE_INHERIT)
        flags |= LAUNCH_OWN_UTS_NS;
    if (plan->kind == GUEST_KIT)
        flags |= LAUNCH_NET_CONFIG;
    if (plan->unikernel->has_no_graft)
        flags |= LAUNCH_NO_GRAFT;
    return flags;
}

static int launch(struct creation *creation, struct error *err)
{
    struct launch_message *message = creation->launch->message;

    message->flags = launch_flags(creation->plan);
    if (monitor_process_launch(&creation->process, message, creation->launch->fds, err) < 0)
        return -1;
    log_line(LOG_LEVEL_DEBUG, "container '%s': the monitor is process %d", creation->request->id,
             (int)creation->process.pid);
    creation->record.is_created = 1;
    return state_dir_save(&creation->dir, &creation->record, err);
}

static int write_pid_file(struct creation *creation, struct error *err)
{
    if (creation->request->pid_file == NULL)
        return 0;
    if (pid_file_write(creation->request->pid_file, creation->process.pid, err) < 0)
        return -1;
    undo_push(&creation->undo, undo_pid_file, creation);
    return 0;
}

static int send_terminal(struct creation *creation, struct error *err)
{
    const char *path = creation->request->console_socket;
    if (path == NULL || creation->terminal.master_fd < 0)
        return 0;
    if (terminal_send(&creation->terminal, path, err) < 0)
        return -1;
    terminal_close(&creation->terminal);
    return 0;
}

/* The start would refuse it too, but an engine tells its user more of what create says. */
static int check_network(const struct plan *plan, struct error *err)
{
    const enum namespace_choice choice = plan->namespaces.ns[CONFIG_NAMESPACE_NETWORK].choice;
    _cleanup_close_ int own = -1;

    if (plan->n_nets == 0 || choice == NAMESPACE_MAKE)
        return 0;
    if (choice == NAMESPACE_JOIN)
        return net_check_not_host(plan->namespaces.ns[CONFIG_NAMESPACE_NETWORK].fd, err);
    if (fd_open(AT_FDCWD, "/proc/self/ns/net", O_RDONLY, 0, &own, err) < 0)
        return -1;
    return net_check_not_host(own, err);
}

int create_container(const struct create_request *request, struct plan *plan, const struct settings *settings,
                     struct create_result *out, struct error *err)
{
    _cleanup_(creation_release) struct creation creation = {.request = request,
                                                            .plan = plan,
                                                            .dir = STATE_DIR_NONE,
                                                            .terminal = TERMINAL_NONE,
                                                            .process = MONITOR_PROCESS_NONE,
                                                            .executable_fd = -1,
                                                            .undo = UNDO_NONE};

    if (make_terminal(&creation, err) < 0 || open_files(&creation, settings, err) < 0)
        return -1;
    if (namespace_plan_open(&plan->namespaces, err) < 0 || check_network(plan, err) < 0)
        return -1;
    if (claim_id(&creation, err) < 0)
        return -1;
    if (make_cgroup(&creation, err) < 0)
        return -1;
    if (spawn_process(&creation, err) < 0)
        return -1;
    if (run_runtime_hooks(&creation, err) < 0)
        return -1;
    if (launch(&creation, err) < 0)
        return -1;
    if (send_terminal(&creation, err) < 0 || write_pid_file(&creation, err) < 0)
        return -1;

    undo_forget(&creation.undo);
    *out = (struct create_result){.process = creation.process, .terminal = creation.terminal};
    creation.process = MONITOR_PROCESS_NONE;
    creation.terminal = TERMINAL_NONE;
    return 0;
}
