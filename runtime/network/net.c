/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The taps of the interface with index N are called "wherryN-0", "wherryN-1" and so on. The kernel makes a
 * name only once in a namespace, and takes it back when the last descriptor is closed: so the names say which
 * guests an interface has, and no other record is kept.
 *
 * How frames find their guest is net_steer.c's business. A kernel that cannot run its programs can still give
 * an interface to a single guest: everything is redirected to it then.
 *
 * Everything happens in a child that enters the namespace, does one job and sends its answer, with the taps'
 * descriptors, through a socket. The namespace is locked meanwhile.
 */
#include "net.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "net_filter.h"
#include "net_plan.h"
#include "net_routing.h"
#include "net_scan.h"
#include "net_steer.h"
#include "net_tap.h"
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child sends: an error, or interfaces; those of net_attach come with one tap each. */
struct answer {
    uint32_t failed;
    uint32_t n;
    struct error error;
    struct net_interface interfaces[NET_INTERFACES_MAX];
    struct net_routing routing; /* of the interfaces that a guest got */
};

struct job {
    int (*work)(const struct job *job, struct netlink *nl, struct answer *answer, int *tap_fds,
                struct error *err);
    const struct net_request *requests;
    size_t n_requests; /* as many taps come back */
};

static int do_scan(const struct job *job, struct netlink *nl, struct answer *answer, int *tap_fds,
                   struct error *err)
{
    (void)job;
    (void)tap_fds;
    size_t n;
    if (net_scan_interfaces(nl, answer->interfaces, NET_INTERFACES_MAX, &n, err) < 0)
        return -1;
    answer->n = (uint32_t)n;
    return 0;
}

/* The guests of one interface, by the slot in their tap's name. */
struct slots {
    int32_t taps[NET_STEER_GUESTS_MAX]; /* 0: free */
    size_t n;                           /* that are not free */
};

#define TAP_PREFIX "wherry"

static void tap_name(const struct net_interface *interface, size_t slot, char name[IF_NAMESIZE])
{
    snprintf(name, IF_NAMESIZE, TAP_PREFIX "%d-%zu", interface->index, slot);
}

static void find_slots(const struct net_interface *interface, struct slots *slots)
{
    slots->n = 0;
    for (size_t i = 0; i < NET_STEER_GUESTS_MAX; i++) {
        char name[IF_NAMESIZE];
        tap_name(interface, i, name);
        slots->taps[i] = (int32_t)if_nametoindex(name);
        slots->n += slots->taps[i] != 0;
    }
}

/* Whether any interface has a guest, even one that is gone itself. */
static bool has_guests(void)
{
    bool is_found = false;
    struct if_nameindex *all = if_nameindex();
    for (struct if_nameindex *one = all; one != NULL && one->if_index != 0; one++)
        is_found |= strncmp(one->if_name, TAP_PREFIX, strlen(TAP_PREFIX)) == 0;
    if (all != NULL)
        if_freenameindex(all);
    return is_found;
}

/* Lets the interface have exactly the guests that there are: with none, its frames are the namespace's again.
 */
static int restore_guests(struct netlink *nl, const struct net_interface *interface, struct error *err)
{
    struct slots slots;
    uint32_t program_id;
    const struct net_filter_place place = {.interface = interface->index, .hook = NET_INGRESS, .number = 1};
    find_slots(interface, &slots);
    if (!has_guests() && net_steer_close(nl, err) < 0)
        return -1;
    if (slots.n == 0)
        return net_steer_unset(nl, interface->index, err);
    if (net_filter_find(nl, &place, &program_id, err) < 0)
        return -1;
    return program_id != 0 ? net_steer_set(nl, interface, slots.taps, err) : 0;
}

static int add_guest(struct netlink *nl, const struct net_interface *interface, const struct slots *slots,
                     int32_t tap, struct error *err)
{
    struct error why;
    if (net_steer_set(nl, interface, slots->taps, &why) == 0)
        return 0;
    if (slots->n > 1)
        return error_set(err, ERROR_STATE, "another guest has it, and sharing needs BPF: %s", why.text);
    if (net_filter_redirect(nl, tap, interface->index, err) < 0 ||
        net_filter_redirect(nl, interface->index, tap, err) < 0)
        return error_wrap(err, "neither BPF (%s) nor u32", why.text);
    log_line(LOG_LEVEL_WARNING,
             "the guest has interface '%s' for itself, and processes beside it cannot reach it: %s",
             interface->name, why.text);
    return 0;
}

