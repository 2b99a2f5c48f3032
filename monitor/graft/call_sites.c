/* SPDX-License-Identifier: Apache-2.0 */
#include "call_sites.h"

#include "unikernel.h"

#include <string.h>

#define PORT_LOW  (HYPERCALL_PORT & 0xff)
#define PORT_HIGH (HYPERCALL_PORT >> 8)

/* mov $imm32,%edx; with OPERAND_16 before it mov $imm16,%dx */
#define MOV_TO_EDX 0xba
#define OPERAND_16 0x66

/* out %eax,(%dx) */
#define OUT 0xef

/* A MOV_TO_EDX is at code[off]: whether it is a hypercall's. at is an offset in code. */
static bool get_site(const unsigned char *code, size_t size, size_t off, struct call_site *out)
{
    static const unsigned char rest[] = {PORT_HIGH, 0, 0, OUT}, rest_16[] = {PORT_HIGH, OUT};
    const unsigned char *behind = code + off + 2;
    const size_t left = size - off;

    if (left >= 2 + sizeof(rest) && memcmp(behind, rest, sizeof(rest)) == 0)
        *out = (struct call_site){.at = off, .bytes = 2 + sizeof(rest)};
    else if (off > 0 && code[off - 1] == OPERAND_16 && left >= 2 + sizeof(rest_16) &&
             memcmp(behind, rest_16, sizeof(rest_16)) == 0)
        *out = (struct call_site){.at = off - 1, .bytes = 3 + sizeof(rest_16)};
    else
        return false;
    out->number = (enum hypercall)(behind[-1] - PORT_LOW);
    return out->number > 0 && out->number < HYPERCALL_COUNT;
}

/* False when there are too many. */
static bool find_in_segment(const unsigned char *code, const struct elf_segment *segment,
                            struct call_sites *sites)
{
    const unsigned char *at = code, *end = code + segment->filesz;

    for (; (at = memchr(at, MOV_TO_EDX, (size_t)(end - at))) != NULL; at++) {
        struct call_site site;
        if (!get_site(code, segment->filesz, (size_t)(at - code), &site))
            continue;
        if (sites->n == CALL_SITES_MAX)
            return false;
        site.at += segment->vaddr;
        sites->sites[sites->n++] = site;
    }
    return true;
}

static bool are_of_solo5(const struct call_sites *sites)
{
    unsigned n[HYPERCALL_COUNT] = {0};

    for (size_t i = 0; i < sites->n; i++)
        n[sites->sites[i].number]++;
    for (unsigned number = 1; number < HYPERCALL_COUNT; number++) {
        const bool may_repeat = number == HYPERCALL_PUTS || number == HYPERCALL_HALT;
        if (n[number] == 0 || (n[number] > 1 && !may_repeat))
            return false;
    }
    return true;
}

bool call_sites_find(const struct unikernel *unikernel, struct call_sites *out)
{
    const struct elf_file *elf = &unikernel->elf;

    out->n = 0;
    for (uint32_t i = 0; i < elf->n_segments; i++) {
        const struct elf_segment *segment = &elf->segments[i];
        const unsigned char *code = unikernel->symbols.bytes + segment->file_off;
        if ((segment->flags & PF_X) != 0 && !find_in_segment(code, segment, out))
            return false;
    }
    return are_of_solo5(out);
}

bool call_sites_include(const unsigned char *code, size_t size, enum hypercall number)
{
    const unsigned char port[] = {MOV_TO_EDX, (unsigned char)(PORT_LOW + (unsigned)number), PORT_HIGH};
    const unsigned char *found = memmem(code, size, port, sizeof(port));

    return found != NULL && memchr(found + sizeof(port), OUT, size - (size_t)(found + sizeof(port) - code));
}
