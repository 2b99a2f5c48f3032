/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of x86_64/cpuid.h: nothing that needs ring 0, nothing of the hypervisor's, and everything else. */
#include "x86_64/cpuid.h"

#include "unit.h"

#define ALL UINT32_MAX

static struct kvm_cpuid_entry2 entry(uint32_t function, uint32_t index)
{
    return (struct kvm_cpuid_entry2){
        .function = function, .index = index, .eax = ALL, .ebx = ALL, .ecx = ALL, .edx = ALL};
}

START_TEST(leaves_of_the_hypervisor_and_of_ring_0_are_dropped)
{
    struct kvm_cpuid_entry2 entries[] = {entry(0, 0),          entry(1, 0),          entry(5, 0),
                                         entry(0xa, 0),        entry(0x40000000, 0), entry(0x40000001, 0),
                                         entry(0x80000000, 0), entry(0x8000000a, 0), entry(0x80000008, 0)};
    static const uint32_t kept[] = {0, 1, 0x80000000, 0x80000008};

    ck_assert_uint_eq(cpuid_filter(entries, sizeof(entries) / sizeof(entries[0])), 4);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(entries[i].function, kept[i]);
}
END_TEST

START_TEST(features_of_ring_0_are_cleared_and_others_kept)
{
    enum { VMX = 5, X2APIC = 21, HYPERVISOR = 31, SSE42 = 20, AES = 25, SEP = 11, SSE2 = 26, TSC = 4 };
    struct kvm_cpuid_entry2 e = entry(1, 0);

    ck_assert_uint_eq(cpuid_filter(&e, 1), 1);
    ck_assert_uint_eq(e.ecx & (1u << VMX | 1u << X2APIC | 1u << HYPERVISOR), 0);
    ck_assert_uint_eq(e.ecx & (1u << SSE42 | 1u << AES), 1u << SSE42 | 1u << AES);
    ck_assert_uint_eq(e.edx & 1u << SEP, 0);
    ck_assert_uint_eq(e.edx & (1u << SSE2 | 1u << TSC), 1u << SSE2 | 1u << TSC);
    ck_assert_uint_eq(e.eax, ALL);
}
END_TEST

START_TEST(system_calls_and_base_registers_are_not_offered)
{
    enum { FSGSBASE = 0, SMEP = 7, BMI2 = 8, SYSCALL = 11, SVM = 2, NX = 20 };
    struct kvm_cpuid_entry2 e[] = {entry(7, 0), entry(7, 1), entry(0x80000001, 0)};

    ck_assert_uint_eq(cpuid_filter(e, 3), 3);
    ck_assert_uint_eq(e[0].ebx & (1u << FSGSBASE | 1u << SMEP), 0);
    ck_assert_uint_ne(e[0].ebx & 1u << BMI2, 0);
    ck_assert_uint_eq(e[1].ebx, ALL); /* a sub-leaf with other meanings */
    ck_assert_uint_eq(e[2].edx & 1u << SYSCALL, 0);
    ck_assert_uint_eq(e[2].ecx & 1u << SVM, 0);
    ck_assert_uint_ne(e[2].edx & 1u << NX, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cpuid");
    TCase *t = unit_case(suite, "cpuid");
    tcase_add_test(t, leaves_of_the_hypervisor_and_of_ring_0_are_dropped);
    tcase_add_test(t, features_of_ring_0_are_cleared_and_others_kept);
    tcase_add_test(t, system_calls_and_base_registers_are_not_offered);
    return unit_run(suite);
}
