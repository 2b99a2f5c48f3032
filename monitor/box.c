/* SPDX-License-Identifier: Apache-2.0 */
#include "box.h"

#include "console_thread.h"
#include "io_thread.h"
#include "sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int box_enter(unsigned own_namespaces, struct error *err)
{
    static struct sandbox_skips skips;
    static struct syscall_filter list;
    const struct sandbox_plan plan = {.own_namespaces = own_namespaces};
    char text[1024];

    if (sandbox_enter(&plan, &skips, err) < 0)
        return -1;
    if (sandbox_format_skips(&skips, text, sizeof(text)) > 0)
        fprintf(stderr, "wherry-monitor: warning: part of the box is missing: %s\n", text);
    syscalls_list_setup(&list);
    if (syscall_filter_catch(err) < 0 || syscall_filter_load(&list, err) < 0)
        return error_wrap(err, "enter the box");
    return 0;
}

static size_t count_volume_files(const struct guest *guest)
{
    size_t n = 0;
    for (uint32_t i = 0; i < MANIFEST_ENTRIES_MAX; i++)
        if (guest->devices[i].type == MANIFEST_BLOCK)
            n += guest->devices[i].u.block.overlay.n_data_fds;
    return n;
}

/* An overlay keeps the descriptors of its data files only when writes go through to them. */
static size_t collect_volume_files(const struct guest *guest, int *out)
{
    size_t n = 0;
    for (uint32_t i = 0; i < MANIFEST_ENTRIES_MAX; i++) {
        const struct overlay *overlay = &guest->devices[i].u.block.overlay;
        if (guest->devices[i].type != MANIFEST_BLOCK || overlay->n_data_fds == 0)
            continue;
        memcpy(out + n, overlay->data_fds, overlay->n_data_fds * sizeof(out[0]));
        n += overlay->n_data_fds;
    }
    return n;
}

int box_seal(const struct vm *vm, struct guest *guest, const struct run_options *options, int start_fd,
             struct error *err)
{
    int nets[MANIFEST_ENTRIES_MAX], filling[MANIFEST_ENTRIES_MAX];
    /* Never freed: in the sealed box the C library might make a system call of it that is not on the list. */
    int *volumes = calloc(count_volume_files(guest) + 1, sizeof(volumes[0]));
    struct syscalls_use use = {.vcpu_fd = vm->vcpu.fd,
                               .start_fd = start_fd,
                               .net_fds = nets,
                               .volume_fds = volumes,
                               .filling_fds = filling,
                               .console_fd = -1,
                               .call_fd = -1};
    struct error why;

    if (volumes == NULL)
        return error_errno(err, "seal the box");
    for (uint32_t i = 0; i < MANIFEST_ENTRIES_MAX; i++)
        if (guest->devices[i].type == MANIFEST_NET)
            nets[use.n_nets++] = guest->devices[i].u.net.fd;
    for (uint32_t i = 0; i < MANIFEST_ENTRIES_MAX; i++)
        if (guest->devices[i].type == MANIFEST_BLOCK && guest->devices[i].u.block.overlay.is_filling)
            filling[use.n_filling++] = guest->devices[i].u.block.overlay.filling_fd;
    use.n_volumes = collect_volume_files(guest, volumes);
    if (guest->graft.gathers_output && console_thread_start(vm, guest, options, &use, &why) < 0)
        fprintf(stderr, "wherry-monitor: warning: the console has no thread of its own: %s\n", why.text);
    if (guest->ring.shared != NULL && io_thread_start(vm, guest, options, &use, &why) < 0)
        fprintf(stderr, "wherry-monitor: warning: the network ring has no thread of its own: %s\n", why.text);
    return sandbox_seal(&use, err);
}
