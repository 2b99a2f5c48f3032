/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of x86_64/cpuid.h: nothing that needs ring 0, nothing that tells CPUs apart, no leaf unasked for.
 */
#include "x86_64/cpuid.h"

#include "unit.h"

#define ALL UINT32_MAX

static uint32_t last_basic_leaf;
static struct kvm_cpuid_entry2 entries[CPUID_ENTRIES_MAX];
static size_t n_entries;

/* A CPU that can do everything. */
static struct cpuid_answer ask(uint32_t leaf)
{
    struct cpuid_answer a = {ALL, ALL, ALL, ALL};
    if (leaf == 0)
        a.eax = last_basic_leaf;
    return a;
}

static const struct kvm_cpuid_entry2 *find(uint32_t leaf)
{
    for (size_t i = 0; i < n_entries; i++)
        if (entries[i].function == leaf)
            return &entries[i];
    return NULL;
}

static struct kvm_cpuid_entry2 get(uint32_t leaf)
{
    const struct kvm_cpuid_entry2 *entry = find(leaf);
    ck_assert_ptr_nonnull(entry);
    return entry != NULL ? *entry : (struct kvm_cpuid_entry2){0};
}

static void make(uint32_t last)
{
    last_basic_leaf = last;
    n_entries = cpuid_make(ask, entries);
    ck_assert_uint_le(n_entries, CPUID_ENTRIES_MAX);
}

START_TEST(leaves_that_are_not_shown_do_not_exist)
{
    static const uint32_t absent[] = {2, 4, 5, 0xa, 0xb, 0x40000000, 0x40000001, 0x80000002, 0x8000000a};

    make(0x20);
    ck_assert_uint_eq(get(0).eax, 7);
    ck_assert_uint_eq(get(0).ebx, ALL);
    ck_assert_uint_eq(get(0x80000000).eax, 0x80000008);
    for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
        ck_assert_ptr_null(find(absent[i]));
    ck_assert_uint_eq(get(0xd).eax | get(0xd).ebx | get(0xd).ecx | get(0xd).edx, 0);
}
END_TEST

START_TEST(a_cpu_without_leaf_7_has_none)
{
    make(5);
    ck_assert_uint_eq(get(0).eax, 5);
    ck_assert_ptr_null(find(7));
    ck_assert_ptr_nonnull(find(1));
    ck_assert_ptr_nonnull(find(0x80000001));
}
END_TEST

START_TEST(features_of_ring_0_are_not_shown_and_instructions_are)
{
    enum { VMX = 5, PCID = 17, X2APIC = 21, XSAVE = 26, AVX = 28, HYPERVISOR = 31 };
    enum { SSE42 = 20, AES = 25, RDRAND = 30, TSC = 4, APIC = 9, SEP = 11, SSE2 = 26 };

    make(0x20);
    const struct kvm_cpuid_entry2 e = get(1);
    ck_assert_uint_eq(e.eax, ALL);
    ck_assert_uint_eq(e.ecx & (1u << VMX | 1u << PCID | 1u << X2APIC | 1u << HYPERVISOR), 0);
    ck_assert_uint_eq(e.ecx & (1u << XSAVE | 1u << AVX), 0);
    ck_assert_uint_eq(~e.ecx & (1u << SSE42 | 1u << AES | 1u << RDRAND), 0);
    ck_assert_uint_eq(e.edx & (1u << SEP | 1u << APIC), 0);
    ck_assert_uint_eq(~e.edx & (1u << SSE2 | 1u << TSC), 0);
}
END_TEST

START_TEST(the_cpu_that_runs_the_guest_has_no_number)
{
    make(0x20);
    ck_assert_uint_eq(get(1).ebx, 0xff00);
}
END_TEST

START_TEST(system_calls_and_base_registers_are_not_offered)
{
    enum { FSGSBASE = 0, RTM = 11, SMEP = 7, AVX2 = 5, BMI2 = 8, SYSCALL = 11, SVM = 2, NX = 20 };

    make(0x20);
    ck_assert_uint_eq(get(7).eax, 0);
    ck_assert_uint_eq(get(7).ebx & (1u << FSGSBASE | 1u << SMEP | 1u << AVX2 | 1u << RTM), 0);
    ck_assert_uint_ne(get(7).ebx & 1u << BMI2, 0);
    ck_assert_uint_eq(get(0x80000001).edx & 1u << SYSCALL, 0);
    ck_assert_uint_eq(get(0x80000001).ecx & 1u << SVM, 0);
    ck_assert_uint_ne(get(0x80000001).edx & 1u << NX, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cpuid");
    TCase *t = unit_case(suite, "cpuid");
    tcase_add_test(t, leaves_that_are_not_shown_do_not_exist);
    tcase_add_test(t, a_cpu_without_leaf_7_has_none);
    tcase_add_test(t, features_of_ring_0_are_not_shown_and_instructions_are);
    tcase_add_test(t, the_cpu_that_runs_the_guest_has_no_number);
    tcase_add_test(t, system_calls_and_base_registers_are_not_offered);
    return unit_run(suite);
}
