/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: two halves with a wait in between. In the first, the container is created: everything that needs
 * files or rights is done, and the monitor enters its box. Then it waits for a start message, which brings
 * what is known only now, the network and the command line. A failure in either half goes to the one who
 * waits for that half's reply.
 */
#include "container.h"

#include "attach.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "box.h"
#include "guest_mem.h"
#include "image.h"
#include "launch.h"
#include "run.h"
#include "signals.h"
#include "syscalls.h"
#include "vm.h"
#include "window.h"

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a guest that did what it must not exits with, and what a guest's own abort has. */
#define EXIT_BREACH 255

#define EXIT_NOT_EXEC 126

_Static_assert(LAUNCH_MEMORY_MIN == GUEST_MEM_MIN && LAUNCH_MEMORY_MAX == GUEST_MEM_MAX,
               "what a launch may ask for is what a guest can have");

struct container {
    struct launch launch;
    struct start start;
    struct image image;
    struct unikernel unikernel;
    struct guest guest;
    struct vm vm;
};

static int exit_status_of(const struct error *err)
{
    return err->kind == ERROR_NOT_EXEC ? EXIT_NOT_EXEC : CONTAINER_EXIT_SETUP;
}

/* ---- create ---- */

static unsigned own_namespaces(uint32_t flags)
{
    static const struct {
        uint32_t flag;
        unsigned namespace;
    } pairs[] = {{LAUNCH_OWN_USER_NS, CLONE_NEWUSER},
                 {LAUNCH_OWN_MOUNT_NS, CLONE_NEWNS},
                 {LAUNCH_OWN_IPC_NS, CLONE_NEWIPC},
                 {LAUNCH_OWN_UTS_NS, CLONE_NEWUTS},
                 {LAUNCH_OWN_CGROUP_NS, CLONE_NEWCGROUP}};
    unsigned namespaces = 0;

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if ((flags & pairs[i].flag) != 0)
            namespaces |= pairs[i].namespace;
    return namespaces;
}

static int map_status(struct container *c, struct error *err)
{
    void *page = mmap(NULL, STATUS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                      launch_get_fd(&c->launch, LAUNCH_FD_STATUS, 0), 0);
    if (page == MAP_FAILED)
        return error_errno(err, "map the status file");
    c->guest.status = page;
    c->guest.status->version = STATUS_VERSION;
    signals_set_status(c->guest.status);
    return 0;
}

static enum overlay_mode overlay_mode_of(uint32_t flags)
{
    if ((flags & LAUNCH_BLOCK_READ_ONLY) != 0)
        return OVERLAY_READ_ONLY;
    if ((flags & LAUNCH_BLOCK_KEPT) != 0)
        return OVERLAY_KEPT;
    return (flags & LAUNCH_BLOCK_WRITE_THROUGH) != 0 ? OVERLAY_WRITE_THROUGH : OVERLAY_PRIVATE;
}

static int open_block(struct container *c, uint32_t i, struct error *err)
{
    static int data_fds[LAUNCH_FDS_MAX];
    const struct launch_block *block = &c->launch.message.blocks[i];
    _cleanup_(overlay_release) struct overlay overlay = {0};
    struct manifest_entry *entry = manifest_find(&c->guest.manifest, block->name, MANIFEST_BLOCK);
    if (entry == NULL)
        return error_set(err, ERROR_INPUT, "the unikernel's manifest has no block device '%s'", block->name);

    struct overlay_parts parts = {.capacity = block->capacity,
                                  .mode = overlay_mode_of(block->flags),
                                  .extents_fd = launch_get_fd(&c->launch, LAUNCH_FD_EXTENTS, i),
                                  .n_extents = block->n_extents,
                                  .patches_fd = launch_get_fd(&c->launch, LAUNCH_FD_PATCHES, i),
                                  .data_fds = data_fds,
                                  .n_data_fds = launch_take_data(&c->launch, i, data_fds),
                                  .delta_fd = launch_get_fd(&c->launch, LAUNCH_FD_DELTA, i),
                                  .write_limit = block->write_limit,
                                  .filling_fd = launch_get_fd(&c->launch, LAUNCH_FD_FILLING, i)};
    parts.is_filling = parts.filling_fd >= 0;
    int result = overlay_open(&parts, &overlay, err);
    for (size_t k = 0; k < parts.n_data_fds; k++)
        close(data_fds[k]);
    if (result < 0)
        return error_wrap(err, "block device '%s'", block->name);
    return attach_block(&c->guest, entry, &overlay, block->block_size, err);
}

