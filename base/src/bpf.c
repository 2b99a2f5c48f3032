/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bpf.h"

#include "base/bug.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void bpf_put(struct bpf_writer *writer, struct bpf_insn insn)
{
    BUG_ON(writer->n == BPF_WRITER_INSNS);
    writer->insns[writer->n++] = insn;
}

void bpf_jump(struct bpf_writer *writer, struct bpf_insn insn, unsigned int label)
{
    BUG_ON(writer->n_jumps == BPF_WRITER_JUMPS || label >= BPF_WRITER_LABELS);
    writer->jumps[writer->n_jumps].at = writer->n;
    writer->jumps[writer->n_jumps++].label = label;
    bpf_put(writer, insn);
}

void bpf_label(struct bpf_writer *writer, unsigned int label)
{
    BUG_ON(label >= BPF_WRITER_LABELS);
    writer->labels[label] = writer->n;
}

unsigned int bpf_new_label(struct bpf_writer *writer)
{
    BUG_ON(writer->n_new_labels == BPF_WRITER_LABELS - BPF_WRITER_NAMED);
    return BPF_WRITER_NAMED + writer->n_new_labels++;
}

/* The kernel replaces the descriptor by the map's address, which takes the room of two instructions. */
void bpf_put_map(struct bpf_writer *writer, uint8_t dst_reg, int map_fd)
{
    bpf_put(writer, BPF_INSN(.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = dst_reg,
                             .src_reg = BPF_PSEUDO_MAP_FD, .imm = map_fd));
    bpf_put(writer, BPF_INSN(.code = 0));
}

void bpf_finish(struct bpf_writer *writer)
{
    for (size_t i = 0; i < writer->n_jumps; i++) {
        size_t at = writer->jumps[i].at;
        writer->insns[at].off = (int16_t)((long)writer->labels[writer->jumps[i].label] - (long)at - 1);
    }
}

int bpf_call(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int bpf_load(uint32_t type, const char *name, const struct bpf_insn *insns, size_t n, int *out_fd,
             struct error *err)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.prog_type = type;
    attr.insns = (uintptr_t)insns;
    attr.insn_cnt = (uint32_t)n;
    attr.license = (uintptr_t) "Apache-2.0";
    snprintf(attr.prog_name, sizeof(attr.prog_name), "%s", name);
    int fd = bpf_call(BPF_PROG_LOAD, &attr);
    if (fd < 0)
        return error_errno(err, "load BPF program '%s'", name);
    *out_fd = fd;
    return 0;
}

int bpf_map_make(const struct bpf_map_shape *shape, int *out_fd, struct error *err)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof(attr));
    attr.map_type = shape->type;
    attr.key_size = shape->key_size;
    attr.value_size = shape->value_size;
    attr.max_entries = shape->max_entries;
    snprintf(attr.map_name, sizeof(attr.map_name), "%s", shape->name);
    int fd = bpf_call(BPF_MAP_CREATE, &attr);
    if (fd < 0)
        return error_errno(err, "make BPF map '%s'", shape->name);
    *out_fd = fd;
    return 0;
}
