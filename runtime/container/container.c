/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include "cgroup.h"
#include "guest_cmdline.h"
#include "guest_env.h"
#include "hooks.h"
#include "monitor_process.h"
#include "namespace.h"
#include "net.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "monitor/status.h"
#include "oci-spec/state.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long a process may take to vanish after SIGKILL: it has guest memory to give back. */
#define KILL_TIMEOUT_MS 10000

#define RESOLV_CONF          "/etc/resolv.conf"
#define RESOLV_CONF_SIZE_MAX 65536

/* The container's cgroup, or NULL if it has none of its own. */
static int open_cgroup(const struct container *container, struct cgroup **out, struct error *err)
{
    *out = NULL;
    if (container->record.cgroup == NULL)
        return 0;
    return cgroup_parse(container->record.cgroup, out, err);
}

static void free_cgroup(struct cgroup **cgroup)
{
    if (*cgroup != NULL)
        cgroup_free(*cgroup);
}

#define _cleanup_cgroup_ _cleanup_(free_cgroup)

/* The kernel's word counts: a cgroup can be frozen and thawed without us. */
static bool is_paused(const struct container *container)
{
    _cleanup_cgroup_ struct cgroup *cgroup = NULL;
    struct error ignored;
    bool is_frozen;
    if (open_cgroup(container, &cgroup, &ignored) == 0 && cgroup != NULL &&
        cgroup_is_frozen(cgroup, &is_frozen, &ignored) == 0)
        return is_frozen;
    return container->record.is_paused;
}

static enum state_status derive_state(const struct container *container)
{
    struct status status;
    struct error ignored;
    const struct state_record *record = &container->record;

    if (record->process.pid == 0)
        return STATE_CREATING;
    if (!process_is_alive(&record->process))
        return STATE_STOPPED;
    if (!record->is_created)
        return STATE_CREATING;
    if (is_paused(container))
        return STATE_PAUSED;
    if (container_read_status(container, &status, &ignored) == 0 && status.phase >= STATUS_RUNNING)
        return STATE_RUNNING;
    return STATE_CREATED;
}

int container_open(const char *root, const char *id, enum container_access access, struct container *out,
                   struct error *err)
{
    _cleanup_(container_close) struct container container = CONTAINER_NONE;

    if (state_dir_open(root, id, &container.dir, err) < 0)
        return -1;
    if (access == CONTAINER_LOCK && state_dir_lock(&container.dir, err) < 0)
        return -1;
    if (state_dir_load(&container.dir, &container.record, err) < 0)
        return -1;
    container.state = derive_state(&container);
    *out = container;
    container = CONTAINER_NONE;
    return 0;
}

void container_close(struct container *container)
{
    state_dir_close(&container->dir);
    state_record_release(&container->record);
    config_free(container->config);
    *container = CONTAINER_NONE;
}

int container_load_config(struct container *container, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int fd = -1;
    size_t size;

    if (container->config != NULL)
        return 0;
    if (fd_open(container->dir.fd, STATE_DIR_CONFIG, O_RDONLY, 0, &fd, err) < 0)
        return -1;
    if (fd_read_all(fd, CONFIG_SIZE_MAX, &text, &size, STATE_DIR_CONFIG, err) < 0)
        return -1;
    return config_parse(text, size, &container->config, err);
}

int container_fill_state(struct container *container, struct state *out, struct error *err)
{
    const struct state_record *record = &container->record;
    /* Its create has claimed the id and no more, or was killed then. */
    if (record->bundle == NULL)
        return error_set(err, ERROR_NOT_FOUND, "container '%s' does not exist", container->dir.id);
    if (container_load_config(container, err) < 0)
        return -1;
    *out = (struct state){.oci_version = container->config->oci_version,
                          .id = container->dir.id,
                          .status = container->state,
                          .pid = container->state == STATE_STOPPED ? 0 : record->process.pid,
                          .bundle = record->bundle,
                          .rootfs = record->rootfs,
                          .created = record->created,
                          .owner = "",
                          .annotations = container->config->annotations};
    return 0;
}

/* What hooks get: the document of the specification and no more. */
static int describe_for_hooks(struct container *container, char **out, struct error *err)
{
    struct state state;
    if (container_fill_state(container, &state, err) < 0)
        return -1;
    state.rootfs = state.created = state.owner = NULL;
    return state_format(&state, STATE_ONE_LINE, out, err);
}

