/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's part of a plan: which file is the unikernel, and what it is given. Called by plan.c only. */
#ifndef PLAN_GUEST_H
#define PLAN_GUEST_H

#include "base/error.h"

struct plan;
struct settings;

/*
 * The memory that a monitor takes besides its guest's, and that a container's memory limit must cover too: 4
 * MiB for the process and the kernel's side of the VM, and one part in 96 for page tables. Measured, with
 * guests that touch all they have (tests/system/memory.bats, docs/config.md): at most 1.8 MiB and, on a KVM
 * that keeps shadow page tables, one part in 150.
 */
#define PLAN_OVERHEAD_BYTES (4ull << 20)
#define PLAN_OVERHEAD_PART  96

/* Under a memory limit, one part in so many of what is left is for what the guest writes to images without a
 * limit of their own, as that stays in memory: a write beyond it fails, and nobody is killed. */
#define PLAN_WRITES_PART 16

/* Opens the unikernel and asks the monitor about it: sets is_unikernel, guest_fd and answer. */
int plan_find_guest(struct plan *plan, const struct settings *settings, struct error *err);

/* Matches what the unikernel declares with what the bundle gives: kind, command line, memory, devices. */
int plan_fit_guest(struct plan *plan, const struct settings *settings, struct error *err);

#endif
