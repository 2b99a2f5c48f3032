/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bpf.h"
#include "unit.h"

#include <string.h>

enum { AGAIN, END };

static struct bpf_writer writer;

static void set_up(void)
{
    memset(&writer, 0, sizeof(writer));
}

START_TEST(a_jump_forward_skips_what_lies_between)
{
    bpf_jump(&writer, BPF_ALWAYS, END);
    bpf_put(&writer, BPF_SET(BPF_REG_0, 1));
    bpf_put(&writer, BPF_SET(BPF_REG_0, 2));
    bpf_label(&writer, END);
    bpf_put(&writer, BPF_RETURN);
    bpf_finish(&writer);
    ck_assert_uint_eq(writer.n, 4);
    ck_assert_int_eq(writer.insns[0].off, 2);
}
END_TEST

START_TEST(a_jump_backward_counts_from_behind_itself)
{
    bpf_put(&writer, BPF_SET(BPF_REG_1, 3));
    bpf_label(&writer, AGAIN);
    bpf_put(&writer, BPF_ALU_NUM(BPF_SUB, BPF_REG_1, 1));
    bpf_jump(&writer, BPF_IF_NUM(BPF_JNE, BPF_REG_1, 0), AGAIN);
    bpf_put(&writer, BPF_RETURN);
    bpf_finish(&writer);
    ck_assert_int_eq(writer.insns[2].off, -2);
}
END_TEST

START_TEST(a_map_takes_two_instructions)
{
    bpf_put_map(&writer, BPF_REG_1, 7);
    ck_assert_uint_eq(writer.n, 2);
    ck_assert_uint_eq(writer.insns[0].code, BPF_LD | BPF_DW | BPF_IMM);
    ck_assert_uint_eq(writer.insns[0].src_reg, BPF_PSEUDO_MAP_FD);
    ck_assert_int_eq(writer.insns[0].imm, 7);
    ck_assert_uint_eq(writer.insns[1].code, 0);
}
END_TEST

START_TEST(new_labels_are_nobody_elses)
{
    unsigned int first = bpf_new_label(&writer), second = bpf_new_label(&writer);
    ck_assert_uint_ge(first, BPF_WRITER_NAMED);
    ck_assert_uint_ne(first, second);
    bpf_jump(&writer, BPF_ALWAYS, second);
    bpf_label(&writer, first);
    bpf_put(&writer, BPF_SET(BPF_REG_0, 1));
    bpf_label(&writer, second);
    bpf_put(&writer, BPF_RETURN);
    bpf_finish(&writer);
    ck_assert_int_eq(writer.insns[0].off, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf");
    TCase *t = unit_case(suite, "writer");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_test(t, a_jump_forward_skips_what_lies_between);
    tcase_add_test(t, a_jump_backward_counts_from_behind_itself);
    tcase_add_test(t, a_map_takes_two_instructions);
    tcase_add_test(t, new_labels_are_nobody_elses);
    return unit_run(suite);
}