static int open_blocks(struct container *c, struct error *err)
{
    for (uint32_t i = 0; i < c->launch.message.n_blocks; i++)
        if (open_block(c, i, err) < 0)
            return -1;
    return attach_check(&c->guest, MANIFEST_BLOCK, err);
}

static int parse_guest(struct container *c, struct error *err)
{
    if (image_map(launch_get_fd(&c->launch, LAUNCH_FD_GUEST, 0), &c->image, err) < 0 ||
        unikernel_parse(c->image.bytes, c->image.size, &c->unikernel, err) < 0)
        return -1;
    c->guest.manifest = c->unikernel.manifest;
    return 0;
}

static int create(struct container *c, struct error *err)
{
    /* First of all: the descriptors of the launch are all that is needed. */
    if (box_enter(own_namespaces(c->launch.message.flags), err) < 0 || map_status(c, err) < 0 ||
        signals_end_at_cut_file(EXIT_BREACH, err) < 0 ||
        vm_open(launch_get_fd(&c->launch, LAUNCH_FD_KVM, 0), c->launch.message.memory_bytes, &c->vm, err) <
            0 ||
        parse_guest(c, err) < 0)
        return -1;
    console_init(&c->guest.console, STDOUT_FILENO);
    c->vm.can_graft = (c->launch.message.flags & LAUNCH_NO_GRAFT) == 0;
    if (open_blocks(c, err) < 0)
        return -1;
    return vm_load(&c->vm, &c->guest, &c->unikernel, &c->image, c->launch.message.memory_bytes, err);
}

/* ---- start ---- */

/* Waits for somebody who has something to say: one who looks whether the socket is there hangs up. */
static int accept_start(struct container *c, int control_fd, int *out_fd, struct error *err)
{
    for (;;) {
        _cleanup_close_ int fd = accept4(control_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            return error_errno(err, "wait for the start");
        }
        char byte;
        if (recv(fd, &byte, sizeof(byte), MSG_PEEK) <= 0)
            continue;
        *out_fd = take_fd(&fd);
        return launch_receive_start(*out_fd, &c->start, err);
    }
}

static int open_net(struct container *c, uint32_t i, struct error *err)
{
    const struct start_net *net = &c->start.message.nets[i];
    struct manifest_entry *entry = manifest_find(&c->guest.manifest, net->name, MANIFEST_NET);
    if (entry == NULL)
        return error_set(err, ERROR_INPUT, "the unikernel's manifest has no network device '%s'", net->name);
    if (attach_net(&c->guest, entry, c->start.taps[i], net->mac, net->mtu, err) < 0)
        return -1;
    c->start.taps[i] = -1;
    return 0;
}

static struct boot_net_config net_config_of(const struct start_net *net)
{
    static const uint8_t none[16];
    struct boot_net_config config = {.ipv4_prefix = net->ipv4_prefix, .ipv6_prefix = net->ipv6_prefix};

    memcpy(config.name, net->name, sizeof(config.name));
    memcpy(config.ipv4, net->ipv4, sizeof(config.ipv4));
    memcpy(config.ipv4_gateway, net->ipv4_gateway, sizeof(config.ipv4_gateway));
    memcpy(config.ipv6, net->ipv6, sizeof(config.ipv6));
    memcpy(config.ipv6_gateway, net->ipv6_gateway, sizeof(config.ipv6_gateway));
    memcpy(config.ipv4_dns, net->ipv4_dns, sizeof(config.ipv4_dns));
    memcpy(config.ipv6_dns, net->ipv6_dns, sizeof(config.ipv6_dns));
    if (memcmp(net->ipv4, none, sizeof(net->ipv4)) != 0)
        config.flags |= BOOT_NET_HAS_IPV4;
    if (memcmp(net->ipv6, none, sizeof(net->ipv6)) != 0)
        config.flags |= BOOT_NET_HAS_IPV6;
    return config;
}

/* The network as the guest finds it. */
struct net_view {
    struct boot_net_config config[LAUNCH_NETS_MAX]; /* in the order of the manifest */
    struct boot_net_address addresses[START_ADDRESSES_MAX];
    struct boot_net_route routes[START_ROUTES_MAX];
};

/* The index in view's order of the device that the start message calls its net. */
static uint32_t device_of(const struct container *c, const struct net_view *view, uint32_t net)
{
    uint32_t i = 0;
    while (i + 1 < c->start.message.n_nets &&
           strcmp(view->config[i].name, c->start.message.nets[net].name) != 0)
        i++;
    return i;
}

