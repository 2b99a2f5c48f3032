/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the guest's CPUID instruction says: what KVM supports on this host, without the features that a
 * program in ring 3 cannot use, and without KVM's paravirtual leaves.
 */
#ifndef X86_64_CPUID_H
#define X86_64_CPUID_H

#include "base/error.h"

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

/* Removes from a supported CPUID what the guest must not see. Returns how many entries are left, in order. */
size_t cpuid_filter(struct kvm_cpuid_entry2 *entries, size_t n_entries);

/* Asks KVM what it supports, filters it, and gives it to the vCPU. */
int cpuid_apply(int kvm_fd, int vcpu_fd, struct error *err);

#endif
