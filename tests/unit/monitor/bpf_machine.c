/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf_machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool jump_is_taken(uint16_t code, uint32_t a, uint32_t k)
{
    switch (BPF_OP(code)) {
    case BPF_JEQ:
        return a == k;
    case BPF_JGT:
        return a > k;
    case BPF_JGE:
        return a >= k;
    case BPF_JSET:
        return (a & k) != 0;
    default:
        fprintf(stderr, "unknown jump 0x%x\n", code);
        abort();
    }
}

uint32_t bpf_machine_run(const struct sock_filter *program, size_t n, const struct seccomp_data *call)
{
    uint32_t a = 0;

    for (size_t pc = 0; pc < n; pc++) {
        const struct sock_filter *i = &program[pc];
        if (i->code == (BPF_LD | BPF_W | BPF_ABS) && i->k <= sizeof(*call) - sizeof(a))
            memcpy(&a, (const char *)call + i->k, sizeof(a));
        else if (i->code == (BPF_ALU | BPF_AND | BPF_K))
            a &= i->k;
        else if (i->code == (BPF_JMP | BPF_JA))
            pc += i->k;
        else if (BPF_CLASS(i->code) == BPF_JMP && BPF_SRC(i->code) == BPF_K)
            pc += jump_is_taken(i->code, a, i->k) ? i->jt : i->jf;
        else if (i->code == (BPF_RET | BPF_K))
            return i->k;
        else {
            fprintf(stderr, "unknown instruction 0x%x at %zu\n", i->code, pc);
            abort();
        }
    }
    fprintf(stderr, "the program does not return\n");
    abort();
}
