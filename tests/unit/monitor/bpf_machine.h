/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interpreter of seccomp's dialect of BPF (Documentation/userspace-api/seccomp_filter.rst), so that a test
 * can ask a filter about any call without making it. It knows the instructions that libseccomp emits and
 * stops the test at any other.
 */
#ifndef BPF_MACHINE_H
#define BPF_MACHINE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the filter's verdict (SECCOMP_RET_*) about a call. */
uint32_t bpf_machine_run(const struct sock_filter *program, size_t n, const struct seccomp_data *call);

#endif
