/* SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "manifest.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define KNOWN_BLOCK_FLAGS (LAUNCH_BLOCK_READ_ONLY | LAUNCH_BLOCK_WRITE_THROUGH | LAUNCH_BLOCK_KEPT)
#define KNOWN_FLAGS                                                                     \
    (LAUNCH_OWN_USER_NS | LAUNCH_OWN_MOUNT_NS | LAUNCH_OWN_IPC_NS | LAUNCH_OWN_UTS_NS | \
     LAUNCH_OWN_CGROUP_NS | LAUNCH_NET_CONFIG | LAUNCH_NO_GRAFT)

#define PAGE_SIZE 4096u

/* Far more than any KVM maps: so that sums of sizes cannot overflow. */
#define MEMORY_MAX (1ull << 46)

/* Ethernet over IPv4 needs 68 bytes at least (RFC 791). */
#define MTU_MIN 68

_Static_assert(LAUNCH_NAME_SIZE == MANIFEST_NAME_SIZE, "one name");
_Static_assert(LAUNCH_NETS_MAX <= FD_PASS_MAX, "taps travel with one message");

/* ---- Checks ---- */

static int head_check(uint64_t magic, uint64_t expected_magic, uint32_t version, uint32_t size,
                      size_t expected_size, struct error *err)
{
    if (magic != expected_magic)
        return error_set(err, ERROR_INPUT, "magic is 0x%016llx instead of 0x%016llx",
                         (unsigned long long)magic, (unsigned long long)expected_magic);
    if (version != LAUNCH_VERSION)
        return error_set(err, ERROR_INPUT,
                         "version is %u, this monitor understands %u: runtime and monitor do not belong "
                         "together",
                         version, LAUNCH_VERSION);
    if (size != expected_size)
        return error_set(err, ERROR_INPUT, "size says %u bytes instead of %zu", size, expected_size);
    return 0;
}

static int block_check(const struct launch_message *message, uint32_t i, struct error *err)
{
    const struct launch_block *block = &message->blocks[i];

    if (manifest_check_name(block->name, err) < 0)
        return error_wrap_as(err, ERROR_INPUT, "block device %u", i);
    for (uint32_t k = 0; k < i; k++)
        if (strcmp(message->blocks[k].name, block->name) == 0)
            return error_set(err, ERROR_INPUT, "two block devices are named '%s'", block->name);
    if ((block->flags & ~(uint32_t)KNOWN_BLOCK_FLAGS) != 0)
        return error_set(err, ERROR_INPUT, "block device '%s': flags 0x%x are unknown", block->name,
                         block->flags & ~(uint32_t)KNOWN_BLOCK_FLAGS);
    if (block->block_size < 512 || block->block_size > 32768 ||
        (block->block_size & (block->block_size - 1)) != 0)
        return error_set(err, ERROR_INPUT,
                         "block device '%s': block size %u is no power of two from 512 to 32768", block->name,
                         block->block_size);
    if (block->capacity == 0 || block->capacity > INT64_MAX || block->capacity % block->block_size != 0)
        return error_set(err, ERROR_INPUT,
                         "block device '%s': capacity %llu is no multiple of the block size %u", block->name,
                         (unsigned long long)block->capacity, block->block_size);
    return 0;
}

static bool role_belongs_to_block(uint16_t role)
{
    return role == LAUNCH_FD_EXTENTS || role == LAUNCH_FD_PATCHES || role == LAUNCH_FD_DATA ||
           role == LAUNCH_FD_DELTA || role == LAUNCH_FD_FILLING;
}

static uint32_t role_count(const struct launch_message *message, uint16_t role, uint32_t device)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < message->n_fds; i++)
        n += message->fds[i].role == role && message->fds[i].device == device;
    return n;
}

