/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: which instructions there are is all that ring 3 can use of CPUID. Not shown are features of ring 0,
 * features that the guest's CR4 leaves off (XSAVE, and with it AVX in all its forms), transactions, counters,
 * identifiers of the CPU that happens to run this, and hypervisors.
 *
 * Every CPU with 64-bit mode has the extended leaves up to 0x80000008.
 */
#include "cpuid.h"

#include "kvm.h"

#include <cpuid.h>
#include <string.h>

enum leaf {
    LEAF_VENDOR = 0,
    LEAF_FEATURES = 1,
    LEAF_MORE_FEATURES = 7,
    LEAF_XSAVE = 0xd,
    LEAF_EXTENDED = 0x80000000,
    LEAF_EXTENDED_FEATURES = 0x80000001,
    LEAF_SIZES = 0x80000008
};

#define BIT(n) (1u << (n))

/* FPU, TSC, CMPXCHG8B, CMOV, MMX, FXSR */
#define BASE_FEATURES (BIT(0) | BIT(4) | BIT(8) | BIT(15) | BIT(23) | BIT(24))

/* What is shown of the registers of each leaf. */
static const struct shown {
    uint32_t leaf;
    struct cpuid_answer mask;
} shown[] = {
    {LEAF_FEATURES,
     {/* family, model, stepping */
      .eax = UINT32_MAX,
      /* the cache line that CLFLUSH flushes */
      .ebx = 0xff00,
      /* SSE3, PCLMULQDQ, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, MOVBE, POPCNT, AES, RDRAND */
      .ecx = BIT(0) | BIT(1) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | BIT(23) | BIT(25) | BIT(30),
      /* and CLFLUSH, SSE, SSE2 */
      .edx = BASE_FEATURES | BIT(19) | BIT(25) | BIT(26)}},
    {LEAF_MORE_FEATURES,
     {/* BMI1, BMI2, ERMS, RDSEED, ADX, CLFLUSHOPT, CLWB, SHA */
      .ebx = BIT(3) | BIT(8) | BIT(9) | BIT(18) | BIT(19) | BIT(23) | BIT(24) | BIT(29),
      /* GFNI, MOVDIRI, MOVDIR64B */
      .ecx = BIT(8) | BIT(27) | BIT(28),
      /* FSRM, MD_CLEAR, SERIALIZE */
      .edx = BIT(4) | BIT(10) | BIT(14)}},
    {LEAF_EXTENDED_FEATURES,
     {/* LAHF, LZCNT, SSE4A, misaligned SSE, PREFETCHW */
      .ecx = BIT(0) | BIT(5) | BIT(6) | BIT(7) | BIT(8),
      /* and NX, MMX extensions, RDTSCP, 64-bit mode */
      .edx = BASE_FEATURES | BIT(20) | BIT(22) | BIT(27) | BIT(29)}},
    /* how many bits addresses have; CLZERO */
    {LEAF_SIZES, {.eax = 0xffff, .ebx = BIT(0)}},
};

static struct kvm_cpuid_entry2 entry_of(uint32_t leaf, struct cpuid_answer a)
{
    /* These have other sub-leaves, which say what is not shown. */
    bool has_more = leaf == LEAF_MORE_FEATURES || leaf == LEAF_XSAVE;

    return (struct kvm_cpuid_entry2){.function = leaf,
                                     .flags = has_more ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0,
                                     .eax = a.eax,
                                     .ebx = a.ebx,
                                     .ecx = a.ecx,
                                     .edx = a.edx};
}

size_t cpuid_make(struct cpuid_answer (*ask)(uint32_t leaf), struct kvm_cpuid_entry2 out[CPUID_ENTRIES_MAX])
{
    struct cpuid_answer vendor = ask(LEAF_VENDOR);
    size_t n = 0;

    if (vendor.eax > LEAF_MORE_FEATURES)
        vendor.eax = LEAF_MORE_FEATURES;
    out[n++] = entry_of(LEAF_VENDOR, vendor);
    /* Behind the last leaf, so that no guest sees it: KVM looks for it, and without it asks the CPU. */
    out[n++] = entry_of(LEAF_XSAVE, (struct cpuid_answer){0});
    out[n++] = entry_of(LEAF_EXTENDED, (struct cpuid_answer){.eax = LEAF_SIZES});
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        const struct cpuid_answer *mask = &shown[i].mask;
        if (shown[i].leaf > vendor.eax && shown[i].leaf < LEAF_EXTENDED)
            continue;
        struct cpuid_answer a = ask(shown[i].leaf);
        out[n++] = entry_of(shown[i].leaf, (struct cpuid_answer){.eax = a.eax & mask->eax,
                                                                 .ebx = a.ebx & mask->ebx,
                                                                 .ecx = a.ecx & mask->ecx,
                                                                 .edx = a.edx & mask->edx});
    }
    return n;
}

static struct cpuid_answer ask_host(uint32_t leaf)
{
    /* Asked for twice, and dear. */
    static struct cpuid_answer vendor;
    struct cpuid_answer a;

    if (leaf == LEAF_VENDOR && vendor.ebx != 0)
        return vendor;
    __cpuid_count(leaf, 0, a.eax, a.ebx, a.ecx, a.edx);
    if (leaf == LEAF_VENDOR)
        vendor = a;
    return a;
}

int cpuid_apply(int vcpu_fd, struct error *err)
{
    union {
        struct kvm_cpuid2 head;
        char bytes[sizeof(struct kvm_cpuid2) + CPUID_ENTRIES_MAX * sizeof(struct kvm_cpuid_entry2)];
    } cpuid;

    memset(&cpuid, 0, sizeof(cpuid));
    cpuid.head.nent = (uint32_t)cpuid_make(ask_host, cpuid.head.entries);
    return kvm_call(vcpu_fd, KVM_SET_CPUID2, &cpuid, "set the CPUID", err) < 0 ? -1 : 0;
}

bool cpuid_host_is_amd(void)
{
    return ask_host(LEAF_VENDOR).ebx == signature_AMD_ebx;
}
