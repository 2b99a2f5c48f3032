/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core file of a guest (System V ABI, chapter 4; core(5)): its registers and its memory, for gdb. Memory
 * that was never touched is a hole.
 */
#ifndef DUMPCORE_H
#define DUMPCORE_H

#include "base/error.h"
#include "guest_mem.h"

#include <linux/kvm.h>

/* Writes "core.solo5-hvt.PID" in directory; the name is solo5-hvt's, where people look for it. It must not
 * exist. */
int dumpcore_write(const char *directory, const struct guest_mem *mem, const struct kvm_regs *regs,
                   struct error *err);

#endif
