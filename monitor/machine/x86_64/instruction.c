/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: prefixes, opcode, ModRM, in the order of the encoding. A cursor hands out bytes and remembers
 * whether it ran past the end; a decode that did is an ordinary instruction (it cannot be told).
 */
#include "instruction.h"

#define REX_B 1u
#define REX_X 2u
#define REX_R 4u
#define REX_W 8u

struct cursor {
    const uint8_t *bytes;
    size_t size;
    size_t at;
    bool is_short;
    bool has_prefix; /* other than REX */
    uint8_t rex;
};

static uint8_t next_byte(struct cursor *c)
{
    if (c->at >= c->size) {
        c->is_short = true;
        return 0;
    }
    return c->bytes[c->at++];
}

static uint32_t next_u32(struct cursor *c)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 32; shift += 8)
        value |= (uint32_t)next_byte(c) << shift;
    return value;
}

static const size_t register_offsets[16] = {
    offsetof(struct kvm_regs, rax), offsetof(struct kvm_regs, rcx), offsetof(struct kvm_regs, rdx),
    offsetof(struct kvm_regs, rbx), offsetof(struct kvm_regs, rsp), offsetof(struct kvm_regs, rbp),
    offsetof(struct kvm_regs, rsi), offsetof(struct kvm_regs, rdi), offsetof(struct kvm_regs, r8),
    offsetof(struct kvm_regs, r9),  offsetof(struct kvm_regs, r10), offsetof(struct kvm_regs, r11),
    offsetof(struct kvm_regs, r12), offsetof(struct kvm_regs, r13), offsetof(struct kvm_regs, r14),
    offsetof(struct kvm_regs, r15)};

uint64_t instruction_get_register(const struct kvm_regs *regs, unsigned number)
{
    return *(const __u64 *)((const char *)regs + register_offsets[number % 16]);
}

void instruction_set_register(struct kvm_regs *regs, unsigned number, uint64_t value)
{
    *(__u64 *)((char *)regs + register_offsets[number % 16]) = value;
}

/* Takes a SIB byte and adds up base and scaled index. The displacement follows. */
static uint64_t decode_sib(struct cursor *c, unsigned mod, const struct kvm_regs *regs)
{
    uint8_t sib = next_byte(c);
    unsigned index = (sib >> 3 & 7) | ((c->rex & REX_X) != 0 ? 8 : 0);
    unsigned base = sib & 7;
    uint64_t address = 0;

    if (index != 4)
        address += instruction_get_register(regs, index) << (sib >> 6);
    if (base == 5 && mod == 0)
        address += (uint64_t)(int64_t)(int32_t)next_u32(c);
    else
        address += instruction_get_register(regs, base | ((c->rex & REX_B) != 0 ? 8 : 0));
    return address;
}

/* Takes a ModRM byte and what belongs to it. Instructions with an immediate are not decoded here, so the end
 * of the operand is the end of the instruction: RIP-relative addresses count from there. */
static void decode_modrm(struct cursor *c, const struct kvm_regs *regs, struct instruction *out)
{
    uint8_t modrm = next_byte(c);
    unsigned mod = modrm >> 6, rm = modrm & 7;

    out->reg = modrm >> 3 & 7;
    out->rm = rm | ((c->rex & REX_B) != 0 ? 8 : 0);
    out->has_memory = mod != 3;
    if (mod == 3)
        return;

    if (rm == 4)
        out->address = decode_sib(c, mod, regs);
    else if (rm == 5 && mod == 0) {
        uint64_t displacement = (uint64_t)(int64_t)(int32_t)next_u32(c);
        out->address = regs->rip + c->at + displacement;
    } else
        out->address = instruction_get_register(regs, out->rm);
    if (mod == 1)
        out->address += (uint64_t)(int64_t)(int8_t)next_byte(c);
    else if (mod == 2)
        out->address += (uint64_t)(int64_t)(int32_t)next_u32(c);
}

static void set(struct instruction *out, enum instruction_operation operation, const char *name)
{
    out->operation = operation;
    out->name = name;
}

/* 0f 00: system instructions on selectors. */
static void decode_group6(struct cursor *c, const struct kvm_regs *regs, struct instruction *out)
{
    decode_modrm(c, regs, out);
    if (out->reg == 3)
        set(out, INSTRUCTION_LTR, "ltr");
    else if (out->reg == 2)
        set(out, INSTRUCTION_FORBIDDEN, "lldt");
}

/* 0f 01: system instructions on tables, and others. */
static void decode_group7(struct cursor *c, const struct kvm_regs *regs, struct instruction *out)
{
    decode_modrm(c, regs, out);
    if (!out->has_memory) {
        set(out, INSTRUCTION_FORBIDDEN, out->reg == 6 ? "lmsw" : "a privileged instruction (0f 01)");
        return;
    }
    static const struct {
        enum instruction_operation operation;
        const char *name;
    } by_reg[8] = {[2] = {INSTRUCTION_LGDT, "lgdt"},
                   [3] = {INSTRUCTION_LIDT, "lidt"},
                   [6] = {INSTRUCTION_FORBIDDEN, "lmsw"},
                   [7] = {INSTRUCTION_FORBIDDEN, "invlpg"}};
    if (by_reg[out->reg].name != NULL)
        set(out, by_reg[out->reg].operation, by_reg[out->reg].name);
}

