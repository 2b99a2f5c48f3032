/* SPDX-License-Identifier: Apache-2.0 */
#include "plan_block.h"

#include "plan.h"

#include "overlay/extent.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What the annotations say about a device, or NULL. */
static const struct unikernel_block *find_said(const struct plan *plan, const char *device)
{
    for (size_t i = 0; i < plan->unikernel->n_blocks; i++) {
        const struct unikernel_block *block = &plan->unikernel->blocks[i];
        if (block->device == NULL || strcmp(block->device, device) == 0)
            return block;
    }
    return NULL;
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A directory, a block device or a file of the size of a disk: not every file that an engine mounts. */
static bool could_be_volume(const struct config_mount *mount)
{
    struct stat st;
    if (!mount->is_bind || mount->source == NULL || stat(mount->source, &st) != 0)
        return false;
    return S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode) ||
           (S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size % EXTENT_ALIGN == 0);
}

/* The volume whose destination ends in a name: *out is NULL when there is none. */
static int find_by_name(const struct plan *plan, const char *name, const struct config_mount **out,
                        struct error *err)
{
    *out = NULL;
    for (size_t i = 0; i < plan->config->n_mounts; i++) {
        const struct config_mount *mount = &plan->config->mounts[i];
        const char *slash = strrchr(mount->destination, '/');
        if (slash == NULL || strcmp(slash + 1, name) != 0 || !could_be_volume(mount))
            continue;
        if (*out != NULL && strcmp((*out)->destination, mount->destination) != 0)
            return error_set(err, ERROR_INPUT,
                             "the block device \"%s\" could be the mount at \"%s\" or the one at \"%s\"; the "
                             "annotation dev.wherry.block.%s must say which",
                             name, (*out)->destination, mount->destination, name);
        *out = mount;
    }
    return 0;
}

static int find_by_destination(const struct plan *plan, const char *device, const char *destination,
                               const struct config_mount **out, struct error *err)
{
    for (size_t i = plan->config->n_mounts; i > 0; i--) {
        const struct config_mount *mount = &plan->config->mounts[i - 1];
        if (strcmp(mount->destination, destination) != 0 || !mount->is_bind || mount->source == NULL)
            continue;
        *out = mount;
        return 0;
    }
    return error_set(err, ERROR_INPUT, "the block device \"%s\": there is no mount at \"%s\"", device,
                     destination);
}

static void take_mount(struct plan_block *block, const struct config_mount *mount)
{
    block->source = UNIKERNEL_BLOCK_MOUNT;
    block->path = mount->source;
    block->is_readonly = block->is_readonly || mount->is_readonly;
}

static size_t count_blocks(const struct plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->answer.n_devices; i++)
        n += plan->answer.devices[i].type == INSPECT_DEVICE_BLOCK;
    return n;
}

/* How many devices neither an annotation nor a mount says anything about. */
static int count_open(const struct plan *plan, size_t *out, struct error *err)
{
    *out = 0;
    for (size_t i = 0; i < plan->answer.n_devices; i++) {
        const struct inspect_device *device = &plan->answer.devices[i];
        const struct config_mount *mount = NULL;
        if (device->type != INSPECT_DEVICE_BLOCK || find_said(plan, device->name) != NULL)
            continue;
        if (find_by_name(plan, device->name, &mount, err) < 0)
            return -1;
        *out += mount == NULL;
    }
    return 0;
}

/* What a device is that no annotation names. */
static int choose_by_default(const struct plan *plan, size_t n_open, struct plan_block *block,
                             struct error *err)
{
    const struct config_mount *mount = NULL;
    if (plan->config->vm != NULL && plan->config->vm->image_path != NULL && count_blocks(plan) == 1) {
        block->source = UNIKERNEL_BLOCK_MOUNT;
        block->path = plan->config->vm->image_path;
        block->is_readonly = plan->config->root.readonly;
        return 0;
    }
    if (find_by_name(plan, block->device, &mount, err) < 0)
        return -1;
    if (mount != NULL)
        take_mount(block, mount);
    else if (n_open > 1)
        return error_set(err, ERROR_INPUT,
                         "the unikernel declares %zu block devices; the annotation dev.wherry.block.%s must "
                         "say what \"%s\" is, or a mount whose path ends in its name",
                         count_blocks(plan), block->device, block->device);
    return 0;
}

static int choose_as_said(const struct plan *plan, const struct unikernel_block *said,
                          struct plan_block *block, struct error *err)
{
    const struct config_mount *mount = NULL;
    block->source = said->source;
    block->path = said->path;
    block->format = said->format;
    block->is_readonly = said->readonly;
    block->write_limit = said->limit_bytes;
    if (said->source != UNIKERNEL_BLOCK_MOUNT)
        return 0;
    if (find_by_destination(plan, block->device, said->path, &mount, err) < 0)
        return -1;
    take_mount(block, mount);
    return 0;
}

/* Where writes go: what the annotation says, else to where the kind of source lets one expect them. */
static int choose_writes(const struct plan *plan, enum unikernel_changes changes, struct plan_block *block,
                         struct error *err)
{
    bool is_mount = block->source == UNIKERNEL_BLOCK_MOUNT;
    block->is_tree = block->source == UNIKERNEL_BLOCK_ROOTFS || (is_mount && is_directory(block->path));
    if (block->source == UNIKERNEL_BLOCK_ROOTFS && plan->config->root.readonly)
        block->is_readonly = true;

    if (block->is_readonly && changes == UNIKERNEL_CHANGES_KEEP)
        return error_set(err, ERROR_INPUT,
                         "the block device \"%s\" is read-only, so no changes to it can be kept",
                         block->device);
    if (block->is_readonly)
        block->writes = PLAN_WRITES_FAIL;
    else if (changes == UNIKERNEL_CHANGES_DISCARD)
        block->writes = PLAN_WRITES_PRIVATE;
    else if (is_mount && !block->is_tree)
        block->writes = PLAN_WRITES_THROUGH;
    else if (is_mount || changes == UNIKERNEL_CHANGES_KEEP)
        block->writes = PLAN_WRITES_KEPT;
    if (block->write_limit > 0 && block->writes != PLAN_WRITES_PRIVATE && block->writes != PLAN_WRITES_KEPT)
        return error_set(err, ERROR_INPUT, "the block device \"%s\" has a limit on what is written, but %s",
                         block->device,
                         block->is_readonly ? "it is read-only" : "that goes to the mounted file itself");
    return 0;
}

int plan_block_choose_all(struct plan *plan, struct error *err)
{
    size_t n_open;
    if (count_open(plan, &n_open, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->answer.n_devices; i++) {
        const struct inspect_device *device = &plan->answer.devices[i];
        if (device->type != INSPECT_DEVICE_BLOCK)
            continue;
        const struct unikernel_block *said = find_said(plan, device->name);
        struct plan_block *block = &plan->blocks[plan->n_blocks];
        *block = (struct plan_block){.source = UNIKERNEL_BLOCK_ROOTFS};
        snprintf(block->device, sizeof(block->device), "%s", device->name);
        int result = said != NULL ? choose_as_said(plan, said, block, err)
                                  : choose_by_default(plan, n_open, block, err);
        if (result < 0 ||
            choose_writes(plan, said != NULL ? said->changes : UNIKERNEL_CHANGES_DEFAULT, block, err) < 0)
            return -1;
        plan->n_blocks++;
    }
    return 0;
}
