/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest's CPUID instruction says: what the host's says to any program, as far as a program in ring 3
 * can make use of it in a guest. A list of what is shown, not of what is hidden: new features stay unknown
 * until somebody has thought about them.
 *
 * The instruction is asked, and not KVM for what it supports: KVM would go through all leaves, and where the
 * host is itself a guest each leaf is an exit that takes 20 µs or more.
 */
#ifndef X86_64_CPUID_H
#define X86_64_CPUID_H

#include "base/error.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What CPUID leaves in its registers. */
struct cpuid_answer {
    uint32_t eax, ebx, ecx, edx;
};

#define CPUID_ENTRIES_MAX 8

/* Makes the guest's CPUID from ask(), which asks for sub-leaf 0 of a leaf. Returns how many entries. */
size_t cpuid_make(struct cpuid_answer (*ask)(uint32_t leaf), struct kvm_cpuid_entry2 out[CPUID_ENTRIES_MAX]);

/* Makes the guest's CPUID from the host's, and gives it to the vCPU. */
int cpuid_apply(int vcpu_fd, struct error *err);

/* Whether the host's CPU is AMD's. */
bool cpuid_host_is_amd(void);

#endif
