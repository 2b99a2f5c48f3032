/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three BPF programs: at the ingress of the interface, at that of each tap, and at the egress of lo
 * (net_program.h). They share three maps: who the guests are, which guest has a port, and who has refused
 * what. Nothing but the filters keeps the maps alive, and through them they are found again. The map of
 * guests also remembers lo's settings.
 */
#include "net_steer.h"

#include "base/bpf.h"
#include "base/cleanup.h"
#include "net_code.h"
#include "net_filter.h"
#include "net_loopback.h"
#include "net_program.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define GUESTS_NAME   "wherry_guests"
#define OWNERS_NAME   "wherry_owners"
#define OWNERS_MAX    4096
#define REFUSALS_NAME "wherry_refusals"
#define REFUSALS_MAX  1024
#define LO_INDEX      1

/* Bits of net_guests.lo_settings: lo's settings before there were guests. */
enum { LO_ACCEPT_LOCAL = 1, LO_ROUTE_LOCALNET = 2 };

static const struct bpf_map_shape guests_shape = {GUESTS_NAME, BPF_MAP_TYPE_ARRAY, 4,
                                                  sizeof(struct net_guests), 1};
static const struct bpf_map_shape owners_shape = {OWNERS_NAME, BPF_MAP_TYPE_LRU_HASH, 4, 4, OWNERS_MAX};
static const struct bpf_map_shape refusals_shape = {REFUSALS_NAME, BPF_MAP_TYPE_LRU_HASH,
                                                    sizeof(struct net_refusal), 4, REFUSALS_MAX};

static void close_maps(const struct net_maps *maps)
{
    cleanup_close(&maps->guests_fd);
    cleanup_close(&maps->owners_fd);
    cleanup_close(&maps->refusals_fd);
}

static const struct net_maps no_maps = {-1, -1, -1};

static int open_by_id(int command, uint32_t id)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.prog_id = id; /* in the same place for programs and maps */
    return bpf_call(command, &attr);
}

static int get_info(int fd, void *info, uint32_t size)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.info.bpf_fd = (uint32_t)fd;
    attr.info.info_len = size;
    attr.info.info = (uintptr_t)info;
    return bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

static int *place_of_map(struct net_maps *maps, const char *name)
{
    return strcmp(name, GUESTS_NAME) == 0     ? &maps->guests_fd
           : strcmp(name, OWNERS_NAME) == 0   ? &maps->owners_fd
           : strcmp(name, REFUSALS_NAME) == 0 ? &maps->refusals_fd
                                              : NULL;
}

/* Opens the maps of a program that runs already. Whatever else it may be: then the maps are not found. */
static bool open_maps_of(uint32_t program_id, struct net_maps *maps)
{
    uint32_t ids[4] = {0};
    struct bpf_prog_info program = {.nr_map_ids = 4, .map_ids = (uintptr_t)ids};
    _cleanup_close_ int fd = open_by_id(BPF_PROG_GET_FD_BY_ID, program_id);
    if (fd < 0 || get_info(fd, &program, sizeof(program)) < 0)
        return false;
    for (uint32_t i = 0; i < program.nr_map_ids && i < 4; i++) {
        struct bpf_map_info map = {.type = 0};
        int map_fd = open_by_id(BPF_MAP_GET_FD_BY_ID, ids[i]);
        int *out_fd = NULL;
        if (map_fd >= 0 && get_info(map_fd, &map, sizeof(map)) == 0)
            out_fd = place_of_map(maps, map.name);
        if (out_fd != NULL && *out_fd < 0)
            *out_fd = map_fd;
        else
            cleanup_close(&map_fd);
    }
    return maps->guests_fd >= 0 && maps->owners_fd >= 0;
}

static int make_maps(struct net_maps *maps, struct error *err)
{
    close_maps(maps);
    *maps = no_maps;
    if (bpf_map_make(&guests_shape, &maps->guests_fd, err) < 0 ||
        bpf_map_make(&owners_shape, &maps->owners_fd, err) < 0 ||
        bpf_map_make(&refusals_shape, &maps->refusals_fd, err) < 0)
        return -1;
    return 0;
}

static int map_call(int command, int map_fd, const void *key, void *value)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.map_fd = (uint32_t)map_fd;
    attr.key = (uintptr_t)key;
    attr.value = (uintptr_t)value; /* or next_key */
    return bpf_call(command, &attr);
}