static int roles_check(const struct launch_message *message, struct error *err)
{
    static const struct {
        enum launch_fd_role role;
        const char *name;
    } singles[] = {{LAUNCH_FD_KVM, "kvm"},
                   {LAUNCH_FD_GUEST, "guest"},
                   {LAUNCH_FD_CONTROL, "control"},
                   {LAUNCH_FD_STATUS, "status"}};

    for (uint32_t i = 0; i < message->n_fds; i++) {
        const struct launch_fd *fd = &message->fds[i];
        if (fd->role < LAUNCH_FD_KVM || fd->role > LAUNCH_FD_FILLING)
            return error_set(err, ERROR_INPUT, "descriptor %u: role %u is unknown", i, fd->role);
        if (fd->device >= (role_belongs_to_block(fd->role) ? message->n_blocks : 1))
            return error_set(err, ERROR_INPUT, "descriptor %u: there is no device %u", i, fd->device);
    }
    for (size_t k = 0; k < sizeof(singles) / sizeof(singles[0]); k++)
        if (role_count(message, singles[k].role, 0) != 1)
            return error_set(err, ERROR_INPUT, "%u descriptors for '%s', expected 1",
                             role_count(message, singles[k].role, 0), singles[k].name);
    for (uint32_t i = 0; i < message->n_blocks; i++) {
        bool is_kept = (message->blocks[i].flags & LAUNCH_BLOCK_KEPT) != 0;
        if (role_count(message, LAUNCH_FD_DELTA, i) != is_kept)
            return error_set(err, ERROR_INPUT,
                             "block device '%s': %u descriptors for a delta file, expected %u",
                             message->blocks[i].name, role_count(message, LAUNCH_FD_DELTA, i), is_kept);
        if (role_count(message, LAUNCH_FD_EXTENTS, i) != 1 || role_count(message, LAUNCH_FD_PATCHES, i) > 1)
            return error_set(err, ERROR_INPUT,
                             "block device '%s': %u descriptors for extents, %u for patches, expected 1 and "
                             "at most 1",
                             message->blocks[i].name, role_count(message, LAUNCH_FD_EXTENTS, i),
                             role_count(message, LAUNCH_FD_PATCHES, i));
        if (role_count(message, LAUNCH_FD_FILLING, i) > 1)
            return error_set(err, ERROR_INPUT,
                             "block device '%s': %u descriptors for who fills it, expected at most 1",
                             message->blocks[i].name, role_count(message, LAUNCH_FD_FILLING, i));
    }
    return 0;
}

static int fields_check(const struct launch_message *message, struct error *err)
{
    if (message->memory_bytes == 0 || message->memory_bytes > MEMORY_MAX ||
        message->memory_bytes % PAGE_SIZE != 0)
        return error_set(err, ERROR_INPUT, "memory_bytes is %llu, no multiple of %u that could be mapped",
                         (unsigned long long)message->memory_bytes, PAGE_SIZE);
    if ((message->flags & ~(uint32_t)KNOWN_FLAGS) != 0)
        return error_set(err, ERROR_INPUT, "flags 0x%x are unknown", message->flags & ~(uint32_t)KNOWN_FLAGS);
    if (message->pad != 0)
        return error_set(err, ERROR_INPUT, "pad is %u instead of 0", message->pad);
    if (memchr(message->label, '\0', sizeof(message->label)) == NULL)
        return error_set(err, ERROR_INPUT, "label does not end");
    if (message->n_fds > LAUNCH_FDS_MAX)
        return error_set(err, ERROR_INPUT, "n_fds is %u, at most %u are possible", message->n_fds,
                         LAUNCH_FDS_MAX);
    if (message->n_blocks > LAUNCH_BLOCKS_MAX)
        return error_set(err, ERROR_INPUT, "n_blocks is %u, at most %u are possible", message->n_blocks,
                         LAUNCH_BLOCKS_MAX);
    return 0;
}

static int message_check(const struct launch_message *message, size_t size, struct error *err)
{
    if (size != sizeof(*message))
        return error_set(err, ERROR_INPUT, "%zu bytes instead of %zu", size, sizeof(*message));
    if (head_check(message->magic, LAUNCH_MAGIC, message->version, message->size, sizeof(*message), err) <
            0 ||
        fields_check(message, err) < 0)
        return -1;
    for (uint32_t i = 0; i < message->n_blocks; i++)
        if (block_check(message, i, err) < 0)
            return -1;
    return roles_check(message, err);
}

int launch_check(const struct launch_message *message, size_t size, struct error *err)
{
    if (message_check(message, size, err) < 0)
        return error_wrap(err, "launch message");
    return 0;
}