int container_read_status(const struct container *container, struct status *out, struct error *err)
{
    _cleanup_close_ int fd = -1;
    if (fd_open(container->dir.fd, STATE_DIR_STATUS, O_RDONLY, 0, &fd, err) < 0)
        return -1;
    return fd_read_exactly(fd, out, sizeof(*out), "the monitor's status", err);
}

static int need_cgroup(const struct container *container, struct cgroup **out, struct error *err)
{
    if (open_cgroup(container, out, err) < 0)
        return -1;
    if (*out == NULL)
        return error_set(err, ERROR_REFUSED, "the container has no cgroup of its own");
    return 0;
}

/* --- start --- */

/* The name servers of the file that the engine mounts over the container's resolv.conf, else of the image's.
 */
static void read_dns(const struct container *container, struct net_dns *dns)
{
    const struct config *config = container->config;
    const char *source = NULL;
    _cleanup_free_ char *text = NULL;
    struct error ignored;
    size_t size;

    for (size_t i = 0; i < config->n_mounts; i++)
        if (config->mounts[i].is_bind && strcmp(config->mounts[i].destination, RESOLV_CONF) == 0)
            source = config->mounts[i].source;
    *dns = (struct net_dns){0};
    _cleanup_close_ int fd = source == NULL ? -1 : open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fd_read_all(fd, RESOLV_CONF_SIZE_MAX, &text, &size, source, &ignored) == 0)
        net_parse_dns(text, size, dns);
}

static int attach_network(const struct container *container, struct start_message *message, int *taps,
                          struct error *err)
{
    const struct state_record *record = &container->record;
    struct net_request requests[LAUNCH_NETS_MAX];
    _cleanup_close_ int netns = -1;
    struct net_dns dns;

    if (record->n_nets == 0)
        return 0;
    for (size_t i = 0; i < record->n_nets; i++)
        requests[i] = (struct net_request){
            .device = record->nets[i].device,
            .interface = record->nets[i].interface[0] != '\0' ? record->nets[i].interface : NULL};
    if (namespace_open_network(record->process.pid, &netns, err) < 0)
        return -1;
    if (net_attach(netns, requests, record->n_nets, message, taps, err) < 0)
        return -1;
    read_dns(container, &dns);
    for (size_t i = 0; i < record->n_nets; i++) {
        memcpy(message->nets[i].ipv4_dns, dns.ipv4, sizeof(dns.ipv4));
        memcpy(message->nets[i].ipv6_dns, dns.ipv6, sizeof(dns.ipv6));
    }
    return 0;
}