static bool is_one_of(uint32_t tap, const struct net_guests *guests)
{
    for (size_t i = 0; i < NET_STEER_GUESTS_MAX; i++) {
        if (tap == guests->taps[i])
            return true;
    }
    return false;
}

/* Deleting the key that the walk stands on would start it anew, so the next one is looked up first. */
static void forget_ports(int owners_fd, const struct net_guests *guests)
{
    uint32_t key = 0, next = 0, owner = 0;
    bool has_key = map_call(BPF_MAP_GET_NEXT_KEY, owners_fd, NULL, &key) == 0;
    for (size_t steps = 0; has_key && steps < 2 * OWNERS_MAX; steps++) {
        has_key = map_call(BPF_MAP_GET_NEXT_KEY, owners_fd, &key, &next) == 0;
        if (map_call(BPF_MAP_LOOKUP_ELEM, owners_fd, &key, &owner) == 0 && !is_one_of(owner, guests))
            map_call(BPF_MAP_DELETE_ELEM, owners_fd, &key, NULL);
        key = next;
    }
}

static bool has_address(const uint8_t ipv6[16])
{
    static const uint8_t none[16];
    return memcmp(ipv6, none, sizeof(none)) != 0;
}

/* The kernel counts indexes up, so the lowest one is the oldest tap's. */
static void describe_guests(const struct net_interface *interface, const int32_t *taps,
                            struct net_guests *out)
{
    for (unsigned int i = 0; i < NET_STEER_GUESTS_MAX; i++) {
        out->taps[i] = (uint32_t)taps[i];
        if (taps[i] == 0)
            continue;
        out->n++;
        out->slots |= 1u << i;
        if (out->first == 0 || out->taps[i] < out->first)
            out->first = out->taps[i];
    }
    out->mtu = interface->mtu;
    memcpy(out->ipv4, interface->ipv4, sizeof(out->ipv4));
    memcpy(out->ipv6, interface->ipv6, sizeof(out->ipv6));
    memcpy(out->mac, interface->mac, sizeof(interface->mac));
}

static int write_guests(const struct net_maps *maps, struct net_guests *guests, struct error *err)
{
    uint32_t key = 0;
    if (map_call(BPF_MAP_UPDATE_ELEM, maps->guests_fd, &key, guests) < 0)
        return error_errno(err, "write BPF map '%s'", GUESTS_NAME);
    forget_ports(maps->owners_fd, guests);
    return 0;
}

static struct net_filter_place at_interface(int32_t interface)
{
    return (struct net_filter_place){.interface = interface, .hook = NET_INGRESS, .number = 1};
}

/* Interfaces share lo: the filter's number says whose it is, 0 is any. */
static struct net_filter_place at_lo(int32_t interface)
{
    return (struct net_filter_place){
        .interface = LO_INDEX, .hook = NET_EGRESS, .number = (uint32_t)interface};
}

static int run_program(struct netlink *nl, const struct net_filter_place *place, const char *name,
                       struct bpf_writer *w, struct error *err)
{
    _cleanup_close_ int fd = -1;
    bpf_finish(w);
    if (bpf_load(BPF_PROG_TYPE_SCHED_CLS, name, w->insns, w->n, &fd, err) < 0)
        return -1;
    return net_filter_run(nl, place, fd, err);
}

/* What is remembered of the time before the first guest of any interface, and whose program is the oldest one
 * at lo. */
struct lo_state {
    bool is_remembered;
    uint32_t settings;
    uint32_t oldest_id;
};

static int find_lo_state(struct netlink *nl, struct lo_state *out, struct error *err)
{
    _cleanup_(close_maps) struct net_maps maps = no_maps;
    const struct net_filter_place place = at_lo(0);
    struct net_guests guests;
    struct net_loopback settings;
    uint32_t key = 0;
    if (net_filter_find(nl, &place, &out->oldest_id, err) < 0)
        return -1;
    out->is_remembered = out->oldest_id != 0 && open_maps_of(out->oldest_id, &maps) &&
                         map_call(BPF_MAP_LOOKUP_ELEM, maps.guests_fd, &key, &guests) == 0;
    if (out->is_remembered) {
        out->settings = guests.lo_settings;
        return 0;
    }
    if (net_loopback_find(nl, &settings, err) < 0)
        return -1;
    out->settings =
        (settings.accept_local ? LO_ACCEPT_LOCAL : 0u) | (settings.route_localnet ? LO_ROUTE_LOCALNET : 0u);
    return 0;
}

