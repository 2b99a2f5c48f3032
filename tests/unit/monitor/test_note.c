/* SPDX-License-Identifier: Apache-2.0 */
/* note.h: notes are found wherever they may stand, and refused by name when they are not what they say. */
#include "elf_builder.h"
#include "note.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct elf_builder b;
static struct error err;
static bool found;

static void given_a_valid_file(void)
{
    elf_builder_init(&b);
    err = (struct error){0};
}

static int read_abi(struct abi1 *abi)
{
    struct elf_header header;
    elf_builder_write(&b);
    ck_assert_ok(elf_file_read_header(b.bytes, sizeof(b.bytes), &header, &err), err);
    return note_read_abi(b.bytes, sizeof(b.bytes), &header, abi, &found, &err);
}

static int read_kit(struct kit1 *kit)
{
    struct elf_header header;
    elf_builder_write(&b);
    ck_assert_ok(elf_file_read_header(b.bytes, sizeof(b.bytes), &header, &err), err);
    return note_read_kit(b.bytes, sizeof(b.bytes), &header, kit, &found, &err);
}

START_TEST(the_abi_note_is_read)
{
    struct abi1 abi;
    ck_assert_ok(read_abi(&abi), err);
    ck_assert(found);
    ck_assert_uint_eq(abi.target, ABI_TARGET_HVT);
    ck_assert_uint_eq(abi.version, 2);
    ck_assert_ok(note_check_abi(&abi, &err), err);
}
END_TEST

START_TEST(the_kit_note_is_read)
{
    struct kit1 kit;
    ck_assert_ok(read_kit(&kit), err);
    ck_assert(found);
    ck_assert_uint_eq(kit.version, 1);
    ck_assert_uint_eq(kit.features, 3);
}
END_TEST

START_TEST(a_missing_note_is_no_error)
{
    struct abi1 abi;
    b.programs[PROGRAM_NOTE_ABI].p_type = PT_NULL;
    ck_assert_ok(read_abi(&abi), err);
    ck_assert(!found);
}
END_TEST

START_TEST(a_note_behind_another_is_found)
{
    struct abi1 abi;
    /* one PT_NOTE from before the ABI note's first byte: a note of somebody else, then ours */
    struct note_header other = {.name_size = 4, .desc_size = 4, .type = 1};
    size_t other_size = 12 + 4 + 4;
    b.programs[PROGRAM_NOTE_ABI].p_offset -= other_size;
    b.programs[PROGRAM_NOTE_ABI].p_filesz += other_size;
    elf_builder_write(&b);
    memcpy(b.bytes + ABI_NOTE_OFF - other_size, &other, 12);

    struct elf_header header;
    ck_assert_ok(elf_file_read_header(b.bytes, sizeof(b.bytes), &header, &err), err);
    ck_assert_ok(note_read_abi(b.bytes, sizeof(b.bytes), &header, &abi, &found, &err), err);
    ck_assert(found);
    ck_assert_uint_eq(abi.target, ABI_TARGET_HVT);
}
END_TEST

START_TEST(somebody_elses_malformed_note_ends_the_walk)
{
    struct abi1 abi;
    b.abi.header.name[0] = 'X';
    b.abi.header.desc_size = UINT32_MAX;
    ck_assert_ok(read_abi(&abi), err);
    ck_assert(!found);
}
END_TEST

START_TEST(a_description_of_the_wrong_size_is_refused)
{
    static const uint32_t sizes[] = {0, 1, 15, 33, UINT32_MAX};
    struct abi1 abi;
    b.abi.header.desc_size = sizes[_i];
    ck_assert_fails(read_abi(&abi), err, ERROR_NOT_EXEC, "note does not fall within valid size");
}
END_TEST

START_TEST(a_note_longer_than_its_segment_is_refused)
{
    struct abi1 abi;
    b.programs[PROGRAM_NOTE_ABI].p_filesz -= 1;
    ck_assert_fails(
        read_abi(&abi), err, ERROR_NOT_EXEC,
        "read note ABI1: program header 4: note does not fall within valid size: a description of "
        "16 bytes, expected 16 to 32, in a segment of 35");
}
END_TEST

