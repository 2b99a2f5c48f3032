/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an ELF file: what is accepted keeps the promises of elf_file.h. */
#include "abi/boot.h"
#include "base/bug.h"
#include "elf_file.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_segment(const struct elf_segment *s, size_t size)
{
    BUG_ON(s->vaddr < GUEST_MIN_BASE || s->memsz == 0 || s->filesz > s->memsz);
    BUG_ON(s->file_off > size || s->filesz > size - s->file_off);
    BUG_ON(s->vaddr + s->memsz < s->vaddr);
    BUG_ON((s->flags & PF_W) != 0 && (s->flags & PF_X) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct elf_file file;
    struct error err = {0};

    if (elf_file_parse(data, size, &file, &err) < 0) {
        BUG_ON(err.kind != ERROR_NOT_EXEC || err.text[0] == '\0');
        return 0;
    }
    BUG_ON(file.n_segments == 0 || file.n_segments > ELF_SEGMENTS_MAX);
    BUG_ON(file.start % ELF_PAGE_SIZE != 0 || file.end % ELF_PAGE_SIZE != 0 || file.start >= file.end);
    for (uint32_t i = 0; i < file.n_segments; i++) {
        const struct elf_segment *s = &file.segments[i];
        check_segment(s, size);
        BUG_ON(s->vaddr < file.start || s->vaddr + s->memsz > file.end);
        BUG_ON(i > 0 && s[-1].vaddr + s[-1].memsz > s->vaddr);
    }
    const struct elf_segment *entry = elf_file_find_segment(&file, file.entry);
    BUG_ON(entry == NULL || (entry->flags & PF_X) == 0);
    return 0;
}
