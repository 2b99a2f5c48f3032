/* SPDX-License-Identifier: Apache-2.0 */
#include "kvm.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#define KVM_DEVICE "/dev/kvm"

int kvm_call(int fd, unsigned long request, void *arg, const char *what, struct error *err)
{
    int result = ioctl(fd, request, arg);
    if (result < 0)
        return error_errno(err, "KVM: %s", what);
    return result;
}

int kvm_call_number(int fd, unsigned long request, unsigned long arg, const char *what, struct error *err)
{
    int result = ioctl(fd, request, arg);
    if (result < 0)
        return error_errno(err, "KVM: %s", what);
    return result;
}

int kvm_open(int *out_fd, struct error *err)
{
    _cleanup_close_ int fd = -1;
    if (fd_open(AT_FDCWD, KVM_DEVICE, O_RDWR, 0, &fd, err) < 0 || kvm_check(fd, err) < 0)
        return -1;
    *out_fd = take_fd(&fd);
    return 0;
}

int kvm_check(int kvm_fd, struct error *err)
{
    static const struct {
        unsigned long capability;
        const char *name;
    } needed[] = {
        {KVM_CAP_GET_TSC_KHZ, "the frequency of the time-stamp counter"},
        {KVM_CAP_IMMEDIATE_EXIT, "immediate exits"},
        {KVM_CAP_SYNC_REGS, "registers in shared memory"},
        {KVM_CAP_READONLY_MEM, "read-only memory"},
    };

    int version = kvm_call_number(kvm_fd, KVM_GET_API_VERSION, 0, "get the API's version", err);
    if (version < 0)
        return -1;
    if (version != KVM_API_VERSION)
        return error_set(err, ERROR_REFUSED, "KVM: API version %d instead of %d", version, KVM_API_VERSION);
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        int has =
            kvm_call_number(kvm_fd, KVM_CHECK_EXTENSION, needed[i].capability, "check an extension", err);
        if (has < 0)
            return -1;
        if (has == 0)
            return error_set(err, ERROR_REFUSED, "KVM: this host does not offer %s", needed[i].name);
    }
    return 0;
}
