/* SPDX-License-Identifier: Apache-2.0 */
#include "plan_guest.h"

#include "guest_env.h"
#include "inspect.h"
#include "plan.h"
#include "plan_block.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "monitor/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_SIZE 4096u
#define KIB       ((uint64_t)1 << 10)
#define LIMIT_MAX ((uint64_t)1 << 50)

/* --- which file is it --- */

/* Whether the engine mounts something over path, such as its own init: then the root file system has no say.
 */
static bool is_mounted_over(const struct config *config, const char *path)
{
    for (size_t i = 0; i < config->n_mounts; i++) {
        const char *destination = config->mounts[i].destination;
        size_t n = strlen(destination);
        if (config->mounts[i].is_bind && strncmp(path, destination, n) == 0 &&
            (path[n] == '\0' || path[n] == '/'))
            return true;
    }
    return false;
}

/* Sets plan->words; whether process.args begins with an engine's init (`docker run --init`). The engine
 * mounts it, and ends its words with "--". A unikernel leaves no children to wait for. */
static bool skip_init(struct plan *plan)
{
    const struct config_process *process = plan->config->process;
    plan->words = process != NULL ? process->args : (struct config_strings){0};
    if (plan->words.n < 3 || strcmp(plan->words.items[1], "--") != 0)
        return false;
    for (size_t i = 0; i < plan->config->n_mounts; i++)
        if (plan->config->mounts[i].is_bind &&
            strcmp(plan->config->mounts[i].destination, plan->words.items[0]) == 0) {
            plan->words.items += 2;
            plan->words.n -= 2;
            return true;
        }
    return false;
}

