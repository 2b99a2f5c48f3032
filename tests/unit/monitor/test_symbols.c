/* SPDX-License-Identifier: Apache-2.0 */
/* symbols.h: addresses get the right names, and a broken table costs names only. */
#include "symbols.h"
#include "unit.h"

#include <string.h>

#define TABLE_OFF 0x100u
#define NAMES_OFF 0x300u

static struct {
    Elf64_Ehdr header;
    Elf64_Shdr sections[3];
    unsigned char pad[TABLE_OFF - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Shdr)];
    Elf64_Sym table[8];
    unsigned char pad2[NAMES_OFF - TABLE_OFF - 8 * sizeof(Elf64_Sym)];
    char names[64];
} file;

static struct symbols symbols;
static struct symbol found;

static Elf64_Sym symbol(uint32_t name, unsigned char type, uint64_t value, uint64_t size)
{
    return (Elf64_Sym){.st_name = name,
                       .st_info = ELF64_ST_INFO(STB_GLOBAL, type),
                       .st_shndx = 1,
                       .st_value = value,
                       .st_size = size};
}

static void given_a_file_with_symbols(void)
{
    memset(&file, 0, sizeof(file));
    file.sections[1] = (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                                    .sh_offset = TABLE_OFF,
                                    .sh_size = sizeof(file.table),
                                    .sh_entsize = sizeof(Elf64_Sym),
                                    .sh_link = 2};
    file.sections[2] =
        (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = NAMES_OFF, .sh_size = sizeof(file.names)};
    memcpy(file.names, "\0main\0start\0table\0\033[31m\0", 24);
    file.table[1] = symbol(1, STT_FUNC, 0x1000, 0x100);
    file.table[2] = symbol(6, STT_NOTYPE, 0x2000, 0);
    file.table[3] = symbol(12, STT_OBJECT, 0x3000, 0x100);
    file.table[4] = symbol(18, STT_FUNC, 0x4000, 0x10);
    file.table[5] = symbol(60, STT_FUNC, 0x5000, 0x10);
    memset(file.names + 60, 'x', 4);
    file.table[6] = symbol(1000, STT_FUNC, 0x6000, 0x10);
}

static void init(void)
{
    struct elf_header header = {.section_off = sizeof(Elf64_Ehdr), .n_sections = 3};
    symbols_init(&symbols, &file, sizeof(file), &header);
}

static const char *name_of(uint64_t address)
{
    return symbols_find(&symbols, address, &found) ? found.name : NULL;
}

START_TEST(an_address_inside_a_function_gets_its_name)
{
    init();
    ck_assert_str_eq(name_of(0x1000), "main");
    ck_assert_str_eq(name_of(0x10ff), "main");
    ck_assert_uint_eq(found.off, 0xff);
}
END_TEST

START_TEST(a_symbol_without_size_reaches_to_the_next)
{
    init();
    ck_assert_str_eq(name_of(0x2fff), "start");
    ck_assert_str_eq(name_of(0x3000), "start"); /* data is no function */
    ck_assert_ptr_null(name_of(0x1200));
    ck_assert_ptr_null(name_of(0));
}
END_TEST

START_TEST(names_are_printable_and_end)
{
    init();
    ck_assert_str_eq(name_of(0x4000), "?[31m");
    ck_assert_str_eq(name_of(0x5000), "xxxx");
    ck_assert_ptr_null(name_of(0x6000)); /* its name lies outside the table of names */
}
END_TEST

START_TEST(a_broken_table_has_no_symbols)
{
    struct {
        uint64_t *field;
        uint64_t value;
    } breaks[] = {{&file.sections[1].sh_offset, UINT64_MAX},
                  {&file.sections[1].sh_size, UINT64_MAX},
                  {&file.sections[1].sh_entsize, 8},
                  {&file.sections[2].sh_offset, sizeof(file)},
                  {&file.sections[2].sh_size, UINT64_MAX - 1}};
    *breaks[_i].field = breaks[_i].value;
    init();
    ck_assert_uint_eq(symbols.n, 0);
    ck_assert_ptr_null(name_of(0x1000));
}
END_TEST

START_TEST(a_file_without_sections_has_no_symbols)
{
    struct elf_header header = {.section_off = 0, .n_sections = 3};
    symbols_init(&symbols, &file, sizeof(file), &header);
    ck_assert_ptr_null(name_of(0x1000));
    header.section_off = UINT64_MAX - 8;
    symbols_init(&symbols, &file, sizeof(file), &header);
    ck_assert_ptr_null(name_of(0x1000));
    file.sections[1].sh_link = 7;
    init();
    ck_assert_ptr_null(name_of(0x1000));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("symbols");
    TCase *t = unit_case(suite, "symbols");
    tcase_add_checked_fixture(t, given_a_file_with_symbols, NULL);
    tcase_add_test(t, an_address_inside_a_function_gets_its_name);
    tcase_add_test(t, a_symbol_without_size_reaches_to_the_next);
    tcase_add_test(t, names_are_printable_and_end);
    tcase_add_loop_test(t, a_broken_table_has_no_symbols, 0, 5);
    tcase_add_test(t, a_file_without_sections_has_no_symbols);
    return unit_run(suite);
}
