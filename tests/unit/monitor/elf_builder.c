/* SPDX-License-Identifier: Apache-2.0 */
#include "elf_builder.h"

#include <stdio.h>
#include <string.h>

static Elf64_Phdr load(uint32_t flags, uint64_t off, uint64_t vaddr, uint64_t filesz, uint64_t memsz)
{
    return (Elf64_Phdr){.p_type = PT_LOAD,
                        .p_flags = flags,
                        .p_offset = off,
                        .p_vaddr = vaddr,
                        .p_paddr = vaddr,
                        .p_filesz = filesz,
                        .p_memsz = memsz,
                        .p_align = 4096};
}

static Elf64_Phdr note(uint64_t off, uint64_t size)
{
    return (Elf64_Phdr){
        .p_type = PT_NOTE, .p_flags = PF_R, .p_offset = off, .p_filesz = size, .p_memsz = size, .p_align = 4};
}

static struct note_header note_header(uint32_t type, uint32_t desc_size)
{
    return (struct note_header){
        .name_size = NOTE_NAME_SIZE, .desc_size = desc_size, .type = type, .name = NOTE_NAME};
}

void elf_builder_init(struct elf_builder *b)
{
    memset(b, 0, sizeof(*b));
    b->header = (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = TEXT_VADDR + 0x40,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = ELF_N_PROGRAMS,
    };
    b->programs[PROGRAM_TEXT] = load(PF_X, TEXT_OFF, TEXT_VADDR, 0x1800, 0x1800);
    b->programs[PROGRAM_RODATA] = load(PF_R, 0x4000, 0x102000, 0x100, 0x100);
    b->programs[PROGRAM_DATA] = load(PF_R | PF_W, 0x5000, 0x103000, 0x800, 0x1800);
    b->programs[PROGRAM_BSS] = load(PF_R | PF_W, 0, 0x105000, 0, 0x3c88);
    b->programs[PROGRAM_NOTE_ABI] = note(ABI_NOTE_OFF, sizeof(b->abi));
    b->programs[PROGRAM_NOTE_KIT] = note(KIT_NOTE_OFF, sizeof(b->kit));

    b->abi.header = note_header(NOTE_TYPE_ABI1, sizeof(struct abi1));
    b->abi.abi = (struct abi1){.target = ABI_TARGET_HVT, .version = ABI_HVT_VERSION};
    b->kit.header = (struct note_header){.name_size = NOTE_NAME_KIT_SIZE,
                                         .desc_size = sizeof(struct kit1),
                                         .type = NOTE_TYPE_KIT,
                                         .name = NOTE_NAME_KIT};
    b->kit.kit = (struct kit1){.version = 1, .features = 3};

    b->manifest.header = note_header(NOTE_TYPE_MFT1, 0);
    b->manifest.manifest.version = MANIFEST_VERSION;
    b->entries[0].type = MANIFEST_RESERVED_FIRST;
    elf_builder_set_entries(b, 3);
    strcpy(b->entries[1].name, "disk");
    strcpy(b->entries[2].name, "service");
    b->entries[2].type = MANIFEST_NET;
}

void elf_builder_set_entries(struct elf_builder *b, uint32_t n)
{
    for (uint32_t i = b->n_entries > 0 ? b->n_entries : 1; i < n; i++) {
        snprintf(b->entries[i].name, sizeof(b->entries[i].name), "d%u", i);
        b->entries[i].type = MANIFEST_BLOCK;
    }
    b->n_entries = n;
    b->manifest.manifest.n_entries = n;
    b->manifest.header.desc_size =
        MANIFEST_NOTE_PAD + sizeof(struct manifest) + n * sizeof(struct manifest_entry);
    b->programs[PROGRAM_NOTE_MANIFEST] =
        note(MANIFEST_NOTE_OFF, sizeof(struct note_header) + b->manifest.header.desc_size);
}

void elf_builder_write(struct elf_builder *b)
{
    memset(b->bytes, 0, sizeof(b->bytes));
    memcpy(b->bytes, &b->header, sizeof(b->header));
    memcpy(b->bytes + sizeof(b->header), b->programs, sizeof(b->programs));
    memcpy(b->bytes + ABI_NOTE_OFF, &b->abi, sizeof(b->abi));
    memcpy(b->bytes + KIT_NOTE_OFF, &b->kit, sizeof(b->kit));
    memcpy(b->bytes + MANIFEST_NOTE_OFF, &b->manifest, sizeof(b->manifest));
    memcpy(b->bytes + MANIFEST_NOTE_OFF + sizeof(b->manifest), b->entries,
           b->n_entries * sizeof(b->entries[0]));
    memset(b->bytes + TEXT_OFF, 0xf4, 0x1800);
}
