/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: three steps, each trusting only what the one before has checked.
 *
 *   1. elf_file_read_header: the file header, and that the table of program headers lies inside the file;
 *   2. segment_read, for each PT_LOAD: ranges in the file and in memory, without overflow;
 *   3. segments_check, for neighbours: order, overlap, and that no page needs two sets of rights.
 *
 * Segments must ascend, as the ELF specification wants it: so each is compared with the one before only.
 */
#include "elf_file.h"

#include "abi/boot.h"

#include <string.h>

static int header_check(const Elf64_Ehdr *header, size_t size, struct error *err)
{
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return error_set(err, ERROR_NOT_EXEC, "not an ELF file");
    if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
        return error_set(err, ERROR_NOT_EXEC, "an ELF file, but not for a 64-bit little-endian machine");
    if (header->e_version != EV_CURRENT)
        return error_set(err, ERROR_NOT_EXEC, "ELF version %u is unknown", header->e_version);
    if (header->e_ehsize != sizeof(Elf64_Ehdr))
        return error_set(err, ERROR_NOT_EXEC, "ELF header of %u bytes instead of %zu", header->e_ehsize,
                         sizeof(Elf64_Ehdr));
    if (header->e_phnum == 0)
        return error_set(err, ERROR_NOT_EXEC, "no program headers");
    if (header->e_phentsize != sizeof(Elf64_Phdr))
        return error_set(err, ERROR_NOT_EXEC, "program headers of %u bytes instead of %zu",
                         header->e_phentsize, sizeof(Elf64_Phdr));
    if (header->e_phoff > size || (size - header->e_phoff) / sizeof(Elf64_Phdr) < header->e_phnum)
        return error_set(err, ERROR_NOT_EXEC, "the file ends before its %u program headers", header->e_phnum);
    return 0;
}

int elf_file_read_header(const void *bytes, size_t size, struct elf_header *out, struct error *err)
{
    Elf64_Ehdr header = {0};

    if (size < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0)
        return error_set(err, ERROR_NOT_EXEC, "not an ELF file");
    if (size < sizeof(header))
        return error_set(err, ERROR_NOT_EXEC, "the file ends inside its ELF header");
    memcpy(&header, bytes, sizeof(header));
    if (header_check(&header, size, err) < 0)
        return -1;

    *out = (struct elf_header){
        .type = header.e_type,
        .machine = header.e_machine,
        .n_programs = header.e_phnum,
        .entry = header.e_entry,
        .program_off = header.e_phoff,
        .section_off = header.e_shentsize == sizeof(Elf64_Shdr) ? header.e_shoff : 0,
        .n_sections = header.e_shnum,
    };
    return 0;
}

void elf_file_get_program(const void *bytes, const struct elf_header *header, uint32_t i, Elf64_Phdr *out)
{
    memcpy(out, (const char *)bytes + header->program_off + i * sizeof(*out), sizeof(*out));
}

static uint64_t page_down(uint64_t addr)
{
    return addr & ~(uint64_t)(ELF_PAGE_SIZE - 1);
}

/* The caller has checked that this does not overflow. */
static uint64_t page_up(uint64_t addr)
{
    return page_down(addr + ELF_PAGE_SIZE - 1);
}

/* i is the program header's number, for messages: readelf(1) shows the same. */
static int segment_read(const Elf64_Phdr *program, uint32_t i, size_t file_size, struct elf_segment *out,
                        struct error *err)
{
    uint64_t end;

    if (program->p_vaddr < GUEST_MIN_BASE)
        return error_set(err, ERROR_NOT_EXEC,
                         "program header %u: address 0x%llx is below 0x%x, where guests begin", i,
                         (unsigned long long)program->p_vaddr, GUEST_MIN_BASE);
    if (program->p_memsz < program->p_filesz)
        return error_set(err, ERROR_NOT_EXEC,
                         "program header %u: %llu bytes of the file do not fit into %llu bytes of memory", i,
                         (unsigned long long)program->p_filesz, (unsigned long long)program->p_memsz);
    if (program->p_offset > file_size || file_size - program->p_offset < program->p_filesz)
        return error_set(err, ERROR_NOT_EXEC, "program header %u: the file ends before its segment does", i);
    if (__builtin_add_overflow(program->p_vaddr, program->p_memsz, &end) || end > UINT64_MAX - ELF_PAGE_SIZE)
        return error_set(err, ERROR_NOT_EXEC, "program header %u: the segment wraps around the address space",
                         i);
    if ((program->p_flags & PF_W) != 0 && (program->p_flags & PF_X) != 0)
        return error_set(err, ERROR_NOT_EXEC,
                         "program header %u: a segment must not be both writable and executable", i);

