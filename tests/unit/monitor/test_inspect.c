/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.h: the answer's fields, and its words. */
#include "elf_builder.h"
#include "inspect.h"
#include "unit.h"

#include <string.h>

static struct elf_builder b;
static struct unikernel unikernel;
static struct inspect_answer answer;
static char text[16384];

static void inspect(void)
{
    elf_builder_write(&b);
    inspect_bytes(b.bytes, sizeof(b.bytes), &unikernel, &answer);
}

static void given_a_valid_file(void)
{
    elf_builder_init(&b);
    memset(&answer, 0xff, sizeof(answer));
}

START_TEST(a_unikernel_is_described)
{
    inspect();
    ck_assert_uint_eq(answer.version, INSPECT_VERSION);
    ck_assert_uint_eq(answer.verdict, INSPECT_UNIKERNEL);
    ck_assert_uint_eq(answer.kind, INSPECT_KIND_KIT);
    ck_assert_uint_eq(answer.abi_version, 2);
    ck_assert_uint_eq(answer.memory_min, 0x109000);
    ck_assert_uint_eq(answer.entry, 0x100040);
    ck_assert_uint_eq(answer.n_devices, 2);
    ck_assert_str_eq(answer.devices[0].name, "disk");
    ck_assert_uint_eq(answer.devices[0].type, INSPECT_DEVICE_BLOCK);
    ck_assert_str_eq(answer.devices[1].name, "service");
    ck_assert_uint_eq(answer.devices[1].type, INSPECT_DEVICE_NET);
}
END_TEST

START_TEST(the_largest_manifest_fits)
{
    elf_builder_set_entries(&b, MANIFEST_ENTRIES_MAX);
    inspect();
    ck_assert_uint_eq(answer.n_devices, INSPECT_DEVICES_MAX);
    size_t length = inspect_format("file", &answer, text, sizeof(text));
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_ptr_nonnull(strstr(text, "block d63\n"));
}
END_TEST

START_TEST(other_verdicts_carry_their_reason)
{
    b.abi.abi.target = ABI_TARGET_SPT;
    inspect();
    ck_assert_uint_eq(answer.verdict, INSPECT_OTHER_TARGET);
    ck_assert_uint_eq(answer.abi_target, ABI_TARGET_SPT);
    ck_assert_uint_eq(answer.n_devices, 0);
    ck_assert_str_eq(answer.text, "built for Solo5 target 'spt' (2), this monitor runs target 'hvt'");

    inspect_bytes("", 0, &unikernel, &answer);
    ck_assert_uint_eq(answer.verdict, INSPECT_NOT_SOLO5);
    inspect_format("x", &answer, text, sizeof(text));
    ck_assert_str_eq(text, "x: not an ELF file\n");
}
END_TEST

START_TEST(words_name_memory_entry_and_devices)
{
    inspect();
    inspect_format("app.hvt", &answer, text, sizeof(text));
    ck_assert_str_eq(text, "app.hvt: a Solo5 unikernel for target 'hvt', version 2, built with wherry's kit\n"
                           "memory needed to load it: 1060 KiB\n"
                           "entry point: 0x100040\n"
                           "devices:\n"
                           "  block disk\n"
                           "  net   service\n");
    size_t length = inspect_format("app.hvt", &answer, text, 20);
    ck_assert_uint_eq(length, 19);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("inspect");
    TCase *t = unit_case(suite, "inspect");
    tcase_add_checked_fixture(t, given_a_valid_file, NULL);
    tcase_add_test(t, a_unikernel_is_described);
    tcase_add_test(t, the_largest_manifest_fits);
    tcase_add_test(t, other_verdicts_carry_their_reason);
    tcase_add_test(t, words_name_memory_entry_and_devices);
    return unit_run(suite);
}
