/* SPDX-License-Identifier: Apache-2.0 */
/* The symbols of any bytes that look like an ELF file, for the addresses that its table itself names. */
#include "base/bug.h"
#include "symbols.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct symbols *symbols, uint64_t address)
{
    struct symbol symbol;

    if (!symbols_find(symbols, address, &symbol))
        return;
    BUG_ON(memchr(symbol.name, '\0', sizeof(symbol.name)) == NULL);
    BUG_ON(symbol.off > address);
    for (const char *c = symbol.name; *c != '\0'; c++)
        BUG_ON(*c <= ' ' || *c > '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct elf_header header;
    struct symbols symbols;
    struct error err = {0};

    if (elf_file_read_header(data, size, &header, &err) < 0)
        return 0;
    symbols_init(&symbols, data, size, &header);
    BUG_ON(symbols.n > SYMBOLS_MAX);
    look_up(&symbols, 0);
    look_up(&symbols, UINT64_MAX);
    for (uint64_t i = 0; i < symbols.n && i < 16; i++) {
        Elf64_Sym entry;
        memcpy(&entry, data + symbols.table_off + i * sizeof(entry), sizeof(entry));
        look_up(&symbols, entry.st_value);
        look_up(&symbols, entry.st_value + entry.st_size - 1);
    }
    return 0;
}