    *out = (struct elf_segment){
        .vaddr = program->p_vaddr,
        .memsz = program->p_memsz,
        .filesz = program->p_filesz,
        .file_off = program->p_offset,
        .flags = program->p_flags & (PF_R | PF_W | PF_X),
    };
    return 0;
}

/* Whether next may follow last; i is next's program header. */
static int neighbours_check(const struct elf_segment *last, const struct elf_segment *next, uint32_t i,
                            struct error *err)
{
    uint64_t last_end = last->vaddr + last->memsz;

    if (next->vaddr < last->vaddr)
        return error_set(err, ERROR_NOT_EXEC, "program header %u: addresses are not in ascending order", i);
    if (next->vaddr < last_end)
        return error_set(err, ERROR_NOT_EXEC, "program header %u: overlaps the segment before it", i);
    if (next->flags != last->flags && page_down(next->vaddr) < page_up(last_end))
        return error_set(err, ERROR_NOT_EXEC,
                         "program header %u: shares a page with a segment of other access rights", i);
    return 0;
}

static int entry_check(const struct elf_file *file, struct error *err)
{
    const struct elf_segment *segment = elf_file_find_segment(file, file->entry);

    if (segment == NULL || (segment->flags & PF_X) == 0)
        return error_set(err, ERROR_NOT_EXEC, "entry point 0x%llx does not lie in an executable segment",
                         (unsigned long long)file->entry);
    return 0;
}

int elf_file_check_machine(const struct elf_header *header, struct error *err)
{
    if (header->machine == EM_AARCH64)
        return error_set(err, ERROR_NOT_EXEC, "built for aarch64, not for x86-64");
    if (header->machine != EM_X86_64)
        return error_set(err, ERROR_NOT_EXEC, "built for ELF machine %u, not for x86-64 (%u)",
                         header->machine, EM_X86_64);
    return 0;
}

static int type_check(const struct elf_header *header, struct error *err)
{
    if (header->type == ET_DYN)
        return error_set(err, ERROR_NOT_EXEC,
                         "position-independent or shared: unikernels are linked to fixed addresses");
    if (header->type != ET_EXEC)
        return error_set(err, ERROR_NOT_EXEC, "ELF type %u is no executable", header->type);
    return 0;
}

int elf_file_parse(const void *bytes, size_t size, struct elf_file *out, struct error *err)
{
    struct elf_header header;

    if (elf_file_read_header(bytes, size, &header, err) < 0 || elf_file_check_machine(&header, err) < 0 ||
        type_check(&header, err) < 0)
        return -1;

    out->entry = header.entry;
    out->n_segments = 0;
    for (uint32_t i = 0; i < header.n_programs; i++) {
        Elf64_Phdr program;
        elf_file_get_program(bytes, &header, i, &program);
        if (program.p_type != PT_LOAD || program.p_memsz == 0)
            continue;
        if (out->n_segments == ELF_SEGMENTS_MAX)
            return error_set(err, ERROR_NOT_EXEC, "more than %u segments", ELF_SEGMENTS_MAX);

        struct elf_segment *segment = &out->segments[out->n_segments];
        if (segment_read(&program, i, size, segment, err) < 0)
            return -1;
        if (out->n_segments > 0 && neighbours_check(segment - 1, segment, i, err) < 0)
            return -1;
        out->n_segments++;
    }
    if (out->n_segments == 0)
        return error_set(err, ERROR_NOT_EXEC, "nothing to load: no segment has any bytes");

    const struct elf_segment *last = &out->segments[out->n_segments - 1];
    out->start = page_down(out->segments[0].vaddr);
    out->end = page_up(last->vaddr + last->memsz);
    return entry_check(out, err);
}

const struct elf_segment *elf_file_find_segment(const struct elf_file *file, uint64_t vaddr)
{
    for (uint32_t i = 0; i < file->n_segments; i++) {
        const struct elf_segment *segment = &file->segments[i];
        if (vaddr >= segment->vaddr && vaddr - segment->vaddr < segment->memsz)
            return segment;
    }
    return NULL;
}