static int attach_one(struct netlink *nl, const struct net_interface *interface, int *out_fd,
                      struct error *err)
{
    char name[IF_NAMESIZE];
    struct slots slots;
    struct net_tap tap;
    struct error ignored;
    size_t slot = 0;

    find_slots(interface, &slots);
    while (slot < NET_STEER_GUESTS_MAX && slots.taps[slot] != 0)
        slot++;
    if (slot == NET_STEER_GUESTS_MAX)
        return error_set(err, ERROR_STATE, "%d guests have it already", NET_STEER_GUESTS_MAX);
    tap_name(interface, slot, name);
    if (net_tap_open(nl, name, interface->mtu, &tap, err) < 0)
        return -1;
    slots.taps[slot] = tap.index;
    slots.n++;
    if (add_guest(nl, interface, &slots, tap.index, err) < 0) {
        close(tap.fd);
        restore_guests(nl, interface, &ignored);
        return -1;
    }
    *out_fd = tap.fd;
    return 0;
}

/* Gives up the first n interfaces of the answer. */
static void undo_attach(struct netlink *nl, const struct answer *answer, const int *tap_fds, size_t n)
{
    struct error ignored;
    for (size_t i = 0; i < n; i++) {
        close(tap_fds[i]);
        restore_guests(nl, &answer->interfaces[i], &ignored);
    }
}

static int attach_all(const struct job *job, struct netlink *nl, struct answer *answer, int *tap_fds,
                      struct error *err)
{
    struct net_interface all[NET_INTERFACES_MAX];
    size_t n, choice[NET_INTERFACES_MAX];

    if (net_scan_interfaces(nl, all, NET_INTERFACES_MAX, &n, err) < 0 ||
        net_plan(all, n, job->requests, job->n_requests, choice, err) < 0)
        return -1;
    for (size_t i = 0; i < job->n_requests; i++) {
        const struct net_interface *interface = &all[choice[i]];
        if (attach_one(nl, interface, &tap_fds[i], err) < 0) {
            undo_attach(nl, answer, tap_fds, i);
            return error_wrap(err, "network device '%s': take over interface '%s'", job->requests[i].device,
                              interface->name);
        }
        answer->interfaces[i] = *interface;
        answer->n++;
    }
    return 0;
}

static int do_attach(const struct job *job, struct netlink *nl, struct answer *answer, int *tap_fds,
                     struct error *err)
{
    if (attach_all(job, nl, answer, tap_fds, err) < 0)
        return -1;
    if (net_routing_read(nl, answer->interfaces, answer->n, &answer->routing, err) == 0)
        return 0;
    undo_attach(nl, answer, tap_fds, job->n_requests);
    return -1;
}

static int do_detach(const struct job *job, struct netlink *nl, struct answer *answer, int *tap_fds,
                     struct error *err)
{
    if (do_scan(job, nl, answer, tap_fds, err) < 0 || (!has_guests() && net_steer_close(nl, err) < 0))
        return -1;
    for (size_t i = 0; i < answer->n; i++) {
        if (restore_guests(nl, &answer->interfaces[i], err) < 0)
            return error_wrap(err, "release interface '%s'", answer->interfaces[i].name);
    }
    answer->n = 0;
    return 0;
}

static int work_inside(int netns_fd, const struct job *job, struct answer *answer, int *tap_fds,
                       struct error *err)
{
    _cleanup_(netlink_close) struct netlink nl = {.socket = NULL};
    if (setns(netns_fd, CLONE_NEWNET) < 0)
        return error_errno(err, "enter the network namespace");
    if (netlink_open(&nl, err) < 0)
        return -1;
    return job->work(job, &nl, answer, tap_fds, err);
}

static _Noreturn void child_main(int netns_fd, int sock, const struct job *job)
{
    struct answer answer;
    struct error unsent;
    int tap_fds[NET_INTERFACES_MAX];
    memset(&answer, 0, sizeof(answer));
    answer.failed = work_inside(netns_fd, job, &answer, tap_fds, &answer.error) < 0;
    size_t n_taps = answer.failed ? 0 : job->n_requests;
    _exit(fd_send(sock, &answer, sizeof(answer), tap_fds, n_taps, &unsent) < 0 ? 1 : 0);
}

/* The number of descriptors must be what was asked for; anything else is closed. */
static int receive(int sock, struct answer *answer, int *tap_fds, size_t n_taps, struct error *err)
{
    size_t size = 0, n_fds = 0;
    if (fd_receive(sock, answer, sizeof(*answer), &size, tap_fds, n_taps, &n_fds, err) < 0)
        return -1;
    if (size != sizeof(*answer) || (!answer->failed && n_fds != n_taps)) {
        for (size_t i = 0; i < n_fds; i++)
            close(tap_fds[i]);
        return error_set(err, ERROR_SYSTEM, "the process in the network namespace died");
    }
    if (answer->failed) {
        *err = answer->error;
        return -1;
    }
    return 0;
}

