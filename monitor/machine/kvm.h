/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The KVM interface of Linux (Documentation/virt/kvm/api.rst) with this project's way of reporting errors.
 */
#ifndef KVM_H
#define KVM_H

#include "base/error.h"

#include <linux/kvm.h>
#include <stdint.h>

/* ioctl(2) with a pointer. what says what was being done ("create a VM"). Returns the call's result or -1. */
int kvm_call(int fd, unsigned long request, void *arg, const char *what, struct error *err);

/* ioctl(2) with a number. */
int kvm_call_number(int fd, unsigned long request, unsigned long arg, const char *what, struct error *err);

/* Opens /dev/kvm and checks its version. */
int kvm_open(int *out_fd, struct error *err);

/* Checks that an open /dev/kvm can run our guests: the API's version and the extensions without which the
 * monitor does not work. */
int kvm_check(int kvm_fd, struct error *err);

#endif
