/* SPDX-License-Identifier: Apache-2.0 */
#include "bring_up.h"

#include "delegate.h"

#include "base/log.h"
#include "oci-spec/id.h"

#include <string.h>

int bring_up_plan(struct bring_up *up, const struct cli_invocation *invocation,
                  const struct bring_up_options *options, struct error *err)
{
    const char *id = invocation->args[0];

    up->invocation = invocation;
    up->options = options;
    if (id_check(id, err) < 0)
        return -1;
    if (settings_load(invocation->global->settings, &up->settings, err) < 0)
        return -1;
    if (plan_make(options->bundle != NULL ? options->bundle : ".", options->config, &up->settings, &up->plan,
                  err) < 0)
        return -1;
    if (!up->plan.is_unikernel)
        return delegate_create(invocation, &up->settings, id, err);
    log_line(LOG_LEVEL_DEBUG,
             "container '%s': a unikernel with %llu bytes of memory, %zu block and %zu network devices", id,
             (unsigned long long)up->plan.memory_bytes, up->plan.n_blocks, up->plan.n_nets);
    return 0;
}

static int choose_cgroup(const struct cli_global *global, enum create_cgroup *out, struct error *err)
{
    static const struct {
        const char *name;
        enum create_cgroup cgroup;
    } managers[] = {
        {"cgroupfs", CREATE_CGROUP_FS}, {"systemd", CREATE_CGROUP_SYSTEMD}, {"disabled", CREATE_CGROUP_NONE}};
    const char *name = global->cgroup_manager;

    if (name == NULL)
        name = global->uses_systemd_cgroup ? "systemd" : "cgroupfs";
    for (size_t i = 0; i < sizeof(managers) / sizeof(managers[0]); i++)
        if (strcmp(managers[i].name, name) == 0) {
            *out = managers[i].cgroup;
            return 0;
        }
    return error_set(err, ERROR_USAGE, "unknown cgroup manager \"%s\"", name);
}

int bring_up_create(struct bring_up *up, struct error *err)
{
    const struct cli_global *global = up->invocation->global;
    struct create_request request = {.root = global->root,
                                     .id = up->invocation->args[0],
                                     .pid_file = up->options->pid_file,
                                     .console_socket = up->options->console_socket};

    if (choose_cgroup(global, &request.cgroup, err) < 0)
        return -1;
    if (create_container(&request, &up->plan, &up->settings, &up->created, err) < 0)
        return -1;
    /* A container of another runtime that had this id is gone, or the id would have been taken. */
    delegate_forget(global->root, request.id);
    return 0;
}

void bring_up_release(struct bring_up *up)
{
    terminal_close(&up->created.terminal);
    monitor_process_release(&up->created.process);
    plan_release(&up->plan);
    settings_release(&up->settings);
}
