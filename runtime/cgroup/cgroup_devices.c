/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program goes through the rules from the last to the first, with the kinds of access that are still
 * undecided in r2. A rule for another device is jumped over. One that allows decides its kinds, and the
 * answer is yes when none is left; one that denies ends with no if it is about one of them. Whatever is
 * undecided at the end is allowed.
 *
 *     r2 = access asked for, r3 = type, r4 = major, r5 = minor      (struct bpf_cgroup_dev_ctx)
 */
#include "cgroup_devices.h"

#include "base/bpf.h"
#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#define PROGRAM_NAME "wherry_devices"
#define ATTACHED_MAX 64

/* Above any device number's parts (MINORBITS): such a rule is about no device. */
#define NUMBER_MAX 0xfffff

/* A rule's jumps lead to the next rule, whose place is known when the rule is complete. */
struct writer {
    struct bpf_insn *program;
    size_t n;
    size_t jumps[8], n_jumps;
};

static void put(struct writer *w, struct bpf_insn insn)
{
    w->program[w->n++] = insn;
}

static void put_jump(struct writer *w, struct bpf_insn insn)
{
    w->jumps[w->n_jumps++] = w->n;
    put(w, insn);
}

static void land_jumps(struct writer *w)
{
    for (size_t i = 0; i < w->n_jumps; i++)
        w->program[w->jumps[i]].off = (int16_t)(w->n - w->jumps[i] - 1);
    w->n_jumps = 0;
}

static uint32_t access_bits(const char *access)
{
    return (strchr(access, 'm') != NULL ? BPF_DEVCG_ACC_MKNOD : 0u) |
           (strchr(access, 'r') != NULL ? BPF_DEVCG_ACC_READ : 0u) |
           (strchr(access, 'w') != NULL ? BPF_DEVCG_ACC_WRITE : 0u);
}

static void put_rule(struct writer *w, const struct config_device_rule *rule)
{
    uint32_t access = access_bits(rule->access);
    if (rule->type != 'a')
        put_jump(
            w, BPF_IF_NUM(BPF_JNE, BPF_REG_3, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
    if (rule->has_major && rule->major >= 0)
        put_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_4, rule->major));
    if (rule->has_minor && rule->minor >= 0)
        put_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_5, rule->minor));
    if (rule->allow) {
        put(w, BPF_ALU_NUM(BPF_AND, BPF_REG_2, ~access));
        put_jump(w, BPF_IF_NUM(BPF_JNE, BPF_REG_2, 0));
    } else {
        put(w, BPF_COPY(BPF_REG_0, BPF_REG_2));
        put(w, BPF_ALU_NUM(BPF_AND, BPF_REG_0, access));
        put_jump(w, BPF_IF_NUM(BPF_JEQ, BPF_REG_0, 0));
    }
    put(w, BPF_SET(BPF_REG_0, rule->allow));
    put(w, BPF_RETURN);
    land_jumps(w);
}

int cgroup_devices_compile(const struct config_device_rule *rules, size_t n,
                           struct bpf_insn program[CGROUP_DEVICES_PROGRAM_MAX], size_t *out_n,
                           struct error *err)
{
    struct writer w = {.program = program};
    if (n > CGROUP_DEVICES_RULES_MAX)
        return error_set(err, ERROR_REFUSED, "%zu rules, more than %d", n, CGROUP_DEVICES_RULES_MAX);
    put(&w, BPF_LOAD(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type)));
    put(&w, BPF_COPY(BPF_REG_3, BPF_REG_2));
    put(&w, BPF_ALU_NUM(BPF_AND, BPF_REG_3, 0xffff));
    put(&w, BPF_ALU_NUM(BPF_RSH, BPF_REG_2, 16));
    put(&w, BPF_LOAD(BPF_W, BPF_REG_4, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major)));
    put(&w, BPF_LOAD(BPF_W, BPF_REG_5, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor)));
    for (size_t i = n; i-- > 0;) {
        if (rules[i].major <= NUMBER_MAX && rules[i].minor <= NUMBER_MAX)
            put_rule(&w, &rules[i]);
    }
    put(&w, BPF_SET(BPF_REG_0, 1));
    put(&w, BPF_RETURN);
    *out_n = w.n;
    return 0;
}

/* Other programs (systemd's) may be attached too: all of them must allow an access. */
static int attach(int cgroup_fd, int program_fd, struct error *err)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.target_fd = (uint32_t)cgroup_fd;
    attr.attach_bpf_fd = (uint32_t)program_fd;
    attr.attach_type = BPF_CGROUP_DEVICE;
    attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (bpf_call(BPF_PROG_ATTACH, &attr) < 0)
        return error_errno(err, "attach a BPF program");
    return 0;
}

static int find_attached(int cgroup_fd, uint32_t ids[ATTACHED_MAX], size_t *out_n, struct error *err)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.query.target_fd = (uint32_t)cgroup_fd;
    attr.query.attach_type = BPF_CGROUP_DEVICE;
    attr.query.prog_ids = (uintptr_t)ids;
    attr.query.prog_cnt = ATTACHED_MAX;
    if (bpf_call(BPF_PROG_QUERY, &attr) < 0)
        return error_errno(err, "list the BPF programs");
    *out_n = attr.query.prog_cnt;
    return 0;
}

static int detach_if_ours(int cgroup_fd, uint32_t id, struct error *err)
{
    union bpf_attr attr;
    struct bpf_prog_info info;
    memset(&attr, 0, sizeof(attr));
    attr.prog_id = id;
    _cleanup_close_ int fd = bpf_call(BPF_PROG_GET_FD_BY_ID, &attr);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(err, "open BPF program %u", id);

    memset(&info, 0, sizeof(info));
    memset(&attr, 0, sizeof(attr));
    attr.info.bpf_fd = (uint32_t)fd;
    attr.info.info_len = sizeof(info);
    attr.info.info = (uintptr_t)&info;
    if (bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0)
        return error_errno(err, "look at BPF program %u", id);
    if (strcmp(info.name, PROGRAM_NAME) != 0)
        return 0;

    memset(&attr, 0, sizeof(attr));
    attr.target_fd = (uint32_t)cgroup_fd;
    attr.attach_bpf_fd = (uint32_t)fd;
    attr.attach_type = BPF_CGROUP_DEVICE;
    if (bpf_call(BPF_PROG_DETACH, &attr) < 0)
        return error_errno(err, "detach BPF program %u", id);
    return 0;
}

/* The old program goes after the new one has come: at no time is everything allowed. */
int cgroup_devices_attach(const char *dir, const struct config_device_rule *rules, size_t n,
                          struct error *err)
{
    struct bpf_insn program[CGROUP_DEVICES_PROGRAM_MAX];
    _cleanup_close_ int cgroup_fd = -1, program_fd = -1;
    uint32_t old[ATTACHED_MAX];
    size_t n_insns, n_old = 0;

    if (cgroup_devices_compile(rules, n, program, &n_insns, err) < 0 ||
        fd_open(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0, &cgroup_fd, err) < 0 ||
        bpf_load(BPF_PROG_TYPE_CGROUP_DEVICE, PROGRAM_NAME, program, n_insns, &program_fd, err) < 0 ||
        find_attached(cgroup_fd, old, &n_old, err) < 0 || attach(cgroup_fd, program_fd, err) < 0)
        return -1;
    for (size_t i = 0; i < n_old; i++) {
        if (detach_if_ours(cgroup_fd, old[i], err) < 0)
            return -1;
    }
    return 0;
}
