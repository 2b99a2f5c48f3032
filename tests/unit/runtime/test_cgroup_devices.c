/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled programs are run by a small interpreter of the instructions that they are made of. */
#include "cgroup_devices.h"
#include "unit.h"

#include <string.h>

static uint32_t field(const struct bpf_cgroup_dev_ctx *context, int16_t off)
{
    uint32_t value;
    memcpy(&value, (const char *)context + off, sizeof(value));
    return value;
}

/* The program's result. Falling out of it, or another instruction, fails the test. */
static uint64_t execute(const struct bpf_insn *program, size_t n, const struct bpf_cgroup_dev_ctx *context)
{
    uint64_t r[11] = {0};
    for (size_t at = 0; at < n; at++) {
        const struct bpf_insn *i = &program[at];
        uint64_t imm = (uint64_t)(int64_t)i->imm;
        switch (i->code) {
        case BPF_LDX | BPF_MEM | BPF_W:
            r[i->dst_reg] = field(context, i->off);
            break;
        case BPF_ALU64 | BPF_MOV | BPF_X:
            r[i->dst_reg] = r[i->src_reg];
            break;
        case BPF_ALU64 | BPF_MOV | BPF_K:
            r[i->dst_reg] = imm;
            break;
        case BPF_ALU64 | BPF_AND | BPF_K:
            r[i->dst_reg] &= imm;
            break;
        case BPF_ALU64 | BPF_RSH | BPF_K:
            r[i->dst_reg] >>= imm;
            break;
        case BPF_JMP | BPF_JNE | BPF_K:
            at += r[i->dst_reg] != imm ? (size_t)i->off : 0;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += r[i->dst_reg] == imm ? (size_t)i->off : 0;
            break;
        case BPF_JMP | BPF_EXIT:
            return r[0];
        default:
            ck_abort_msg("instruction %zu: code %x", at, i->code);
        }
    }
    ck_abort_msg("no exit");
}

static bool is_allowed(const struct config_device_rule *rules, size_t n, char type, uint32_t major,
                       uint32_t minor, const char *access)
{
    struct bpf_insn program[CGROUP_DEVICES_PROGRAM_MAX];
    struct error err = {0};
    size_t n_insns;
    uint32_t bits = (strchr(access, 'm') != NULL ? BPF_DEVCG_ACC_MKNOD : 0u) |
                    (strchr(access, 'r') != NULL ? BPF_DEVCG_ACC_READ : 0u) |
                    (strchr(access, 'w') != NULL ? BPF_DEVCG_ACC_WRITE : 0u);
    struct bpf_cgroup_dev_ctx context = {
        .access_type = bits << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
        .major = major,
        .minor = minor,
    };
    ck_assert_ok(cgroup_devices_compile(rules, n, program, &n_insns, &err), err);
    return execute(program, n_insns, &context) == 1;
}

START_TEST(without_rules_everything_is_allowed)
{
    ck_assert(is_allowed(NULL, 0, 'c', 1, 3, "rwm"));
}
END_TEST

/* What engines send: nothing, then a few devices. */
static const struct config_device_rule usual[] = {
    {.allow = false, .type = 'a', .access = "rwm"},
    {.allow = true,
     .type = 'c',
     .has_major = true,
     .major = 1,
     .has_minor = true,
     .minor = 3,
     .access = "rwm"},
    {.allow = true,
     .type = 'c',
     .has_major = true,
     .major = 136,
     .has_minor = true,
     .minor = -1,
     .access = "rw"},
    {.allow = true, .type = 'b', .access = "m"},
};

static const struct {
    char type;
    uint32_t major, minor;
    const char *access;
    bool expected;
} accesses[] = {
    {'c', 1, 3, "rw", true},   {'c', 1, 3, "m", true},      {'b', 1, 3, "r", false},
    {'c', 1, 5, "r", false},   {'c', 2, 3, "r", false},     {'c', 136, 7, "rw", true},
    {'c', 136, 7, "m", false}, {'c', 136, 0, "rwm", false}, {'b', 8, 0, "m", true},
    {'b', 8, 0, "rm", false},  {'c', 10, 232, "rw", false},
};

START_TEST(usual_rules_are_kept)
{
    ck_assert_int_eq(
        is_allowed(usual, 4, accesses[_i].type, accesses[_i].major, accesses[_i].minor, accesses[_i].access),
        accesses[_i].expected);
}
END_TEST

START_TEST(the_last_rule_wins)
{
    const struct config_device_rule rules[] = {
        {.allow = false, .type = 'c', .has_major = true, .major = 1, .access = "rwm"},
        {.allow = true,
         .type = 'c',
         .has_major = true,
         .major = 1,
         .has_minor = true,
         .minor = 3,
         .access = "r"},
        {.allow = true,
         .type = 'c',
         .has_major = true,
         .major = 1,
         .has_minor = true,
         .minor = 3,
         .access = "w"},
        {.allow = false,
         .type = 'c',
         .has_major = true,
         .major = 1,
         .has_minor = true,
         .minor = 8,
         .access = "w"},
    };
    ck_assert(is_allowed(rules, 4, 'c', 1, 3, "rw")); /* by two rules together */
    ck_assert(!is_allowed(rules, 4, 'c', 1, 3, "rwm"));
    ck_assert(!is_allowed(rules, 4, 'c', 1, 8, "w"));
    ck_assert(is_allowed(rules, 4, 'c', 2, 8, "w"));
    ck_assert(is_allowed(rules, 4, 'b', 1, 8, "rwm"));
}
END_TEST

START_TEST(numbers_beyond_any_device_match_none)
{
    const struct config_device_rule rule = {
        .allow = false, .type = 'c', .has_major = true, .major = INT64_C(1) << 32 | 1, .access = "r"};
    ck_assert(is_allowed(&rule, 1, 'c', 1, 3, "r"));
}
END_TEST

START_TEST(many_rules_fit_and_too_many_are_refused)
{
    struct config_device_rule rules[CGROUP_DEVICES_RULES_MAX + 1];
    struct bpf_insn program[CGROUP_DEVICES_PROGRAM_MAX];
    struct error err = {0};
    size_t n;
    for (size_t i = 0; i < CGROUP_DEVICES_RULES_MAX + 1; i++)
        rules[i] = (struct config_device_rule){.allow = false,
                                               .type = 'c',
                                               .has_major = true,
                                               .major = (int64_t)i,
                                               .has_minor = true,
                                               .minor = 1,
                                               .access = "rwm"};
    ck_assert(!is_allowed(rules, CGROUP_DEVICES_RULES_MAX, 'c', 0, 1, "r"));
    ck_assert(is_allowed(rules, CGROUP_DEVICES_RULES_MAX, 'c', 0, 2, "r"));
    ck_assert_fails(cgroup_devices_compile(rules, CGROUP_DEVICES_RULES_MAX + 1, program, &n, &err), err,
                    ERROR_REFUSED, "257 rules, more than 256");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cgroup_devices");
    TCase *t = unit_case(suite, "cgroup_devices");
    tcase_add_test(t, without_rules_everything_is_allowed);
    tcase_add_loop_test(t, usual_rules_are_kept, 0, sizeof(accesses) / sizeof(accesses[0]));
    tcase_add_test(t, the_last_rule_wins);
    tcase_add_test(t, numbers_beyond_any_device_match_none);
    tcase_add_test(t, many_rules_fit_and_too_many_are_refused);
    return unit_run(suite);
}
