/* SPDX-License-Identifier: Apache-2.0 */
/* The notes of any bytes that look like an ELF file. */
#include "base/bug.h"
#include "note.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_header header;
    struct error err = {0};
    struct abi1 abi;
    struct kit1 kit;
    bool found;

    if (elf_file_read_header(data, size, &header, &err) < 0)
        return 0;
    if (note_read_abi(data, size, &header, &abi, &found, &err) == 0 && found)
        BUG_ON(note_check_abi(&abi, &err) == 0 && abi.target != ABI_TARGET_HVT);
    if (note_read_kit(data, size, &header, &kit, &found, &err) == 0 && found)
        BUG_ON(kit.version == 0);
    return 0;
}