static int net_check(const struct start_message *message, uint32_t i, struct error *err)
{
    const struct start_net *net = &message->nets[i];
    static const uint8_t no_mac[6];

    if (manifest_check_name(net->name, err) < 0)
        return error_wrap_as(err, ERROR_INPUT, "network device %u", i);
    for (uint32_t k = 0; k < i; k++)
        if (strcmp(message->nets[k].name, net->name) == 0)
            return error_set(err, ERROR_INPUT, "two network devices are named '%s'", net->name);
    if ((net->mac[0] & 1) != 0 || memcmp(net->mac, no_mac, sizeof(no_mac)) == 0)
        return error_set(
            err, ERROR_INPUT, "network device '%s': %02x:%02x:%02x:%02x:%02x:%02x is no unicast address",
            net->name, net->mac[0], net->mac[1], net->mac[2], net->mac[3], net->mac[4], net->mac[5]);
    if (net->mtu < MTU_MIN)
        return error_set(err, ERROR_INPUT, "network device '%s': MTU %u is below %u", net->name, net->mtu,
                         MTU_MIN);
    if (net->ipv4_prefix > 32 || net->ipv6_prefix > 128)
        return error_set(err, ERROR_INPUT, "network device '%s': prefix of %u (IPv4) or %u (IPv6) bits",
                         net->name, net->ipv4_prefix, net->ipv6_prefix);
    return 0;
}

static int net_index_check(const struct start_message *message, uint32_t net, struct error *err)
{
    if (net >= message->n_nets)
        return error_set(err, ERROR_INPUT, "there is no network device %u", net);
    return 0;
}

static int prefix_check(uint8_t family, uint8_t prefix, struct error *err)
{
    if ((family != 4 || prefix > 32) && (family != 6 || prefix > 128))
        return error_set(err, ERROR_INPUT, "prefix of %u bits in IPv%u", prefix, family);
    return 0;
}

static int routes_check(const struct start_message *message, struct error *err)
{
    if (message->n_addresses > START_ADDRESSES_MAX || message->n_routes > START_ROUTES_MAX)
        return error_set(err, ERROR_INPUT, "%u addresses and %u routes, at most %u and %u are possible",
                         message->n_addresses, message->n_routes, START_ADDRESSES_MAX, START_ROUTES_MAX);
    for (uint32_t i = 0; i < message->n_addresses; i++) {
        const struct start_address *address = &message->addresses[i];
        if (net_index_check(message, address->net, err) < 0 ||
            prefix_check(address->family, address->prefix, err) < 0)
            return error_wrap(err, "address %u", i);
    }
    for (uint32_t i = 0; i < message->n_routes; i++) {
        const struct start_route *route = &message->routes[i];
        if (net_index_check(message, route->net, err) < 0 ||
            prefix_check(route->family, route->prefix, err) < 0)
            return error_wrap(err, "route %u", i);
    }
    return 0;
}

static int env_check(const struct start_message *message, struct error *err)
{
    if (message->env_bytes > sizeof(message->env))
        return error_set(err, ERROR_INPUT, "environment of %u bytes, at most %zu are possible",
                         message->env_bytes, sizeof(message->env));
    if (message->env_bytes > 0 && message->env[message->env_bytes - 1] != '\0')
        return error_set(err, ERROR_INPUT, "environment without a NUL at its end");
    return 0;
}

static int start_message_check(const struct start_message *message, size_t size, struct error *err)
{
    if (size != sizeof(*message))
        return error_set(err, ERROR_INPUT, "%zu bytes instead of %zu", size, sizeof(*message));
    if (head_check(message->magic, START_MAGIC, message->version, message->size, sizeof(*message), err) < 0)
        return -1;
    if (message->cmdline_bytes >= sizeof(message->cmdline))
        return error_set(err, ERROR_INPUT, "command line of %u bytes, at most %zu are possible",
                         message->cmdline_bytes, sizeof(message->cmdline) - 1);
    if (strnlen(message->cmdline, sizeof(message->cmdline)) != message->cmdline_bytes)
        return error_set(err, ERROR_INPUT, "command line of %zu bytes, cmdline_bytes says %u",
                         strnlen(message->cmdline, sizeof(message->cmdline)), message->cmdline_bytes);
    if (message->n_nets > LAUNCH_NETS_MAX)
        return error_set(err, ERROR_INPUT, "n_nets is %u, at most %u are possible", message->n_nets,
                         LAUNCH_NETS_MAX);
    for (uint32_t i = 0; i < message->n_nets; i++)
        if (net_check(message, i, err) < 0)
            return -1;
    if (routes_check(message, err) < 0)
        return -1;
    return env_check(message, err);
}

