/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an instruction. Longer inputs begin with the registers, then the bytes. */
#include "x86_64/instruction.h"

#include "base/bug.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kvm_regs regs = {0};
    size_t registers = size < 32 ? 0 : 16;

    for (unsigned i = 0; i < registers; i++)
        instruction_set_register(&regs, i, (uint64_t)data[i] << (i * 4));
    struct instruction insn = instruction_decode(data + registers, size - registers, &regs);
    BUG_ON(insn.name == NULL);
    BUG_ON(insn.bytes > INSTRUCTION_BYTES_MAX);
    BUG_ON(insn.operation != INSTRUCTION_ORDINARY && insn.bytes > size - registers);
    BUG_ON(insn.operation != INSTRUCTION_ORDINARY && insn.bytes == 0);
    return 0;
}
