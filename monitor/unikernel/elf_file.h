/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the ELF file of a unikernel: pure functions over bytes, without any I/O.
 *
 * The bytes are hostile. Nothing outside [bytes, bytes + size) is read, every number is checked before it is
 * used, and each header is copied once, so that a file that changes while it is mapped cannot be believed
 * half in one state and half in another. Only the headers are touched, not the contents of segments.
 *
 * Source: System V ABI, chapters 4 and 5; what is accepted is what Solo5's tender accepts (its
 * tenders/common/elf.c), and a little more: p_align does not matter, as segments are rounded to pages, and
 * segments of the same rights may share a page.
 */
#ifndef ELF_FILE_H
#define ELF_FILE_H

#include "base/error.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_PAGE_SIZE 4096u

/* The most loadable segments that a unikernel may have. The linker scripts of Solo5 make five. */
#define ELF_SEGMENTS_MAX 1024

/* What the file header says. */
struct elf_header {
    uint16_t type;       /* ET_* */
    uint16_t machine;    /* EM_* */
    uint32_t n_programs; /* program headers, at least 1; all lie inside the file */
    uint64_t entry;      /* guest address */
    uint64_t program_off;
    uint64_t section_off; /* 0: none. Not checked against the file: a unikernel runs without sections */
    uint16_t n_sections;
};

/* A range of guest memory to be filled from the file. */
struct elf_segment {
    uint64_t vaddr; /* guest address, at least GUEST_MIN_BASE */
    uint64_t memsz; /* bytes in memory, not 0; what exceeds filesz is zero */
    uint64_t filesz;
    uint64_t file_off; /* file_off + filesz lies inside the file */
    uint32_t flags;    /* PF_R, PF_W, PF_X; never PF_W and PF_X together */
};

struct elf_file {
    uint64_t entry; /* lies in an executable segment */
    uint64_t start; /* the lowest address of a segment, rounded down to a page */
    uint64_t end;   /* the first address after all segments, rounded up to a page */
    uint32_t n_segments;
    /* Ascending and without overlap, in bytes and, where flags differ, in pages. */
    struct elf_segment segments[ELF_SEGMENTS_MAX];
};

/*
 * Reads the file header of an ELF file for 64-bit little-endian machines, of any type and machine.
 * ERROR_NOT_EXEC when it is something else or broken.
 */
int elf_file_read_header(const void *bytes, size_t size, struct elf_header *out, struct error *err);

/* ERROR_NOT_EXEC unless the file is for x86-64. */
int elf_file_check_machine(const struct elf_header *header, struct error *err);

/* Copies program header i < header->n_programs. */
void elf_file_get_program(const void *bytes, const struct elf_header *header, uint32_t i, Elf64_Phdr *out);

/*
 * Reads what is to be loaded. ERROR_NOT_EXEC when the file is no static executable for x86-64, or when its
 * segments cannot be loaded; out is then undefined. Whether guest memory is large enough (end) is the
 * caller's question.
 */
int elf_file_parse(const void *bytes, size_t size, struct elf_file *out, struct error *err);

/* The segment that contains a guest address, or NULL. */
const struct elf_segment *elf_file_find_segment(const struct elf_file *file, uint64_t vaddr);

#endif
