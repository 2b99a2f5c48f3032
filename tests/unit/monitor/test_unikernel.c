/* SPDX-License-Identifier: Apache-2.0 */
/* unikernel.h: which verdict, and which words, a file gets. */
#include "elf_builder.h"
#include "unikernel.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct elf_builder b;
static struct unikernel unikernel;
static struct error err;

static void given_a_valid_file(void)
{
    elf_builder_init(&b);
    err = (struct error){0};
}

static int parse(void)
{
    elf_builder_write(&b);
    return unikernel_parse(b.bytes, sizeof(b.bytes), &unikernel, &err);
}

START_TEST(a_unikernel_is_read_whole)
{
    ck_assert_ok(parse(), err);
    ck_assert_int_eq(unikernel.verdict, INSPECT_UNIKERNEL);
    ck_assert(unikernel.has_kit);
    ck_assert_uint_eq(unikernel.manifest.n_entries, 3);
    ck_assert_uint_eq(unikernel.elf.end, 0x109000);
}
END_TEST

START_TEST(a_unikernel_needs_no_kit)
{
    b.programs[PROGRAM_NOTE_KIT].p_type = PT_NULL;
    ck_assert_ok(parse(), err);
    ck_assert(!unikernel.has_kit);
    ck_assert_uint_eq(unikernel.kit.features, 0);
}
END_TEST

START_TEST(a_script_is_not_solo5)
{
    static const char script[] = "#!/bin/sh\n";
    ck_assert_fails(unikernel_parse(script, sizeof(script), &unikernel, &err), err, ERROR_NOT_EXEC,
                    "not an ELF file");
    ck_assert_int_eq(unikernel.verdict, INSPECT_NOT_SOLO5);
}
END_TEST

START_TEST(a_linux_program_is_not_solo5)
{
    b.programs[PROGRAM_NOTE_ABI].p_type = PT_NULL;
    b.header.e_type = ET_DYN;
    ck_assert_fails(parse(), err, ERROR_NOT_EXEC, "not a Solo5 unikernel");
    ck_assert_int_eq(unikernel.verdict, INSPECT_NOT_SOLO5);
}
END_TEST

START_TEST(other_targets_are_named)
{
    b.abi.abi.target = ABI_TARGET_VIRTIO;
    ck_assert_fails(parse(), err, ERROR_NOT_EXEC, "built for Solo5 target 'virtio'");
    ck_assert_int_eq(unikernel.verdict, INSPECT_OTHER_TARGET);
    ck_assert_uint_eq(unikernel.abi.target, ABI_TARGET_VIRTIO);

    b.abi.abi.target = ABI_TARGET_HVT;
    b.header.e_machine = EM_AARCH64;
    ck_assert_fails(parse(), err, ERROR_NOT_EXEC, "built for aarch64");
    ck_assert_int_eq(unikernel.verdict, INSPECT_OTHER_TARGET);
}
END_TEST

START_TEST(a_broken_unikernel_is_not_handed_over)
{
    b.header.e_entry = 0;
    ck_assert_fails(parse(), err, ERROR_NOT_EXEC, "entry point");
    ck_assert_int_eq(unikernel.verdict, INSPECT_BROKEN);

    elf_builder_init(&b);
    b.abi.header.desc_size = 3;
    ck_assert_fails(parse(), err, ERROR_NOT_EXEC, "read note ABI1");
    ck_assert_int_eq(unikernel.verdict, INSPECT_BROKEN);

    elf_builder_init(&b);
    b.manifest.manifest.version = 9;
    ck_assert_fails(parse(), err, ERROR_NOT_EXEC, "Solo5 manifest is invalid");
    ck_assert_int_eq(unikernel.verdict, INSPECT_BROKEN);
}
END_TEST

static struct {
    Elf64_Sym symbol;
    char names[64];
} table;

static enum inspect_kind find_kind(const char *function)
{
    const struct unikernel guest = {.symbols = {.bytes = (const unsigned char *)&table,
                                                .n = 1,
                                                .names_off = offsetof(__typeof__(table), names),
                                                .names_size = sizeof(table.names)}};

    table.symbol = (Elf64_Sym){.st_name = 1, .st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC), .st_shndx = 1};
    snprintf(table.names + 1, sizeof(table.names) - 1, "%s", function);
    return unikernel_find_kind(&guest);
}

START_TEST(a_library_is_known_by_its_function)
{
    ck_assert_int_eq(find_kind("mirage_solo5_get_cmdline"), INSPECT_KIND_MIRAGE);
    ck_assert_int_eq(find_kind("rumprun_boot"), INSPECT_KIND_RUMPRUN);
    ck_assert_int_eq(find_kind("rumprun_boot2"), INSPECT_KIND_PLAIN);
    ck_assert_int_eq(find_kind("mirage_solo5_get"), INSPECT_KIND_PLAIN);
}
END_TEST

/* In the second of two segments, with the rights flags. */
static enum inspect_kind find_kind_by_text(const char *text, uint32_t flags, uint64_t n_symbols)
{
    struct unikernel guest = {
        .symbols = {.bytes = (const unsigned char *)&table, .n = n_symbols},
        .elf = {.n_segments = 2,
                .segments = {{.filesz = 8, .flags = PF_R | PF_X},
                             {.file_off = 8, .filesz = sizeof(table) - 8, .flags = flags}}}};

    memset(&table, 0, sizeof(table));
    memcpy(table.names + sizeof(table.names) - strlen(text), text, strlen(text));
    return unikernel_find_kind(&guest);
}

START_TEST(a_stripped_library_is_known_by_its_text)
{
    static const char rumprun[] = "=== calling \"%s\" main() ===";

    ck_assert_int_eq(find_kind_by_text("Solo5_os__Main", PF_R | PF_W, 0), INSPECT_KIND_MIRAGE);
    ck_assert_int_eq(find_kind_by_text(rumprun, PF_R, 0), INSPECT_KIND_RUMPRUN);
    ck_assert_int_eq(find_kind_by_text("Solo5_os__Mai", PF_R | PF_W, 0), INSPECT_KIND_PLAIN);
    ck_assert_int_eq(find_kind_by_text(rumprun, PF_R | PF_X, 0), INSPECT_KIND_PLAIN);
    ck_assert_int_eq(find_kind_by_text(rumprun, PF_R, 1), INSPECT_KIND_PLAIN);
}
END_TEST

START_TEST(the_kits_note_says_more_than_functions)
{
    find_kind("rumprun_boot");
    unikernel.has_kit = true;
    ck_assert_int_eq(unikernel_find_kind(&unikernel), INSPECT_KIND_KIT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("unikernel");
    TCase *t = unit_case(suite, "unikernel");
    tcase_add_checked_fixture(t, given_a_valid_file, NULL);
    tcase_add_test(t, a_unikernel_is_read_whole);
    tcase_add_test(t, a_unikernel_needs_no_kit);
    tcase_add_test(t, a_script_is_not_solo5);
    tcase_add_test(t, a_linux_program_is_not_solo5);
    tcase_add_test(t, other_targets_are_named);
    tcase_add_test(t, a_broken_unikernel_is_not_handed_over);
    tcase_add_test(t, a_library_is_known_by_its_function);
    tcase_add_test(t, a_stripped_library_is_known_by_its_text);
    tcase_add_test(t, the_kits_note_says_more_than_functions);
    return unit_run(suite);
}