/* The interface that has had guests for the longest time is at home at 127.0.0.1. */
static int describe_lo(struct netlink *nl, int32_t interface, struct net_guests *guests, struct error *err)
{
    const struct net_filter_place place = at_lo(interface);
    struct lo_state state;
    uint32_t own_id;
    if (find_lo_state(nl, &state, err) < 0 || net_filter_find(nl, &place, &own_id, err) < 0)
        return -1;
    guests->lo_settings = state.settings;
    guests->is_home = state.oldest_id == own_id;
    return 0;
}

/* Existing programs go on as they are: they read all that changes from the maps. */
static int run_outward(struct netlink *nl, struct net_outward *outward, const int32_t *taps,
                       bool are_maps_new, struct error *err)
{
    for (int i = 0; i < NET_STEER_GUESTS_MAX; i++) {
        const struct net_filter_place place = at_interface(taps[i]);
        uint32_t program_id = 0;
        if (taps[i] == 0)
            continue;
        if (net_filter_find(nl, &place, &program_id, err) < 0)
            return -1;
        if (program_id != 0 && !are_maps_new)
            continue;
        struct bpf_writer writer = {.n = 0};
        outward->slot = i;
        net_program_outward(&writer, outward);
        if (run_program(nl, &place, "wherry_outward", &writer, err) < 0)
            return -1;
    }
    return 0;
}

static int run_local(struct netlink *nl, const struct net_outward *outward, struct error *err)
{
    const struct net_filter_place place = at_lo(outward->interface);
    struct bpf_writer writer = {.n = 0};
    net_program_local(&writer, outward->maps, outward->has_ipv6);
    return run_program(nl, &place, "wherry_local", &writer, err);
}

/* Opens the maps of the programs that run, if they are for the same kinds of addresses. */
static bool find_maps(uint32_t program_id, bool has_ipv6, struct net_maps *maps)
{
    struct net_guests guests;
    uint32_t key = 0;
    return program_id != 0 && open_maps_of(program_id, maps) && maps->refusals_fd >= 0 &&
           map_call(BPF_MAP_LOOKUP_ELEM, maps->guests_fd, &key, &guests) == 0 &&
           has_address(guests.ipv6) == has_ipv6;
}

int net_steer_set(struct netlink *nl, const struct net_interface *interface, const int32_t *taps,
                  struct error *err)
{
    _cleanup_(close_maps) struct net_maps maps = no_maps;
    const struct net_filter_place place = at_interface(interface->index);
    struct net_outward outward = {
        .maps = &maps, .interface = interface->index, .has_ipv6 = has_address(interface->ipv6)};
    struct net_guests guests = {.n = 0};
    uint32_t program_id = 0;

    describe_guests(interface, taps, &guests);
    if (net_filter_find(nl, &place, &program_id, err) < 0 ||
        describe_lo(nl, interface->index, &guests, err) < 0)
        return -1;
    bool is_running = find_maps(program_id, outward.has_ipv6, &maps);
    if ((!is_running && make_maps(&maps, err) < 0) || write_guests(&maps, &guests, err) < 0 ||
        run_outward(nl, &outward, taps, !is_running, err) < 0)
        return -1;
    if (is_running)
        return 0;
    struct bpf_writer inward = {.n = 0};
    net_program_inward(&inward, &maps);
    if (run_program(nl, &place, "wherry_inward", &inward, err) < 0 || run_local(nl, &outward, err) < 0)
        return -1;
    return net_loopback_open(nl, outward.has_ipv6, err);
}

int net_steer_unset(struct netlink *nl, int32_t interface, struct error *err)
{
    struct net_filter_place ingress = at_interface(interface), egress = at_lo(interface);
    ingress.number = 0;
    if (net_filter_remove(nl, &ingress, err) < 0)
        return -1;
    return net_filter_remove(nl, &egress, err);
}

int net_steer_close(struct netlink *nl, struct error *err)
{
    const struct net_filter_place place = at_lo(0);
    struct lo_state state;
    if (find_lo_state(nl, &state, err) < 0)
        return -1;
    if (!state.is_remembered)
        return 0;
    const struct net_loopback settings = {.accept_local = (state.settings & LO_ACCEPT_LOCAL) != 0,
                                          .route_localnet = (state.settings & LO_ROUTE_LOCALNET) != 0};
    if (net_loopback_close(nl, &settings, err) < 0)
        return -1;
    return net_filter_remove(nl, &place, err);
}
