/* SPDX-License-Identifier: Apache-2.0 */
/* elf_file.h: what is accepted, what each refusal says, and that no byte outside the file is read. */
#include "elf_builder.h"
#include "elf_file.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct elf_builder b;
static struct elf_file file;
static struct error err;

static void given_a_valid_file(void)
{
    elf_builder_init(&b);
    err = (struct error){0};
}

static int parse(void)
{
    elf_builder_write(&b);
    return elf_file_parse(b.bytes, sizeof(b.bytes), &file, &err);
}

START_TEST(segments_are_as_in_the_program_headers)
{
    ck_assert_ok(parse(), err);
    ck_assert_uint_eq(file.n_segments, 4);
    ck_assert_uint_eq(file.entry, 0x100040);
    ck_assert_uint_eq(file.start, 0x100000);
    ck_assert_uint_eq(file.end, 0x109000);
    ck_assert_uint_eq(file.segments[0].flags, PF_X);
    ck_assert_uint_eq(file.segments[2].filesz, 0x800);
    ck_assert_uint_eq(file.segments[2].memsz, 0x1800);
    ck_assert_uint_eq(file.segments[2].file_off, 0x5000);
    ck_assert_uint_eq(file.segments[3].filesz, 0);
}
END_TEST

START_TEST(segments_of_equal_rights_may_share_a_page)
{
    b.programs[PROGRAM_BSS].p_vaddr = 0x104800;
    ck_assert_ok(parse(), err);
}
END_TEST

START_TEST(empty_segments_do_not_count)
{
    b.programs[PROGRAM_RODATA].p_filesz = 0;
    b.programs[PROGRAM_RODATA].p_memsz = 0;
    b.programs[PROGRAM_RODATA].p_vaddr = 0;
    ck_assert_ok(parse(), err);
    ck_assert_uint_eq(file.n_segments, 3);
}
END_TEST

START_TEST(an_address_finds_its_segment)
{
    ck_assert_ok(parse(), err);
    ck_assert_ptr_eq(elf_file_find_segment(&file, 0x102000), &file.segments[1]);
    ck_assert_ptr_eq(elf_file_find_segment(&file, 0x1020ff), &file.segments[1]);
    ck_assert_ptr_null(elf_file_find_segment(&file, 0x102100));
    ck_assert_ptr_null(elf_file_find_segment(&file, 0));
}
END_TEST

/* A field of the builder that a test sets to a value, and the refusal that follows. */
struct refusal {
    size_t off, size;
    uint64_t value;
    const char *text;
};
#define HEADER(field, v, t)                                                                    \
    {                                                                                          \
        offsetof(struct elf_builder, header.field), sizeof(((Elf64_Ehdr *)0)->field), (v), (t) \
    }
#define PROGRAM(i, field, v, t)                                                                     \
    {                                                                                               \
        offsetof(struct elf_builder, programs[i].field), sizeof(((Elf64_Phdr *)0)->field), (v), (t) \
    }

static const struct refusal refusals[] = {
    {offsetof(struct elf_builder, header.e_ident[0]), 1, 0, "not an ELF file"},
    {offsetof(struct elf_builder, header.e_ident[EI_CLASS]), 1, ELFCLASS32, "not for a 64-bit"},
    {offsetof(struct elf_builder, header.e_ident[EI_DATA]), 1, ELFDATA2MSB, "little-endian"},
    HEADER(e_version, 2, "ELF version 2 is unknown"),
    HEADER(e_ehsize, 60, "ELF header of 60 bytes instead of 64"),
    HEADER(e_phnum, 0, "no program headers"),
    HEADER(e_phentsize, 32, "program headers of 32 bytes instead of 56"),
    HEADER(e_phnum, 65535, "the file ends before its 65535 program headers"),
    HEADER(e_phoff, ELF_BUILDER_SIZE, "the file ends before its 7 program headers"),
    HEADER(e_phoff, UINT64_MAX, "the file ends before its 7 program headers"),
    HEADER(e_type, ET_DYN, "position-independent"),
    HEADER(e_type, ET_REL, "ELF type 1 is no executable"),
    HEADER(e_machine, EM_AARCH64, "built for aarch64"),
    HEADER(e_machine, EM_PPC64, "ELF machine 21"),
    HEADER(e_entry, 0, "entry point 0x0 does not lie in an executable segment"),
    HEADER(e_entry, 0x102000, "does not lie in an executable segment"),
    HEADER(e_entry, 0x101800, "does not lie in an executable segment"),
    PROGRAM(PROGRAM_TEXT, p_vaddr, 0xff000, "program header 0: address 0xff000 is below 0x100000"),
    PROGRAM(PROGRAM_TEXT, p_memsz, 0x17ff, "program header 0: 6144 bytes of the file do not fit into 6143"),
    PROGRAM(PROGRAM_TEXT, p_offset, UINT64_MAX, "program header 0: the file ends before"),
    PROGRAM(PROGRAM_TEXT, p_offset, ELF_BUILDER_SIZE - 0x17ff, "program header 0: the file ends before"),
    PROGRAM(PROGRAM_BSS, p_memsz, UINT64_MAX - 0x105000, "program header 3: the segment wraps around"),
    PROGRAM(PROGRAM_BSS, p_memsz, UINT64_MAX, "program header 3: the segment wraps around"),
    PROGRAM(PROGRAM_BSS, p_vaddr, UINT64_MAX - 0x3c87, "program header 3: the segment wraps around"),
    PROGRAM(PROGRAM_DATA, p_flags, PF_R | PF_W | PF_X, "program header 2: a segment must not be both"),
    PROGRAM(PROGRAM_RODATA, p_vaddr, 0x101700, "program header 1: overlaps the segment before it"),
    PROGRAM(PROGRAM_RODATA, p_vaddr, 0x101800, "program header 1: shares a page"),
    PROGRAM(PROGRAM_RODATA, p_vaddr, 0x110000, "program header 2: addresses are not in ascending order"),
    PROGRAM(PROGRAM_TEXT, p_type, PT_NULL, "does not lie in an executable segment"),
};