static void make_net_view(const struct container *c, struct net_view *out)
{
    const struct start_message *message = &c->start.message;
    size_t n = 0;
    for (uint32_t e = 0; e < c->guest.manifest.n_entries; e++)
        for (uint32_t i = 0; i < message->n_nets; i++)
            if (c->guest.manifest.entries[e].type == MANIFEST_NET &&
                strcmp(c->guest.manifest.entries[e].name, message->nets[i].name) == 0)
                out->config[n++] = net_config_of(&message->nets[i]);
    for (uint32_t i = 0; i < message->n_addresses; i++) {
        const struct start_address *from = &message->addresses[i];
        out->addresses[i] = (struct boot_net_address){
            .device = device_of(c, out, from->net), .family = from->family, .prefix = from->prefix};
        memcpy(out->addresses[i].address, from->address, sizeof(from->address));
    }
    for (uint32_t i = 0; i < message->n_routes; i++) {
        const struct start_route *from = &message->routes[i];
        out->routes[i] = (struct boot_net_route){
            .device = device_of(c, out, from->net), .family = from->family, .prefix = from->prefix};
        memcpy(out->routes[i].destination, from->destination, sizeof(from->destination));
        memcpy(out->routes[i].gateway, from->gateway, sizeof(from->gateway));
    }
}

static int boot(struct container *c, struct error *err)
{
    static struct net_view view;
    const struct start_message *message = &c->start.message;
    struct boot_parameters parameters = {.cmdline = message->cmdline};

    for (uint32_t i = 0; i < c->start.message.n_nets; i++)
        if (open_net(c, i, err) < 0)
            return -1;
    if (attach_check(&c->guest, MANIFEST_NET, err) < 0)
        return -1;
    if ((c->launch.message.flags & LAUNCH_NET_CONFIG) != 0) {
        make_net_view(c, &view);
        parameters.net_config = view.config;
        parameters.n_net_config = message->n_nets;
        parameters.net_addresses = view.addresses;
        parameters.n_net_addresses = message->n_addresses;
        parameters.net_routes = view.routes;
        parameters.n_net_routes = message->n_routes;
        parameters.env = message->env;
        parameters.env_bytes = message->env_bytes;
    }
    vm_step_first(&c->vm);
    return vm_boot(&c->vm, &c->guest, &parameters, err);
}

/* A write, as the box allows no other way to send. */
static void tell_started(void *context)
{
    const int *fd = context;
    static const struct launch_reply reply = {.version = LAUNCH_VERSION};
    (void)!syscalls_write(*fd, &reply, sizeof(reply));
}

static struct run_options run_options_of(const struct container *c, int *start_fd)
{
    return (struct run_options){
        .names = {.label = c->launch.message.label,
                  .elf = &c->unikernel.elf,
                  .symbols = &c->unikernel.symbols},
        .breach_status = EXIT_BREACH,
        .on_started = tell_started,
        .context = start_fd,
    };
}

int container_main(struct error *err)
{
    static struct container c;
    _cleanup_close_ int launch_fd = LAUNCH_SOCKET_FD;
    _cleanup_close_ int control_fd = -1;
    _cleanup_close_ int start_fd = -1;
    struct run_options options;
    struct run_end end = {0};
    struct error failure = {0};

    if (signals_end_container(&failure) < 0 || launch_receive(launch_fd, &c.launch, &failure) < 0 ||
        create(&c, &failure) < 0)
        return launch_reply(launch_fd, &failure, err) < 0 ? -1 : exit_status_of(&failure);
    control_fd = launch_take_fd(&c.launch, LAUNCH_FD_CONTROL, 0);
    launch_release(&c.launch);
    atomic_store_explicit(&c.guest.status->phase, STATUS_CREATED, memory_order_relaxed);
    if (launch_reply(launch_fd, NULL, err) < 0)
        return -1;
    close(take_fd(&launch_fd));

    options = run_options_of(&c, &start_fd);
    /* This takes longer the larger the images are, so nobody waits for it. That it fails is told at the
     * start. */
    int windows = window_open(&c.guest.mem, c.vm.fd, &failure);
    if (accept_start(&c, control_fd, &start_fd, &failure) < 0 || windows < 0 || boot(&c, &failure) < 0 ||
        box_seal(&c.vm, &c.guest, &options, start_fd, &failure) < 0) {
        if (start_fd < 0)
            *err = failure;
        return start_fd < 0 || launch_reply(start_fd, &failure, err) < 0 ? -1 : exit_status_of(&failure);
    }
    run_guest(&c.vm, &c.guest, &options, &end);
    _exit(end.exit_status);
}