int launch_check_start(const struct start_message *message, size_t size, struct error *err)
{
    if (start_message_check(message, size, err) < 0)
        return error_wrap(err, "start message");
    return 0;
}

/* ---- Receiving and replying ---- */

static void close_fds(int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* Receives the descriptors that did not fit into the first message, which carried *n of total. */
static int receive_rest(int sock, int *fds, size_t *n, size_t total, struct error *err)
{
    while (*n < total) {
        size_t more = 0, size = 0;
        char byte;
        if (fd_receive(sock, &byte, sizeof(byte), &size, fds + *n, total - *n, &more, err) < 0)
            return -1;
        *n += more;
        if (size == 0 || more == 0)
            return error_set(err, ERROR_INPUT, "%zu descriptors announced, %zu received", total, *n);
    }
    return 0;
}

/* The part of launch_receive() after the first message, which carried *n descriptors. */
static int receive_all(int sock, struct launch *launch, size_t size, size_t *n, struct error *err)
{
    if (message_check(&launch->message, size, err) < 0)
        return -1;
    if (*n > launch->message.n_fds)
        return error_set(err, ERROR_INPUT, "%u descriptors announced, %zu received", launch->message.n_fds,
                         *n);
    return receive_rest(sock, launch->fds, n, launch->message.n_fds, err);
}

int launch_receive(int sock, struct launch *out, struct error *err)
{
    size_t size = 0, n = 0;

    if (fd_receive(sock, &out->message, sizeof(out->message), &size, out->fds, FD_PASS_MAX, &n, err) < 0)
        return error_wrap(err, "launch message");
    if (receive_all(sock, out, size, &n, err) < 0) {
        close_fds(out->fds, n);
        return error_wrap(err, "launch message");
    }
    return 0;
}

int launch_receive_start(int sock, struct start *out, struct error *err)
{
    size_t size = 0, n = 0;

    if (fd_receive(sock, &out->message, sizeof(out->message), &size, out->taps, LAUNCH_NETS_MAX, &n, err) < 0)
        return error_wrap(err, "start message");
    if (launch_check_start(&out->message, size, err) < 0) {
        close_fds(out->taps, n);
        return -1;
    }
    if (n != out->message.n_nets) {
        close_fds(out->taps, n);
        return error_set(err, ERROR_INPUT, "start message: %zu descriptors for %u network devices", n,
                         out->message.n_nets);
    }
    return 0;
}

void launch_release(struct launch *launch)
{
    close_fds(launch->fds, launch->message.n_fds);
    launch->message.n_fds = 0;
}

void launch_release_start(struct start *start)
{
    close_fds(start->taps, start->message.n_nets);
    start->message.n_nets = 0;
}

static int role_find(const struct launch *launch, enum launch_fd_role role, uint32_t device)
{
    for (uint32_t i = 0; i < launch->message.n_fds; i++)
        if (launch->message.fds[i].role == role && launch->message.fds[i].device == device)
            return (int)i;
    return -1;
}

int launch_get_fd(const struct launch *launch, enum launch_fd_role role, uint32_t device)
{
    int i = role_find(launch, role, device);
    return i < 0 ? -1 : launch->fds[i];
}

int launch_take_fd(struct launch *launch, enum launch_fd_role role, uint32_t device)
{
    int i = role_find(launch, role, device);
    return i < 0 ? -1 : take_fd(&launch->fds[i]);
}

size_t launch_take_data(struct launch *launch, uint32_t device, int *out)
{
    size_t n = 0;
    for (uint32_t i = 0; i < launch->message.n_fds; i++)
        if (launch->message.fds[i].role == LAUNCH_FD_DATA && launch->message.fds[i].device == device)
            out[n++] = take_fd(&launch->fds[i]);
    return n;
}

int launch_reply(int sock, const struct error *failure, struct error *err)
{
    struct launch_reply reply = {.version = LAUNCH_VERSION, .failed = failure != NULL};

    if (failure != NULL)
        reply.error = *failure;
    if (fd_send(sock, &reply, sizeof(reply), NULL, 0, err) < 0)
        return error_wrap(err, "reply to the runtime");
    return 0;
}