START_TEST(a_broken_field_is_refused_by_name)
{
    const struct refusal *r = &refusals[_i];
    memcpy((char *)&b + r->off, &r->value, r->size);
    ck_assert_fails(parse(), err, ERROR_NOT_EXEC, r->text);
}
END_TEST

START_TEST(a_file_without_segments_is_refused)
{
    b.header.e_phoff += PROGRAM_NOTE_ABI * sizeof(Elf64_Phdr);
    b.header.e_phnum = 1;
    ck_assert_fails(parse(), err, ERROR_NOT_EXEC, "nothing to load");
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    elf_builder_write(&b);
    for (size_t size = 0; size < 0x5800; size += size < 0x300 ? 1 : 0x40) {
        /* of the exact size, so that ASan sees a read past its end */
        uint8_t *cut = malloc(size > 0 ? size : 1);
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, b.bytes, size);
        ck_assert_int_eq(elf_file_parse(cut, size, &file, &err), -1);
        ck_assert_int_eq(err.kind, ERROR_NOT_EXEC);
        free(cut);
    }
}
END_TEST

START_TEST(more_segments_than_the_limit_are_refused)
{
    enum { N = ELF_SEGMENTS_MAX + 1 };
    static uint8_t bytes[sizeof(Elf64_Ehdr) + N * sizeof(Elf64_Phdr)];
    Elf64_Phdr program = {.p_type = PT_LOAD, .p_flags = PF_X, .p_memsz = 16, .p_vaddr = TEXT_VADDR};
    for (unsigned n = ELF_SEGMENTS_MAX; n <= N; n++) {
        b.header.e_phnum = (uint16_t)n;
        b.header.e_entry = TEXT_VADDR;
        memcpy(bytes, &b.header, sizeof(b.header));
        for (unsigned i = 0; i < n; i++) {
            program.p_vaddr = TEXT_VADDR + i * 16;
            memcpy(bytes + sizeof(Elf64_Ehdr) + i * sizeof(program), &program, sizeof(program));
        }
        int result = elf_file_parse(bytes, sizeof(bytes), &file, &err);
        ck_assert_int_eq(result, n <= ELF_SEGMENTS_MAX ? 0 : -1);
    }
    ck_assert_str_eq(err.text, "more than 1024 segments");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("elf_file");
    TCase *t = unit_case(suite, "elf_file");
    tcase_add_checked_fixture(t, given_a_valid_file, NULL);
    tcase_add_test(t, segments_are_as_in_the_program_headers);
    tcase_add_test(t, segments_of_equal_rights_may_share_a_page);
    tcase_add_test(t, empty_segments_do_not_count);
    tcase_add_test(t, an_address_finds_its_segment);
    tcase_add_loop_test(t, a_broken_field_is_refused_by_name, 0, sizeof(refusals) / sizeof(refusals[0]));
    tcase_add_test(t, a_file_without_segments_is_refused);
    tcase_add_test(t, every_truncation_is_refused);
    tcase_add_test(t, more_segments_than_the_limit_are_refused);
    return unit_run(suite);
}
