/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: assembly code often says no sizes, so two candidates are kept while the table is read: a symbol
 * whose range contains the address wins, else the one with the highest start of those that claim no range.
 */
#include "symbols.h"

#include <string.h>

static bool lies_inside(uint64_t off, uint64_t size, size_t file_size)
{
    return off <= file_size && size <= file_size - off;
}

static bool get_section(const struct symbols *symbols, size_t size, const struct elf_header *header,
                        uint32_t i, Elf64_Shdr *out)
{
    uint64_t off;
    if (i >= header->n_sections ||
        __builtin_add_overflow(header->section_off, (uint64_t)i * sizeof(*out), &off) ||
        !lies_inside(off, sizeof(*out), size))
        return false;
    memcpy(out, symbols->bytes + off, sizeof(*out));
    return true;
}

static bool use_table(struct symbols *symbols, size_t size, const struct elf_header *header,
                      const Elf64_Shdr *table)
{
    Elf64_Shdr names;

    if (table->sh_entsize != sizeof(Elf64_Sym) || !lies_inside(table->sh_offset, table->sh_size, size) ||
        !get_section(symbols, size, header, table->sh_link, &names) || names.sh_type != SHT_STRTAB ||
        !lies_inside(names.sh_offset, names.sh_size, size))
        return false;
    symbols->table_off = table->sh_offset;
    symbols->n = table->sh_size / sizeof(Elf64_Sym);
    if (symbols->n > SYMBOLS_MAX)
        symbols->n = SYMBOLS_MAX;
    symbols->names_off = names.sh_offset;
    symbols->names_size = names.sh_size;
    return true;
}

void symbols_init(struct symbols *symbols, const void *bytes, size_t size, const struct elf_header *header)
{
    Elf64_Shdr section;

    *symbols = (struct symbols){.bytes = bytes};
    if (header->section_off == 0)
        return;
    for (uint32_t i = 0; get_section(symbols, size, header, i, &section); i++)
        if (section.sh_type == SHT_SYMTAB && use_table(symbols, size, header, &section))
            return;
}

static bool is_code(const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    return (type == STT_FUNC || type == STT_NOTYPE) && symbol->st_shndx != SHN_UNDEF && symbol->st_name != 0;
}

static void copy_name(const struct symbols *symbols, uint64_t name, char *out)
{
    size_t n = 0;

    for (; n < SYMBOL_NAME_SIZE - 1 && name + n < symbols->names_size; n++) {
        unsigned char c = symbols->bytes[symbols->names_off + name + n];
        if (c == '\0')
            break;
        out[n] = c > 0x20 && c < 0x7f ? (char)c : '?';
    }
    out[n] = '\0';
}

bool symbols_find(const struct symbols *symbols, uint64_t address, struct symbol *out)
{
    Elf64_Sym best = {0};
    bool is_found = false, is_inside = false;

    for (uint64_t i = 0; i < symbols->n && !is_inside; i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, symbols->bytes + symbols->table_off + i * sizeof(symbol), sizeof(symbol));
        if (!is_code(&symbol) || symbol.st_value > address)
            continue;
        is_inside = address - symbol.st_value < symbol.st_size;
        if (is_inside || (symbol.st_size == 0 && (!is_found || symbol.st_value > best.st_value))) {
            best = symbol;
            is_found = true;
        }
    }
    if (!is_found)
        return false;
    copy_name(symbols, best.st_name, out->name);
    out->off = address - best.st_value;
    return out->name[0] != '\0';
}

static bool has_name(const struct symbols *symbols, const Elf64_Sym *symbol, const char *name)
{
    const unsigned char *found = symbols->bytes + symbols->names_off + symbol->st_name;

    if (symbol->st_name >= symbols->names_size || found[0] != (unsigned char)name[0])
        return false;
    const size_t size = strlen(name) + 1;
    return size <= symbols->names_size - symbol->st_name && memcmp(found, name, size) == 0;
}

void symbols_find_functions(const struct symbols *symbols, const char *const *names, size_t n,
                            struct symbol_function *out)
{
    memset(out, 0, n * sizeof(out[0]));
    for (uint64_t i = 0; i < symbols->n; i++) {
        Elf64_Sym symbol;
        memcpy(&symbol, symbols->bytes + symbols->table_off + i * sizeof(symbol), sizeof(symbol));
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF)
            continue;
        for (size_t k = 0; k < n; k++)
            if (has_name(symbols, &symbol, names[k]))
                out[k] = (struct symbol_function){.start = symbol.st_value,
                                                  .size = symbol.st_size,
                                                  .n = out[k].n + 1,
                                                  .is_global = ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL};
    }
}
