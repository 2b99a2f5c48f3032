/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h: after manifest_load() everything holds that its header promises. */
#include "elf_builder.h"
#include "manifest.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct elf_builder b;
static struct manifest_table table;
static struct error err;

static void given_a_valid_file(void)
{
    elf_builder_init(&b);
    err = (struct error){0};
}

static int load(void)
{
    struct elf_header header;
    elf_builder_write(&b);
    ck_assert_ok(elf_file_read_header(b.bytes, sizeof(b.bytes), &header, &err), err);
    return manifest_load(b.bytes, sizeof(b.bytes), &header, &table, &err);
}

START_TEST(devices_are_found_by_name_and_type)
{
    ck_assert_ok(load(), err);
    ck_assert_uint_eq(table.n_entries, 3);
    ck_assert_ptr_eq(manifest_find(&table, "disk", MANIFEST_BLOCK), &table.entries[1]);
    ck_assert_ptr_eq(manifest_find(&table, "service", MANIFEST_NET), &table.entries[2]);
    ck_assert_ptr_null(manifest_find(&table, "disk", MANIFEST_NET));
    ck_assert_ptr_null(manifest_find(&table, "", MANIFEST_RESERVED_FIRST));
    ck_assert_uint_eq(manifest_size(&table), 8 + 3 * 104);
    ck_assert(!manifest_is_device(&table.entries[0]));
    ck_assert_str_eq(manifest_type_name(table.entries[2].type), "net");
}
END_TEST

START_TEST(the_largest_manifest_is_read)
{
    elf_builder_set_entries(&b, MANIFEST_ENTRIES_MAX);
    ck_assert_ok(load(), err);
    ck_assert_ptr_eq(manifest_find(&table, "d63", MANIFEST_BLOCK), &table.entries[63]);
}
END_TEST

START_TEST(what_is_solo5s_own_is_zero)
{
    b.entries[1].u.block.capacity = 4096;
    b.entries[1].backend = 7;
    ck_assert_ok(load(), err);
    ck_assert_uint_eq(table.entries[1].u.block.capacity, 0);
    ck_assert_uint_eq(table.entries[1].backend, 0);
}
END_TEST

START_TEST(further_reserved_entries_are_no_devices)
{
    b.entries[2] = (struct manifest_entry){.type = MANIFEST_RESERVED_FIRST + 5, .name = "!"};
    ck_assert_ok(load(), err);
    ck_assert(!manifest_is_device(&table.entries[2]));
}
END_TEST

START_TEST(a_file_without_manifest_is_refused)
{
    b.programs[PROGRAM_NOTE_MANIFEST].p_type = PT_NULL;
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "no Solo5 manifest (note MFT1)");
}
END_TEST

START_TEST(wrong_counts_and_sizes_are_refused)
{
    elf_builder_set_entries(&b, MANIFEST_ENTRIES_MAX + 1);
    ck_assert_fails(load(), err, ERROR_NOT_EXEC,
                    "read note MFT1: program header 5: note does not fall within");

    elf_builder_init(&b);
    b.manifest.manifest.n_entries = MANIFEST_ENTRIES_MAX + 1;
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "65 entries, at most 64 are possible");

    b.manifest.manifest.n_entries = 4;
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "4 entries do not make 320 bytes");

    b.manifest.header.desc_size = 1;
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "note does not fall within valid size");
}
END_TEST

START_TEST(entry_0_must_be_the_reserved_one)
{
    b.entries[0].type = MANIFEST_BLOCK;
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entry 0 is not the reserved entry");
    elf_builder_init(&b);
    b.entries[0].name[0] = 'x';
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entry 0 is not the reserved entry");
    elf_builder_init(&b);
    elf_builder_set_entries(&b, 0);
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entry 0 is not the reserved entry");
}
END_TEST

START_TEST(an_unknown_version_is_refused)
{
    b.manifest.manifest.version = 2;
    ck_assert_fails(load(), err, ERROR_NOT_EXEC,
                    "Solo5 manifest is invalid: version 2 is unknown, expected 1");
}
END_TEST

START_TEST(bad_names_are_refused)
{
    memset(b.entries[1].name, 'a', sizeof(b.entries[1].name));
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entry 1: the name does not end");
    b.entries[1].name[0] = '\0';
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entry 1: the name is empty");
    strcpy(b.entries[1].name, "a/b");
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entry 1: the name has character 0x2f");
    strcpy(b.entries[1].name, "service");
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entries 1 and 2 are both named 'service'");
}
END_TEST

START_TEST(a_name_of_67_characters_is_read)
{
    memset(b.entries[1].name, 'a', sizeof(b.entries[1].name) - 1);
    ck_assert_ok(load(), err);
    ck_assert_uint_eq(strlen(table.entries[1].name), 67);
}
END_TEST

START_TEST(unknown_types_and_attached_devices_are_refused)
{
    b.entries[2].type = 3;
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entry 2: device type 3 is unknown");
    b.entries[2].type = 0;
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entry 2: device type 0 is unknown");
    b.entries[1].attached = 1;
    ck_assert_fails(load(), err, ERROR_NOT_EXEC, "entry 1: says that it is attached already");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("manifest");
    TCase *t = unit_case(suite, "manifest");
    tcase_add_checked_fixture(t, given_a_valid_file, NULL);
    tcase_add_test(t, devices_are_found_by_name_and_type);
    tcase_add_test(t, the_largest_manifest_is_read);
    tcase_add_test(t, what_is_solo5s_own_is_zero);
    tcase_add_test(t, further_reserved_entries_are_no_devices);
    tcase_add_test(t, a_file_without_manifest_is_refused);
    tcase_add_test(t, wrong_counts_and_sizes_are_refused);
    tcase_add_test(t, entry_0_must_be_the_reserved_one);
    tcase_add_test(t, an_unknown_version_is_refused);
    tcase_add_test(t, bad_names_are_refused);
    tcase_add_test(t, a_name_of_67_characters_is_read);
    tcase_add_test(t, unknown_types_and_attached_devices_are_refused);
    return unit_run(suite);
}
