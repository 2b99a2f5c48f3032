/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small BPF programs written instruction by instruction, and the bpf(2) calls that they need. A program here
 * has a few dozen instructions that depend on what is known at run time only: no compiler, no object file.
 */
#ifndef BASE_BPF_H
#define BASE_BPF_H

#include "base/error.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/* Instructions. Registers are BPF_REG_0 and so on; sizes BPF_B, BPF_H, BPF_W and BPF_DW; ops BPF_JEQ,
 * BPF_AND, ... */
#define BPF_INSN(...) ((struct bpf_insn){__VA_ARGS__})
#define BPF_SET(dst, num) \
    BPF_INSN(.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (dst), .imm = (int32_t)(num))
#define BPF_COPY(dst, src) BPF_INSN(.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (dst), .src_reg = (src))
#define BPF_ALU_NUM(op, dst, num) \
    BPF_INSN(.code = BPF_ALU64 | (op) | BPF_K, .dst_reg = (dst), .imm = (int32_t)(num))
#define BPF_ALU_REG(op, dst, src) \
    BPF_INSN(.code = BPF_ALU64 | (op) | BPF_X, .dst_reg = (dst), .src_reg = (src))
#define BPF_LOAD(size, dst, src, at) \
    BPF_INSN(.code = BPF_LDX | BPF_MEM | (size), .dst_reg = (dst), .src_reg = (src), .off = (int16_t)(at))
#define BPF_STORE(size, dst, at, src) \
    BPF_INSN(.code = BPF_STX | BPF_MEM | (size), .dst_reg = (dst), .src_reg = (src), .off = (int16_t)(at))
#define BPF_STORE_NUM(size, dst, at, num) \
    BPF_INSN(.code = BPF_ST | BPF_MEM | (size), .dst_reg = (dst), .off = (int16_t)(at), .imm = (int32_t)(num))
#define BPF_IF_NUM(op, dst, num) \
    BPF_INSN(.code = BPF_JMP | (op) | BPF_K, .dst_reg = (dst), .imm = (int32_t)(num))
#define BPF_IF_REG(op, dst, src) BPF_INSN(.code = BPF_JMP | (op) | BPF_X, .dst_reg = (dst), .src_reg = (src))
#define BPF_ALWAYS               BPF_INSN(.code = BPF_JMP | BPF_JA)
#define BPF_HELPER(id)           BPF_INSN(.code = BPF_JMP | BPF_CALL, .imm = (id))
#define BPF_RETURN               BPF_INSN(.code = BPF_JMP | BPF_EXIT)

#define BPF_WRITER_INSNS  2048
#define BPF_WRITER_JUMPS  512
#define BPF_WRITER_LABELS 256
#define BPF_WRITER_NAMED \
    32 /* labels below are the writer's to number, those from here on are bpf_new_label()'s */

/* A program that is being written. A struct of zeroes is empty. */
struct bpf_writer {
    struct bpf_insn insns[BPF_WRITER_INSNS];
    size_t n;
    struct {
        size_t at;
        unsigned int label;
    } jumps[BPF_WRITER_JUMPS];
    size_t n_jumps;
    size_t labels[BPF_WRITER_LABELS];
    unsigned int n_new_labels;
};

/* Appends an instruction; a jump to a label, which may be placed before or after; a label; a map's address.
 */
void bpf_put(struct bpf_writer *writer, struct bpf_insn insn);
void bpf_jump(struct bpf_writer *writer, struct bpf_insn insn, unsigned int label);
void bpf_label(struct bpf_writer *writer, unsigned int label);
void bpf_put_map(struct bpf_writer *writer, uint8_t dst_reg, int map_fd);

/* A label that nobody else has, for a piece of code that is put several times. */
unsigned int bpf_new_label(struct bpf_writer *writer);

/* Fills in where the jumps lead. */
void bpf_finish(struct bpf_writer *writer);

/* Loads a program (enum bpf_prog_type) under a name of at most 15 characters; *out_fd is the caller's. */
int bpf_load(uint32_t type, const char *name, const struct bpf_insn *insns, size_t n, int *out_fd,
             struct error *err);

/* What a map is made of. */
struct bpf_map_shape {
    const char *name; /* at most 15 characters */
    uint32_t type;    /* enum bpf_map_type */
    uint32_t key_size, value_size, max_entries;
};

int bpf_map_make(const struct bpf_map_shape *shape, int *out_fd, struct error *err);

/* bpf(2) itself; returns what it returns. */
int bpf_call(int command, union bpf_attr *attr);

#endif