START_TEST(a_note_segment_outside_the_file_is_refused)
{
    static const struct {
        uint64_t off, size;
    } ranges[] = {{ELF_BUILDER_SIZE, 1}, {UINT64_MAX, 2}, {0x400, UINT64_MAX}, {0, ELF_BUILDER_SIZE + 1}};
    struct abi1 abi;
    b.programs[PROGRAM_NOTE_ABI].p_offset = ranges[_i].off;
    b.programs[PROGRAM_NOTE_ABI].p_filesz = ranges[_i].size;
    ck_assert_fails(read_abi(&abi), err, ERROR_NOT_EXEC,
                    "program header 4: the file ends before its notes do");
}
END_TEST

START_TEST(a_file_of_endless_notes_is_refused)
{
    struct abi1 abi;
    struct elf_header header;
    b.programs[PROGRAM_NOTE_ABI].p_offset = TEXT_OFF;
    b.programs[PROGRAM_NOTE_ABI].p_filesz = ELF_BUILDER_SIZE - TEXT_OFF;
    for (unsigned i = 0; i < ELF_N_PROGRAMS; i++)
        b.programs[i] = b.programs[PROGRAM_NOTE_ABI];
    elf_builder_write(&b);
    memset(b.bytes + TEXT_OFF, 0, ELF_BUILDER_SIZE - TEXT_OFF);

    ck_assert_ok(elf_file_read_header(b.bytes, sizeof(b.bytes), &header, &err), err);
    ck_assert_fails(note_read_abi(b.bytes, sizeof(b.bytes), &header, &abi, &found, &err), err, ERROR_NOT_EXEC,
                    "read note ABI1: program header 3: more than 4096 notes");
}
END_TEST

START_TEST(other_targets_and_versions_are_refused_by_name)
{
    struct abi1 spt = {.target = ABI_TARGET_SPT, .version = 1};
    struct abi1 odd = {.target = 77, .version = 1};
    struct abi1 old = {.target = ABI_TARGET_HVT, .version = 1};
    ck_assert_fails(note_check_abi(&spt, &err), err, ERROR_NOT_EXEC, "built for Solo5 target 'spt' (2)");
    ck_assert_fails(note_check_abi(&odd, &err), err, ERROR_NOT_EXEC, "target 'unknown' (77)");
    ck_assert_fails(note_check_abi(&old, &err), err, ERROR_NOT_EXEC,
                    "built for version 1 of Solo5's hvt interface, this monitor implements version 2");
}
END_TEST

START_TEST(a_kit_of_version_0_is_refused)
{
    struct kit1 kit;
    b.kit.kit.version = 0;
    ck_assert_fails(read_kit(&kit), err, ERROR_NOT_EXEC, "read note WKT1: version 0 is unknown");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("note");
    TCase *t = unit_case(suite, "note");
    tcase_add_checked_fixture(t, given_a_valid_file, NULL);
    tcase_add_test(t, the_abi_note_is_read);
    tcase_add_test(t, the_kit_note_is_read);
    tcase_add_test(t, a_missing_note_is_no_error);
    tcase_add_test(t, a_note_behind_another_is_found);
    tcase_add_test(t, somebody_elses_malformed_note_ends_the_walk);
    tcase_add_loop_test(t, a_description_of_the_wrong_size_is_refused, 0, 5);
    tcase_add_test(t, a_note_longer_than_its_segment_is_refused);
    tcase_add_loop_test(t, a_note_segment_outside_the_file_is_refused, 0, 4);
    tcase_add_test(t, a_file_of_endless_notes_is_refused);
    tcase_add_test(t, other_targets_and_versions_are_refused_by_name);
    tcase_add_test(t, a_kit_of_version_0_is_refused);
    return unit_run(suite);
}