static const char *path_variable(const struct config_process *process)
{
    for (size_t i = 0; i < process->env.n; i++)
        if (strncmp(process->env.items[i], "PATH=", 5) == 0)
            return process->env.items[i] + 5;
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

static int open_guest(struct plan *plan, const char *path, struct error *err)
{
    return path_open_in_root(plan->rootfs_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &plan->guest_fd, err);
}

/* A name without a slash: looked for in the directories of process.env's PATH, as execvp(3) would. */
static int search_guest(struct plan *plan, const char *name, struct error *err)
{
    const char *directory = path_variable(plan->config->process);
    for (;;) {
        size_t n = strcspn(directory, ":");
        char path[PATH_MAX];
        struct error ignored;
        if ((size_t)snprintf(path, sizeof(path), "%.*s/%s", (int)n, directory, name) < sizeof(path) &&
            n > 0 && open_guest(plan, path, &ignored) == 0)
            return 0;
        if (directory[n] == '\0')
            break;
        directory += n + 1;
    }
    return error_set(err, ERROR_NO_EXEC,
                     "\"%s\": executable file not found in $PATH: no such file or directory", name);
}

static int is_missing(const struct error *err)
{
    return err->kind == ERROR_NO_EXEC || err->errnum == ENOENT || err->errnum == ENOTDIR;
}

/* docker's command line looks for exactly these words when it chooses between 125, 126 and 127. */
static int refuse_argument(const char *path, struct error *err)
{
    if (is_missing(err))
        return error_set(err, ERROR_NO_EXEC, "process.args[0]: '%s': no such file or directory", path);
    if (err->errnum == EACCES)
        return error_set(err, ERROR_NOT_EXEC, "process.args[0]: '%s': permission denied", path);
    return error_wrap_as(err, ERROR_NOT_EXEC, "process.args[0]");
}

/* What the first word names. A file that only a mount will provide leaves guest_fd at -1. */
static int open_argument(struct plan *plan, struct error *err)
{
    const struct config_process *process = plan->config->process;
    if (plan->words.n == 0)
        return error_set(err, ERROR_INPUT, "config.json: process.args is not given");
    const char *name = plan->words.items[0];
    if (strchr(name, '/') == NULL)
        return search_guest(plan, name, err);

    /* A relative path starts at the working directory, as for execve(2). */
    char path[PATH_MAX];
    const char *directory = name[0] == '/' || strcmp(process->cwd, "/") == 0 ? "" : process->cwd;
    int length = snprintf(path, sizeof(path), "%s%s%s", directory, name[0] == '/' ? "" : "/", name);
    if ((size_t)length >= sizeof(path))
        return error_number(err, ENAMETOOLONG, "process.args[0]");
    if (is_mounted_over(plan->config, path))
        return 0;
    if (open_guest(plan, path, err) == 0)
        return 0;
    return refuse_argument(path, err);
}

/* A unikernel that the bundle names: it must be there. */
static int open_declared(struct plan *plan, struct error *err)
{
    int result = plan->config->vm != NULL ? fd_open(AT_FDCWD, plan->config->vm->kernel_path,
                                                    O_RDONLY | O_NONBLOCK, 0, &plan->guest_fd, err)
                                          : open_guest(plan, plan->unikernel->binary, err);
    if (result < 0)
        return error_wrap_as(err, is_missing(err) ? ERROR_NO_EXEC : ERROR_NOT_EXEC, "the unikernel");
    return 0;
}

/* A program for another runtime has one of these forms; anything else nobody can run. */
static bool could_be_a_program(int fd)
{
    static const char *const magics[] = {"\177ELF", "#!", "\0asm"};
    static const size_t sizes[] = {4, 2, 4};
    char start[4] = {0};
    if (pread(fd, start, sizeof(start), 0) < 0)
        return false;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (memcmp(start, magics[i], sizes[i]) == 0)
            return true;
    return false;
}

/* What the bundle calls the unikernel. */
static const char *guest_name(const struct plan *plan)
{
    if (plan->config->vm != NULL)
        return plan->config->vm->kernel_path;
    return plan->unikernel->binary != NULL ? plan->unikernel->binary : plan->words.items[0];
}

/* What nobody called a unikernel fails as it would under any other runtime: execve(2) has EACCES for it. */
static int check_is_file(const struct plan *plan, bool is_declared, struct error *err)
{
    struct stat st;
    if (fstat(plan->guest_fd, &st) < 0)
        return error_errno(err, "look at the unikernel '%s'", guest_name(plan));
    if (S_ISREG(st.st_mode))
        return 0;
    if (!is_declared)
        return error_set(err, ERROR_NOT_EXEC,
                         "process.args[0]: execute '%s', not a regular file: permission denied",
                         guest_name(plan));
    return error_set(err, ERROR_NOT_EXEC, "the unikernel '%s' is not a regular file", guest_name(plan));
}

int plan_find_guest(struct plan *plan, const struct settings *settings, struct error *err)
{
    bool is_named = plan->config->vm != NULL || plan->unikernel->binary != NULL;
    bool is_declared = is_named || plan->unikernel->is_declared;
    bool has_init = skip_init(plan);

    /* Which program an init will execute, it says itself: in the container, with everything mounted. */
    if ((is_named ? open_declared(plan, err) : open_argument(plan, err)) < 0)
        return has_init && !is_declared ? 0 : -1;
    if (plan->guest_fd < 0)
        return is_declared ? error_set(err, ERROR_REFUSED, "the unikernel '%s' cannot come from a mount",
                                       guest_name(plan))
                           : 0;
    if (check_is_file(plan, is_declared, err) < 0)
        return -1;
    if (inspect_file(settings->monitor, plan->guest_fd, &plan->answer, err) < 0)
        return -1;

    switch (plan->answer.verdict) {
    case INSPECT_UNIKERNEL:
        plan->is_unikernel = true;
        return 0;
    case INSPECT_NOT_SOLO5:
        if (!is_declared && (has_init || could_be_a_program(plan->guest_fd)))
            return 0;
        break;
    default:
        break;
    }
    return error_set(err, ERROR_NOT_EXEC, "load the unikernel '%s': %s", guest_name(plan), plan->answer.text);
}

/* --- what is it given --- */

static enum guest_kind choose_kind(const struct plan *plan)
{
    switch (plan->unikernel->type) {
    case UNIKERNEL_PLAIN:
        return GUEST_PLAIN;
    case UNIKERNEL_KIT:
        return GUEST_KIT;
    case UNIKERNEL_MIRAGE:
        return GUEST_MIRAGE;
    case UNIKERNEL_RUMPRUN:
        return GUEST_RUMPRUN;
    case UNIKERNEL_UNKNOWN:
        break;
    }
    switch (plan->answer.kind) {
    case INSPECT_KIND_KIT:
        return GUEST_KIT;
    case INSPECT_KIND_MIRAGE:
        return GUEST_MIRAGE;
    case INSPECT_KIND_RUMPRUN:
        return GUEST_RUMPRUN;
    default:
        return GUEST_PLAIN;
    }
}

static int choose_cmdline(struct plan *plan, struct error *err)
{
    const struct config *config = plan->config;
    const struct unikernel *unikernel = plan->unikernel;
    const struct config_strings *words = &plan->words;

    if (config->vm != NULL)
        return guest_cmdline_quote(config->vm->kernel_parameters.items, &plan->cmdline, err);
    if (unikernel->cmdline != NULL && !(unikernel->cmdline_is_fallback && words->n > 1)) {
        plan->cmdline = strdup(unikernel->cmdline);
        return plan->cmdline == NULL ? error_errno(err, "keep the guest's command line") : 0;
    }
    /* items[n] is NULL: a list of one argument has the end of the list as its rest. */
    static const char *const none[] = {NULL};
    return guest_cmdline_quote(words->n > 0 ? words->items + 1 : none, &plan->cmdline, err);
}

static uint64_t overhead_of(uint64_t limit)
{
    return PLAN_OVERHEAD_BYTES + limit / PLAN_OVERHEAD_PART;
}

/* The limits of devices whose writes stay in memory, and how many of them have none. */
static uint64_t sum_limits(const struct plan *plan, size_t *out_n_open)
{
    uint64_t sum = 0;
    *out_n_open = 0;
    for (size_t i = 0; i < plan->n_blocks; i++) {
        const struct plan_block *block = &plan->blocks[i];
        if (block->writes != PLAN_WRITES_PRIVATE)
            continue;
        /* No sum of these overflows, and no memory limit covers one. */
        sum += block->write_limit < LIMIT_MAX ? block->write_limit : LIMIT_MAX;
        *out_n_open += block->write_limit == 0;
    }
    return sum;
}

/* Divides what may be written in memory among the devices without a limit. Less than a page is a limit too.
 */
static void limit_writes(struct plan *plan, uint64_t bytes, size_t n_open)
{
    for (size_t i = 0; i < plan->n_blocks; i++) {
        struct plan_block *block = &plan->blocks[i];
        if (block->writes == PLAN_WRITES_PRIVATE && block->write_limit == 0)
            block->write_limit = bytes / n_open + 1;
    }
}

/* Under a memory limit the guest's memory and what it writes in memory share what the monitor leaves. */
static int divide_memory(struct plan *plan, uint64_t limit, uint64_t said, uint64_t *out, struct error *err)
{
    size_t n_open;
    uint64_t taken = sum_limits(plan, &n_open) + overhead_of(limit);
    uint64_t room = limit - (limit < taken ? limit : taken);
    uint64_t writes = n_open > 0 ? room / PLAN_WRITES_PART : 0;

    if (said > room)
        return error_set(err, ERROR_INPUT,
                         "%" PRIu64
                         " bytes of guest memory do not fit into linux.resources.memory.limit: of %" PRIu64
                         " bytes the monitor and what the guest may write take %" PRIu64,
                         said, limit, taken);
    *out = said != 0 ? said : room - writes;
    limit_writes(plan, room - *out, n_open);
    return 0;
}

/* What is said outright counts; else what the container's memory limit leaves; else the host's default. */
static int choose_memory(struct plan *plan, const struct settings *settings, struct error *err)
{
    const struct config_memory *memory = &plan->config->resources.memory;
    uint64_t said = plan->unikernel->memory_bytes;

    if (said == 0 && plan->config->vm != NULL && plan->config->vm->has_memory)
        said = plan->config->vm->memory;
    uint64_t bytes = said != 0 ? said : settings->memory_bytes;
    if (memory->has_limit && memory->limit > 0 &&
        divide_memory(plan, (uint64_t)memory->limit, said, &bytes, err) < 0)
        return -1;
    if (said == 0 && bytes > LAUNCH_MEMORY_MAX)
        bytes = LAUNCH_MEMORY_MAX;
    plan->memory_bytes = bytes - bytes % PAGE_SIZE;
    uint64_t least =
        plan->answer.memory_min > LAUNCH_MEMORY_MIN ? plan->answer.memory_min : LAUNCH_MEMORY_MIN;
    if (plan->memory_bytes < least)
        return error_set(err, ERROR_NOT_EXEC,
                         "the unikernel needs at least %" PRIu64 " KiB of memory and there are %" PRIu64
                         " KiB for it%s",
                         (least + KIB - 1) / KIB, plan->memory_bytes / KIB,
                         said == 0 && memory->has_limit ? " under the container's limit" : "");
    return 0;
}

static size_t count_devices(const struct plan *plan, enum inspect_device_type type)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->answer.n_devices; i++)
        n += plan->answer.devices[i].type == type;
    return n;
}