static int run_inside(int netns_fd, const struct job *job, struct answer *answer, int *tap_fds,
                      struct error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_errno(err, "make a socket pair");
    _cleanup_close_ int ours = pair[0];
    _cleanup_close_ int theirs = pair[1];

    if (flock(netns_fd, LOCK_EX) < 0)
        return error_errno(err, "lock the network namespace");
    pid_t pid = fork();
    if (pid < 0) {
        error_errno(err, "fork for the network namespace");
        flock(netns_fd, LOCK_UN);
        return -1;
    }
    if (pid == 0)
        child_main(netns_fd, theirs, job);

    /* With our copy closed, the child's death reads as an empty message. */
    close(take_fd(&theirs));
    int result = receive(ours, answer, tap_fds, job->n_requests, err);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    flock(netns_fd, LOCK_UN);
    return result;
}

int net_scan(int netns_fd, struct net_interface *interfaces, size_t max, size_t *out_n, struct error *err)
{
    struct job job = {.work = do_scan};
    struct answer answer;
    if (run_inside(netns_fd, &job, &answer, NULL, err) < 0)
        return -1;
    if (answer.n > max)
        return error_set(err, ERROR_REFUSED, "the network namespace has %u interfaces, more than %zu",
                         answer.n, max);
    memcpy(interfaces, answer.interfaces, answer.n * sizeof(*interfaces));
    *out_n = answer.n;
    return 0;
}

int net_check_not_host(int netns_fd, struct error *err)
{
    static const char *const hosts[] = {"/proc/self/ns/net", "/proc/1/ns/net"};
    struct stat theirs, host;
    if (fstat(netns_fd, &theirs) < 0)
        return error_errno(err, "look at the network namespace");
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (stat(hosts[i], &host) == 0 && host.st_dev == theirs.st_dev && host.st_ino == theirs.st_ino)
            return error_set(
                err, ERROR_REFUSED,
                "the container is in the host's network namespace: a guest would take the host's "
                "interfaces away (use a network of its own, or none)");
    }
    return 0;
}

static void fill_start_net(struct start_net *net, const char *device, const struct net_interface *interface)
{
    memset(net, 0, sizeof(*net));
    snprintf(net->name, sizeof(net->name), "%s", device);
    memcpy(net->mac, interface->mac, sizeof(net->mac));
    net->mtu = interface->mtu;
    memcpy(net->ipv4, interface->ipv4, sizeof(net->ipv4));
    memcpy(net->ipv4_gateway, interface->ipv4_gateway, sizeof(net->ipv4_gateway));
    net->ipv4_prefix = interface->ipv4_prefix;
    memcpy(net->ipv6, interface->ipv6, sizeof(net->ipv6));
    memcpy(net->ipv6_gateway, interface->ipv6_gateway, sizeof(net->ipv6_gateway));
    net->ipv6_prefix = interface->ipv6_prefix;
}

int net_attach(int netns_fd, const struct net_request *requests, size_t n, struct start_message *message,
               int *tap_fds, struct error *err)
{
    struct job job = {.work = do_attach, .requests = requests, .n_requests = n};
    struct answer answer;

    if (n == 0)
        return 0;
    if (n > NET_INTERFACES_MAX)
        return error_set(err, ERROR_REFUSED, "%zu network devices, more than %d", n, NET_INTERFACES_MAX);
    if (net_check_not_host(netns_fd, err) < 0 || run_inside(netns_fd, &job, &answer, tap_fds, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        fill_start_net(&message->nets[i], requests[i].device, &answer.interfaces[i]);
    message->n_nets = (uint32_t)n;
    message->n_addresses = (uint32_t)answer.routing.n_addresses;
    message->n_routes = (uint32_t)answer.routing.n_routes;
    memcpy(message->addresses, answer.routing.addresses, sizeof(message->addresses));
    memcpy(message->routes, answer.routing.routes, sizeof(message->routes));
    if (answer.routing.is_cut)
        log_line(LOG_LEVEL_WARNING,
                 "the guest is told of %d addresses and %d routes only, and there are more",
                 START_ADDRESSES_MAX, START_ROUTES_MAX);
    return 0;
}

int net_detach(int netns_fd, struct error *err)
{
    struct job job = {.work = do_detach};
    struct answer answer;
    return run_inside(netns_fd, &job, &answer, NULL, err);
}
