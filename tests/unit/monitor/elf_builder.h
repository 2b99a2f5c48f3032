/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes ELF files of unikernels for tests, valid unless a test breaks them: a file header, ELF_N_PROGRAMS
 * program headers (code, read-only data, data, bss, three notes), the notes of Solo5 and of the kit, and a
 * little content. A test changes the fields before elf_builder_write(), or the bytes after it.
 */
#ifndef ELF_BUILDER_H
#define ELF_BUILDER_H

#include "abi/note.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

enum elf_builder_program {
    PROGRAM_TEXT,
    PROGRAM_RODATA,
    PROGRAM_DATA,
    PROGRAM_BSS,
    PROGRAM_NOTE_ABI,
    PROGRAM_NOTE_MANIFEST,
    PROGRAM_NOTE_KIT,
    ELF_N_PROGRAMS
};

#define ELF_BUILDER_SIZE 0x6000u

struct abi_note {
    struct note_header header;
    struct abi1 abi;
};

struct manifest_note {
    struct note_header header;
    uint32_t pad;
    struct manifest manifest;
};

struct kit_note {
    struct note_header header;
    struct kit1 kit;
};

/* File offsets. */
#define ABI_NOTE_OFF      0x400u
#define KIT_NOTE_OFF      0x440u
#define MANIFEST_NOTE_OFF 0x500u
#define TEXT_OFF          0x2000u
#define TEXT_VADDR        0x100000u

struct elf_builder {
    Elf64_Ehdr header;
    Elf64_Phdr programs[ELF_N_PROGRAMS];
    struct abi_note abi;
    struct kit_note kit;
    struct manifest_note manifest;
    struct manifest_entry entries[MANIFEST_ENTRIES_MAX + 1];
    /* elf_builder_write() makes them from n_entries; a test may set them afterwards. */
    uint32_t n_entries;
    uint8_t bytes[ELF_BUILDER_SIZE];
};

/* A valid unikernel for hvt with a reserved entry, a block device "disk" and a network device "service". */
void elf_builder_init(struct elf_builder *b);

/* Sets the manifest's counts and sizes to n entries; those that are new are block devices "d1", "d2" … */
void elf_builder_set_entries(struct elf_builder *b, uint32_t n);

/* Writes everything into bytes. */
void elf_builder_write(struct elf_builder *b);

#endif