static const char *type_name(enum inspect_device_type type)
{
    return type == INSPECT_DEVICE_BLOCK ? "block" : "network";
}

/* Every device that the bundle names must be one that the unikernel declares. */
static int check_named_device(const struct plan *plan, const char *device, enum inspect_device_type type,
                              struct error *err)
{
    size_t n = count_devices(plan, type);
    if (device == NULL && n == 1)
        return 0;
    if (device == NULL)
        return error_set(err, ERROR_INPUT,
                         "a %s device is configured without its name, and the unikernel declares %zu",
                         type_name(type), n);
    for (size_t i = 0; i < plan->answer.n_devices; i++)
        if (plan->answer.devices[i].type == type && strcmp(plan->answer.devices[i].name, device) == 0)
            return 0;
    return error_set(err, ERROR_INPUT,
                     "the %s device \"%s\" is configured, but the unikernel does not declare it",
                     type_name(type), device);
}

static void choose_net(struct plan *plan, const char *device)
{
    struct state_net *net = &plan->nets[plan->n_nets++];
    snprintf(net->device, sizeof(net->device), "%s", device);
    for (size_t i = 0; i < plan->unikernel->n_nets; i++) {
        const struct unikernel_net *said = &plan->unikernel->nets[i];
        if (said->interface != NULL && (said->device == NULL || strcmp(said->device, device) == 0))
            snprintf(net->interface, sizeof(net->interface), "%s", said->interface);
    }
}

static int choose_devices(struct plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->unikernel->n_blocks; i++)
        if (check_named_device(plan, plan->unikernel->blocks[i].device, INSPECT_DEVICE_BLOCK, err) < 0)
            return -1;
    for (size_t i = 0; i < plan->unikernel->n_nets; i++)
        if (check_named_device(plan, plan->unikernel->nets[i].device, INSPECT_DEVICE_NET, err) < 0)
            return -1;
    for (size_t i = 0; i < plan->answer.n_devices; i++) {
        const struct inspect_device *device = &plan->answer.devices[i];
        if (device->type == INSPECT_DEVICE_NET)
            choose_net(plan, device->name);
    }
    return plan_block_choose_all(plan, err);
}

int plan_fit_guest(struct plan *plan, const struct settings *settings, struct error *err)
{
    uint32_t env_bytes;

    plan->kind = choose_kind(plan);
    if (choose_cmdline(plan, err) < 0)
        return -1;
    if (plan->kind == GUEST_KIT && guest_env_pack(config_env(plan->config), NULL, &env_bytes, err) < 0)
        return -1;
    if (choose_devices(plan, err) < 0)
        return -1;
    return choose_memory(plan, settings, err);
}
