/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter hangs at the ingress hook of a clsact queueing discipline, under a priority of our own, so that
 * it can be told from others' filters and be replaced without knowing how it was made. u32 with mirred is
 * tried first: every distribution's kernel has had both for many years. The alternative is a "direct action"
 * BPF classifier,
 *
 *     r1 = TO;  r2 = 0 (egress);  call bpf_redirect;  exit
 *
 * whose result is the verdict (bpf-helpers(7)). When TO is gone, either of them drops the frame.
 */
#include "net_filter.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PRIORITY    0x7768u /* "wh" */
#define FILTER_INFO TC_H_MAKE(PRIORITY << 16, htons(ETH_P_ALL))
#define INGRESS     TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)

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

static int add_u32(struct netlink *nl, int32_t from, int32_t to, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request =
        begin(buf, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
              &(struct tcmsg){.tcm_ifindex = from, .tcm_parent = INGRESS, .tcm_info = FILTER_INFO});
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

static int load_program(int32_t to, int *out_fd, struct error *err)
{
    struct bpf_insn program[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = to},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attr.insns = (uintptr_t)program;
    attr.insn_cnt = sizeof(program) / sizeof(program[0]);
    attr.license = (uintptr_t) "Apache-2.0";
    memcpy(attr.prog_name, "wherry", sizeof("wherry"));

    long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
    if (fd < 0)
        return error_errno(err, "load a BPF program");
    *out_fd = (int)fd;
    return 0;
}

static int add_bpf(struct netlink *nl, int32_t from, int32_t to, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    _cleanup_close_ int fd = -1; /* the filter keeps the program alive */
    if (load_program(to, &fd, err) < 0)
        return -1;
    struct nlmsghdr *request =
        begin(buf, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
              &(struct tcmsg){.tcm_ifindex = from, .tcm_parent = INGRESS, .tcm_info = FILTER_INFO});
    mnl_attr_put_strz(request, TCA_KIND, "bpf");
    struct nlattr *options = mnl_attr_nest_start(request, TCA_OPTIONS);
    mnl_attr_put_u32(request, TCA_BPF_FD, (uint32_t)fd);
    mnl_attr_put_strz(request, TCA_BPF_NAME, "wherry");
    mnl_attr_put_u32(request, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
    mnl_attr_nest_end(request, options);
    return netlink_request(nl, request, "add a BPF filter", err);
}

int net_filter_remove(struct netlink *nl, int32_t from, struct error *err)
{
    char buf[NETLINK_REQUEST_SIZE];
    struct nlmsghdr *request =
        begin(buf, RTM_DELTFILTER, 0,
              &(struct tcmsg){.tcm_ifindex = from, .tcm_parent = INGRESS, .tcm_info = FILTER_INFO});
    /* EINVAL: there is no hook at all. ENODEV: no interface. */
    if (netlink_request(nl, request, "remove a filter", err) < 0 && err->errnum != ENOENT &&
        err->errnum != EINVAL && err->errnum != ENODEV)
        return -1;
    return 0;
}

int net_filter_redirect_by(struct netlink *nl, enum net_filter_method method, int32_t from, int32_t to,
                           struct error *err)
{
    if (ensure_hook(nl, from, err) < 0 || net_filter_remove(nl, from, err) < 0)
        return -1;
    return method == NET_FILTER_U32 ? add_u32(nl, from, to, err) : add_bpf(nl, from, to, err);
}

int net_filter_redirect(struct netlink *nl, int32_t from, int32_t to, struct error *err)
{
    struct error by_u32, by_bpf;
    if (net_filter_redirect_by(nl, NET_FILTER_U32, from, to, &by_u32) == 0 ||
        net_filter_redirect_by(nl, NET_FILTER_BPF, from, to, &by_bpf) == 0)
        return 0;
    *err = by_u32;
    return error_wrap(err, "redirect frames (also tried: %s)", by_bpf.text);
}