static void decode_two_bytes(struct cursor *c, const struct kvm_regs *regs, struct instruction *out)
{
    static const struct {
        uint8_t opcode;
        const char *name;
    } forbidden[] = {{0x06, "clts"},       {0x07, "sysret"},       {0x08, "invd"},
                     {0x09, "wbinvd"},     {0x20, "mov from %cr"}, {0x21, "mov from %dr"},
                     {0x22, "mov to %cr"}, {0x23, "mov to %dr"},   {0x33, "rdpmc"},
                     {0x34, "sysenter"},   {0x35, "sysexit"}};

    uint8_t opcode = next_byte(c);
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        if (opcode == forbidden[i].opcode)
            set(out, INSTRUCTION_FORBIDDEN, forbidden[i].name);

    switch (opcode) {
    case 0x00:
        decode_group6(c, regs, out);
        break;
    case 0x01:
        decode_group7(c, regs, out);
        break;
    case 0x20:
        decode_modrm(c, regs, out);
        if (out->reg == 2 && (c->rex & REX_R) == 0)
            set(out, INSTRUCTION_READ_CR2, "mov from %cr2");
        break;
    case 0x30:
        set(out, INSTRUCTION_WRMSR, "wrmsr");
        break;
    case 0x32:
        set(out, INSTRUCTION_RDMSR, "rdmsr");
        break;
    default:
        break;
    }
}

/* 68, 6a: push; c7 /0 with REX.W: mov. Their constants have 32 bits at most, and a sign. */
static void decode_constant(struct cursor *c, uint8_t opcode, const struct kvm_regs *regs,
                            struct instruction *out)
{
    /* Other operand sizes are left to the CPU. */
    if (c->has_prefix)
        return;
    if (opcode == 0xc7) {
        decode_modrm(c, regs, out);
        if (out->has_memory || out->reg != 0 || (c->rex & REX_W) == 0)
            return;
    }
    out->operation = opcode == 0xc7 ? INSTRUCTION_LOAD_CONSTANT : INSTRUCTION_PUSH;
    if (opcode == 0x6a)
        out->constant = (uint64_t)(int64_t)(int8_t)next_byte(c);
    else
        out->constant = (uint64_t)(int64_t)(int32_t)next_u32(c);
}

static void decode_one_byte(struct cursor *c, uint8_t opcode, const struct kvm_regs *regs,
                            struct instruction *out)
{
    enum { SEGMENT_CS = 1, SEGMENT_GS = 5 };

    switch (opcode) {
    case 0x0f:
        decode_two_bytes(c, regs, out);
        break;
    case 0x68:
    case 0x6a:
    case 0xc7:
        decode_constant(c, opcode, regs, out);
        break;
    case 0x6c ... 0x6f:
    case 0xe4 ... 0xe7:
    case 0xec ... 0xef:
        set(out, INSTRUCTION_FORBIDDEN, (opcode & 2) != 0 ? "out" : "in");
        break;
    case 0x8e:
        decode_modrm(c, regs, out);
        if (out->reg != SEGMENT_CS && out->reg <= SEGMENT_GS)
            set(out, INSTRUCTION_LOAD_SEGMENT, "mov to a segment register");
        break;
    case 0xcb:
        if ((c->rex & REX_W) != 0)
            set(out, INSTRUCTION_FAR_RETURN, "lretq");
        break;
    case 0xcf:
        if ((c->rex & REX_W) != 0)
            set(out, INSTRUCTION_INTERRUPT_RETURN, "iretq");
        break;
    case 0xf4:
        set(out, INSTRUCTION_HLT, "hlt");
        break;
    case 0xfa:
        set(out, INSTRUCTION_CLI, "cli");
        break;
    case 0xfb:
        set(out, INSTRUCTION_STI, "sti");
        break;
    default:
        break;
    }
}

static bool is_legacy_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26: /* segment overrides of ES, CS, SS and DS are ignored in 64-bit mode */
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x66: /* operand size: no matter to the operations here */
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return false;
    }
}

struct instruction instruction_decode(const uint8_t *bytes, size_t size, const struct kvm_regs *regs)
{
    struct cursor c = {.bytes = bytes, .size = size < INSTRUCTION_BYTES_MAX ? size : INSTRUCTION_BYTES_MAX};
    struct instruction out = {.name = ""};

    uint8_t byte = next_byte(&c);
    while (!c.is_short && is_legacy_prefix(byte)) {
        c.has_prefix = true;
        byte = next_byte(&c);
    }
    if ((byte & 0xf0) == 0x40) {
        c.rex = byte & 0x0f;
        byte = next_byte(&c);
    }
    decode_one_byte(&c, byte, regs, &out);
    if (c.is_short)
        return (struct instruction){.name = ""};
    out.bytes = (unsigned)c.at;
    return out;
}
