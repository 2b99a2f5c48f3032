/* SPDX-License-Identifier: Apache-2.0 */
#include "cpuid.h"

#include "kvm.h"

#include <stdbool.h>

#define ENTRIES_MAX 128

/* The leaves of hypervisors. Their clocks and calls need model-specific registers, which ring 3 has not. */
#define HYPERVISOR_FIRST 0x40000000u
#define HYPERVISOR_LAST  0x4fffffffu

/* What is left of each register of a leaf: bits that are set here are cleared for the guest. */
struct mask {
    uint32_t function;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

#define BIT(n) (1u << (n))

static const struct mask hidden[] = {
    {.function = 1,
     /* MONITOR, VMX, SMX, EST, TM2, PDCM, PCID, x2APIC, TSC deadline, hypervisor */
     .ecx = BIT(3) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(15) | BIT(17) | BIT(21) | BIT(24) | BIT(31),
     /* VME, DE, MCE, APIC, SEP, MTRR, PGE, MCA, DS, ACPI, TM */
     .edx = BIT(1) | BIT(2) | BIT(7) | BIT(9) | BIT(11) | BIT(12) | BIT(13) | BIT(14) | BIT(21) | BIT(22) |
            BIT(29)},
    {.function = 7,
     /* FSGSBASE (off in CR4), SGX, SMEP, INVPCID, PT, SMAP */
     .ebx = BIT(0) | BIT(2) | BIT(7) | BIT(10) | BIT(20) | BIT(25),
     /* UMIP, PKU, OSPKE, WAITPKG, CET_SS, LA57, SGX_LC, PKS */
     .ecx = BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(7) | BIT(16) | BIT(30) | BIT(31),
     /* UINTR, CET_IBT, speculation control, capabilities */
     .edx = BIT(5) | BIT(20) | BIT(26) | BIT(27) | BIT(28) | BIT(29) | BIT(30) | BIT(31)},
    {.function = 0x80000001,
     /* SVM, extended APIC, OSVW, IBS, SKINIT, WDT, NodeId MSR, performance counters, MONITORX */
     .ecx = BIT(2) | BIT(3) | BIT(9) | BIT(10) | BIT(12) | BIT(13) | BIT(19) | BIT(23) | BIT(24) | BIT(28) |
            BIT(29),
     /* SYSCALL: it leads into ring 0 (off in EFER) */
     .edx = BIT(11)},
    {.function = 0x80000008, .ebx = BIT(12) | BIT(14) | BIT(15) | BIT(24) | BIT(25)},
};

static bool is_hidden(uint32_t function)
{
    enum { MONITOR = 5, POWER = 6, PERFORMANCE = 0xa, SGX = 0x12, TRACE = 0x14, SVM = 0x8000000a };

    return (function >= HYPERVISOR_FIRST && function <= HYPERVISOR_LAST) || function == MONITOR ||
           function == POWER || function == PERFORMANCE || function == SGX || function == TRACE ||
           function == (uint32_t)SVM;
}

size_t cpuid_filter(struct kvm_cpuid_entry2 *entries, size_t n_entries)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < n_entries; i++) {
        struct kvm_cpuid_entry2 entry = entries[i];
        if (is_hidden(entry.function))
            continue;
        for (size_t m = 0; m < sizeof(hidden) / sizeof(hidden[0]); m++) {
            if (hidden[m].function != entry.function || entry.index != 0)
                continue;
            entry.ebx &= ~hidden[m].ebx;
            entry.ecx &= ~hidden[m].ecx;
            entry.edx &= ~hidden[m].edx;
        }
        entries[n_kept++] = entry;
    }
    return n_kept;
}

int cpuid_apply(int kvm_fd, int vcpu_fd, struct error *err)
{
    union {
        struct kvm_cpuid2 head;
        char bytes[sizeof(struct kvm_cpuid2) + ENTRIES_MAX * sizeof(struct kvm_cpuid_entry2)];
    } cpuid = {.head = {.nent = ENTRIES_MAX}};

    if (kvm_call(kvm_fd, KVM_GET_SUPPORTED_CPUID, &cpuid, "get the supported CPUID", err) < 0)
        return -1;
    cpuid.head.nent = (uint32_t)cpuid_filter(cpuid.head.entries, cpuid.head.nent);
    return kvm_call(vcpu_fd, KVM_SET_CPUID2, &cpuid, "set the CPUID", err) < 0 ? -1 : 0;
}