int container_find_interface(const struct container *container, struct net_interface *out, struct error *err)
{
    const struct state_record *record = &container->record;
    struct net_interface interfaces[NET_INTERFACES_MAX];
    const char *wanted = record->n_nets > 0 ? record->nets[0].interface : "";
    _cleanup_close_ int netns = -1;
    size_t n;

    if (record->n_nets == 0)
        return error_set(err, ERROR_REFUSED, "the guest has no network device");
    if (namespace_open_network(record->process.pid, &netns, err) < 0 ||
        net_scan(netns, interfaces, NET_INTERFACES_MAX, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (wanted[0] == '\0' || strcmp(interfaces[i].name, wanted) == 0) {
            *out = interfaces[i];
            return 0;
        }
    }
    return error_set(err, ERROR_NOT_FOUND, "the guest's interface '%s' is gone", wanted);
}

static int release_guest(const struct container *container, struct error *err)
{
    const struct state_record *record = &container->record;
    _cleanup_free_ struct start_message *message = calloc(1, sizeof(*message));
    int taps[LAUNCH_NETS_MAX];

    if (message == NULL)
        return error_errno(err, "start the guest");
    message->magic = START_MAGIC;
    message->version = LAUNCH_VERSION;
    message->size = sizeof(*message);
    if (attach_network(container, message, taps, err) < 0)
        return error_wrap(err, "connect the guest's network");
    const struct config_strings *env = config_env(container->config);
    int result = guest_cmdline_finish((enum guest_kind)record->guest_kind,
                                      record->cmdline != NULL ? record->cmdline : "", env, message, err);
    if (result == 0 && record->guest_kind == GUEST_KIT)
        result = guest_env_pack(env, message->env, &message->env_bytes, err);
    if (result == 0)
        result = monitor_process_start(container->dir.fd, record->process.pid, message, taps, err);
    for (size_t i = 0; i < message->n_nets; i++)
        close(taps[i]);
    return result;
}

static int end_process(const struct container *container, struct error *err)
{
    _cleanup_close_ int pidfd = -1;
    struct error gone;
    if (process_open(&container->record.process, &pidfd, &gone) < 0)
        return 0;
    if (process_signal(pidfd, SIGKILL, err) < 0 && err->kind != ERROR_NOT_FOUND)
        return -1;
    return process_wait_end(pidfd, KILL_TIMEOUT_MS, err);
}

/* "If any startContainer (poststart) hook fails, the runtime MUST generate an error, stop the container". */
static int stop_after_failure(const struct container *container)
{
    struct error second = {0};
    if (end_process(container, &second) < 0)
        log_line(LOG_LEVEL_WARNING, "stop the container: %s", second.text);
    return -1;
}

int container_start(struct container *container, struct error *err)
{
    _cleanup_free_ char *state = NULL;
    _cleanup_close_ int pidfd = -1;

    if (lifecycle_check(container->state, LIFECYCLE_START, container->dir.id, err) < 0)
        return -1;
    if (container_load_config(container, err) < 0 || describe_for_hooks(container, &state, err) < 0)
        return -1;
    if (process_open(&container->record.process, &pidfd, err) < 0)
        return -1;
    if (hooks_run_inside(container->config, CONFIG_HOOK_START_CONTAINER, state, pidfd,
                         container->record.rootfs, err) < 0)
        return stop_after_failure(container);
    /* docker and others delete what they could not start only if it has ended. */
    if (release_guest(container, err) < 0)
        return stop_after_failure(container);

    container->state = STATE_RUNNING;
    log_line(LOG_LEVEL_DEBUG, "container '%s': the guest runs", container->dir.id);
    free(take_ptr(state));
    if (describe_for_hooks(container, &state, err) < 0)
        return -1;
    if (hooks_run(container->config, CONFIG_HOOK_POSTSTART, state, container->record.bundle, err) < 0)
        return stop_after_failure(container);
    return 0;
}

/* --- kill, delete --- */

/* In a frozen cgroup of v1 not even SIGKILL arrives. */
static int let_die(const struct container *container, struct error *err)
{
    _cleanup_cgroup_ struct cgroup *cgroup = NULL;
    if (open_cgroup(container, &cgroup, err) < 0)
        return -1;
    return cgroup != NULL ? cgroup_thaw(cgroup, err) : 0;
}

int container_kill(struct container *container, int signal, bool everything, struct error *err)
{
    _cleanup_cgroup_ struct cgroup *cgroup = NULL;
    _cleanup_close_ int pidfd = -1;

    if (everything) {
        if (open_cgroup(container, &cgroup, err) < 0)
            return -1;
        if (cgroup != NULL)
            return cgroup_kill(cgroup, signal, err);
        if (container->state == STATE_STOPPED)
            return 0;
    }
    if (lifecycle_check(container->state, LIFECYCLE_KILL, container->dir.id, err) < 0)
        return -1;
    if (process_open(&container->record.process, &pidfd, err) < 0 || process_signal(pidfd, signal, err) < 0)
        return err->kind != ERROR_NOT_FOUND
                   ? -1
                   : lifecycle_check(STATE_STOPPED, LIFECYCLE_KILL, container->dir.id, err);
    return signal == SIGKILL && container->state == STATE_PAUSED ? let_die(container, err) : 0;
}

static int remove_cgroup(const struct container *container, struct error *err)
{
    _cleanup_cgroup_ struct cgroup *cgroup = NULL;
    if (open_cgroup(container, &cgroup, err) < 0)
        return -1;
    if (cgroup == NULL)
        return 0;
    /* Before there was a process the cgroup was planned only, and may be another container's. A frozen
     * process dies by cgroup_kill only (cgroup v1). */
    if (container->record.process.pid != 0 && cgroup_kill(cgroup, SIGKILL, err) < 0)
        return -1;
    return cgroup_remove(cgroup, err);
}

/* A network namespace that outlives the container (a pod's) gets back the interfaces that the guest had. */
static void release_network(const struct container *container)
{
    const char *path =
        container->config != NULL ? container->config->namespaces[CONFIG_NAMESPACE_NETWORK].path : NULL;
    struct error err = {0};
    if (path == NULL || container->record.n_nets == 0)
        return;
    _cleanup_close_ int netns = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (netns >= 0 && net_detach(netns, &err) < 0)
        log_line(LOG_LEVEL_WARNING, "container '%s': release the network: %s", container->dir.id, err.text);
}

/* A container that create never finished has no saved configuration, thus no hooks and nothing to describe.
 */
static void run_poststop_hooks(struct container *container)
{
    _cleanup_free_ char *state = NULL;
    struct error err = {0};

    if (container->config == NULL || container->config->hooks[CONFIG_HOOK_POSTSTOP].n == 0)
        return;
    container->state = STATE_STOPPED;
    if (describe_for_hooks(container, &state, &err) < 0)
        log_line(LOG_LEVEL_WARNING, "run poststop hooks: %s", err.text);
    else
        hooks_run_all(container->config, CONFIG_HOOK_POSTSTOP, state, container->record.bundle);
}

int container_delete(struct container *container, bool force, struct error *err)
{
    struct error config_error = {0};

    if (lifecycle_check(container->state, force ? LIFECYCLE_DELETE_FORCE : LIFECYCLE_DELETE,
                        container->dir.id, err) < 0)
        return -1;
    if (container->record.bundle != NULL && container_load_config(container, &config_error) < 0)
        log_line(LOG_LEVEL_WARNING, "container '%s': no hooks are run: %s", container->dir.id,
                 config_error.text);
    /* The process first: an empty cgroup is removed at once. A frozen one dies by the cgroup only. */
    if (container->state != STATE_PAUSED && end_process(container, err) < 0)
        return -1;
    if (remove_cgroup(container, err) < 0)
        return -1;
    if (end_process(container, err) < 0)
        return -1;
    release_network(container);
    if (state_dir_remove(&container->dir, err) < 0)
        return -1;
    run_poststop_hooks(container);
    return 0;
}

/* --- pause, resume, update --- */

int container_pause(struct container *container, struct error *err)
{
    _cleanup_cgroup_ struct cgroup *cgroup = NULL;

    if (lifecycle_check(container->state, LIFECYCLE_PAUSE, container->dir.id, err) < 0 ||
        need_cgroup(container, &cgroup, err) < 0 || cgroup_freeze(cgroup, err) < 0)
        return -1;
    container->record.is_paused = 1;
    return state_dir_save(&container->dir, &container->record, err);
}

int container_resume(struct container *container, struct error *err)
{
    _cleanup_cgroup_ struct cgroup *cgroup = NULL;

    if (lifecycle_check(container->state, LIFECYCLE_RESUME, container->dir.id, err) < 0 ||
        need_cgroup(container, &cgroup, err) < 0 || cgroup_thaw(cgroup, err) < 0)
        return -1;
    container->record.is_paused = 0;
    return state_dir_save(&container->dir, &container->record, err);
}

int container_list_processes(const struct container *container, pid_t **out_pids, size_t *out_n,
                             struct error *err)
{
    _cleanup_cgroup_ struct cgroup *cgroup = NULL;

    if (open_cgroup(container, &cgroup, err) < 0)
        return -1;
    if (cgroup != NULL)
        return cgroup_pids(cgroup, out_pids, out_n, err);
    *out_pids = malloc(sizeof(**out_pids));
    if (*out_pids == NULL)
        return error_errno(err, "list the processes");
    (*out_pids)[0] = container->record.process.pid;
    *out_n = container->state == STATE_STOPPED ? 0 : 1;
    return 0;
}

int container_read_stats(const struct container *container, struct cgroup_stats *out, struct error *err)
{
    _cleanup_cgroup_ struct cgroup *cgroup = NULL;
    if (need_cgroup(container, &cgroup, err) < 0)
        return -1;
    return cgroup_stats_read(cgroup, out, err);
}

/* A guest's memory is as large as it was made; the limit can only follow it so far. */
static int check_memory_limit(const struct container *container, const struct config_memory *memory,
                              struct error *err)
{
    uint64_t guest = container->record.memory_bytes;
    if (!memory->has_limit || memory->limit <= 0)
        return 0;
    if ((uint64_t)memory->limit < guest)
        return error_set(
            err, ERROR_REFUSED,
            "the guest has %llu bytes of memory, which cannot shrink: a limit of %lld is too low",
            (unsigned long long)guest, (long long)memory->limit);
    log_line(LOG_LEVEL_WARNING, "the guest keeps its %llu bytes of memory under the changed limit",
             (unsigned long long)guest);
    return 0;
}

int container_update(struct container *container, const struct config_resources *resources, struct error *err)
{
    _cleanup_cgroup_ struct cgroup *cgroup = NULL;

    if (lifecycle_check(container->state, LIFECYCLE_UPDATE, container->dir.id, err) < 0 ||
        check_memory_limit(container, &resources->memory, err) < 0 ||
        need_cgroup(container, &cgroup, err) < 0)
        return -1;
    return cgroup_apply(cgroup, resources, err);
}
