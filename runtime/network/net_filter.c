/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filters hang at the hooks of a clsact queueing discipline, under a priority of our own, so that they
 * can be told from others' filters and be replaced without knowing how they were made. Plain redirection is
 * u32 with a mirred action, which every distribution's kernel has had for many years. When its target is
 * gone, the frame is dropped.
 */
#include "net_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>

#define PRIORITY    0x7768u /* "wh" */
#define FILTER_INFO TC_H_MAKE(PRIORITY << 16, htons(ETH_P_ALL))

static uint32_t hook_of(const struct net_filter_place *place)
{
    return TC_H_MAKE(TC_H_CLSACT, place->hook == NET_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

static struct nlmsghdr *begin(void *buf, uint16_t type, uint16_t flags, const struct tcmsg *message)
{
    struct nlmsghdr *request = netlink_begin(buf, type, flags);
    struct tcmsg *tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
    *tc = *message;
    return request;
}

/* An engine's own clsact or ingress discipline is as good: both have the hook, and there can only be one. */
static int ensure_hook(struct netlink *nl, int32_t index, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request =
        begin(buf, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL,
              &(struct tcmsg){
                  .tcm_ifindex = index, .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0), .tcm_parent = TC_H_CLSACT});
    mnl_attr_put_strz(request, TCA_KIND, "clsact");
    if (netlink_request(nl, request, "add the ingress hook", err) < 0 && err->errnum != EEXIST)
        return -1;
    return 0;
}

static struct nlmsghdr *begin_filter(void *buf, uint16_t type, uint16_t flags,
                                     const struct net_filter_place *place)
{
    return begin(buf, type, flags,
                 &(struct tcmsg){.tcm_ifindex = place->interface,
                                 .tcm_handle = place->number,
                                 .tcm_parent = hook_of(place),
                                 .tcm_info = FILTER_INFO});
}

static int add_u32(struct netlink *nl, int32_t from, int32_t to, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request = begin_filter(buf, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
                                            &(struct net_filter_place){.interface = from});
    struct tc_mirred mirred = {.action = TC_ACT_STOLEN, .eaction = TCA_EGRESS_REDIR, .ifindex = (uint32_t)to};
    /* The selector ends with its keys: one, with an empty mask, is true for every frame. */
    union {
        struct tc_u32_sel selector;
        char room[sizeof(struct tc_u32_sel) + sizeof(struct tc_u32_key)];
    } match;
    memset(&match, 0, sizeof(match));
    match.selector.flags = TC_U32_TERMINAL;
    match.selector.nkeys = 1;

    mnl_attr_put_strz(request, TCA_KIND, "u32");
    struct nlattr *options = mnl_attr_nest_start(request, TCA_OPTIONS);
    mnl_attr_put(request, TCA_U32_SEL, sizeof(match), &match);
    struct nlattr *actions = mnl_attr_nest_start(request, TCA_U32_ACT);
    struct nlattr *first = mnl_attr_nest_start(request, 1);
    mnl_attr_put_strz(request, TCA_ACT_KIND, "mirred");
    struct nlattr *parameters = mnl_attr_nest_start(request, TCA_ACT_OPTIONS);
    mnl_attr_put(request, TCA_MIRRED_PARMS, sizeof(mirred), &mirred);
    mnl_attr_nest_end(request, parameters);
    mnl_attr_nest_end(request, first);
    mnl_attr_nest_end(request, actions);
    mnl_attr_nest_end(request, options);
    return netlink_request(nl, request, "add a u32 filter", err);
}

static int add_bpf(struct netlink *nl, const struct net_filter_place *place, int program_fd,
                   struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request = begin_filter(buf, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, place);
    mnl_attr_put_strz(request, TCA_KIND, "bpf");
    struct nlattr *options = mnl_attr_nest_start(request, TCA_OPTIONS);
    mnl_attr_put_u32(request, TCA_BPF_FD, (uint32_t)program_fd);
    mnl_attr_put_strz(request, TCA_BPF_NAME, "wherry");
    mnl_attr_put_u32(request, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
    mnl_attr_nest_end(request, options);
    return netlink_request(nl, request, "add a BPF filter", err);
}

/* EINVAL: there is no hook at all. ENODEV: no interface. */
static int remove_filter(struct netlink *nl, const struct net_filter_place *place, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request = begin_filter(buf, RTM_DELTFILTER, 0, place);
    if (place->number != 0)
        mnl_attr_put_strz(request, TCA_KIND, "bpf");
    if (netlink_request(nl, request, "remove a filter", err) < 0 && err->errnum != ENOENT &&
        err->errnum != EINVAL && err->errnum != ENODEV)
        return -1;
    return 0;
}

static int count_filter(const struct nlmsghdr *message, void *data)
{
    (void)message;
    *(size_t *)data += 1;
    return MNL_CB_OK;
}

static int remove_empty_hooks(struct netlink *nl, int32_t interface, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    size_t n = 0;
    for (int hook = NET_INGRESS; hook <= NET_EGRESS; hook++) {
        const struct net_filter_place place = {.interface = interface, .hook = (enum net_hook)hook};
        struct nlmsghdr *question = begin(
            buf, RTM_GETTFILTER, 0, &(struct tcmsg){.tcm_ifindex = interface, .tcm_parent = hook_of(&place)});
        if (netlink_dump(nl, question, count_filter, &n, "list filters", err) < 0)
            return -1;
    }
    if (n > 0)
        return 0;
    struct nlmsghdr *request = begin(buf, RTM_DELQDISC, 0,
                                     &(struct tcmsg){.tcm_ifindex = interface,
                                                     .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
                                                     .tcm_parent = TC_H_CLSACT});
    mnl_attr_put_strz(request, TCA_KIND, "clsact");
    if (netlink_request(nl, request, "remove the hooks", err) < 0 && err->errnum != ENOENT &&
        err->errnum != EINVAL && err->errnum != ENODEV)
        return -1;
    return 0;
}

int net_filter_remove(struct netlink *nl, const struct net_filter_place *place, struct error *err)
{
    if (remove_filter(nl, place, err) < 0)
        return -1;
    return remove_empty_hooks(nl, place->interface, err);
}

int net_filter_redirect(struct netlink *nl, int32_t from, int32_t to, struct error *err)
{
    if (ensure_hook(nl, from, err) < 0 ||
        remove_filter(nl, &(struct net_filter_place){.interface = from}, err) < 0)
        return -1;
    return add_u32(nl, from, to, err);
}

int net_filter_run(struct netlink *nl, const struct net_filter_place *place, int program_fd,
                   struct error *err)
{
    struct net_filter_place cleared = *place;
    if (place->hook == NET_INGRESS)
        cleared.number = 0; /* a plain redirection too, which has no number */
    if (ensure_hook(nl, place->interface, err) < 0 || remove_filter(nl, &cleared, err) < 0)
        return -1;
    return add_bpf(nl, place, program_fd, err);
}

struct search {
    uint32_t number; /* 0: any */
    uint32_t id;
};

static int find_id(const struct nlattr *attr, void *data)
{
    uint32_t *id = data;
    if (mnl_attr_get_type(attr) == TCA_BPF_ID && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
        *id = mnl_attr_get_u32(attr);
    return MNL_CB_OK;
}

/* TCA_BPF_ID is an attribute of "bpf" filters only, but other kinds may use its number for something else. */
static int find_options(const struct nlattr *attr, void *data)
{
    uint32_t *id = data;
    if (mnl_attr_get_type(attr) == TCA_KIND && strcmp(mnl_attr_get_str(attr), "bpf") != 0)
        return MNL_CB_STOP;
    if (mnl_attr_get_type(attr) == TCA_OPTIONS)
        mnl_attr_parse_nested(attr, find_id, id);
    return MNL_CB_OK;
}

static int each_filter(const struct nlmsghdr *message, void *data)
{
    struct search *search = data;
    const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
    if (TC_H_MAJ(tc->tcm_info) == PRIORITY << 16 && (search->number == 0 || tc->tcm_handle == search->number))
        mnl_attr_parse(message, sizeof(*tc), find_options, &search->id);
    return MNL_CB_OK;
}

int net_filter_find(struct netlink *nl, const struct net_filter_place *place, uint32_t *out_program_id,
                    struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct search search = {.number = place->number};
    struct nlmsghdr *request =
        begin(buf, RTM_GETTFILTER, 0,
              &(struct tcmsg){.tcm_ifindex = place->interface, .tcm_parent = hook_of(place)});
    if (netlink_dump(nl, request, each_filter, &search, "list filters", err) < 0)
        return -1;
    *out_program_id = search.id;
    return 0;
}
