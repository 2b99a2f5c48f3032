/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into solo5-hvt, tells it that this KVM has no ioeventfd: then it offers its guests no network
 * ring. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

int ioctl(int fd, unsigned long request, ...);

int ioctl(int fd, unsigned long request, ...)
{
    static int (*next)(int, unsigned long, ...);
    va_list args;

    va_start(args, request);
    void *argument = va_arg(args, void *);
    va_end(args);
    if (request == KVM_CHECK_EXTENSION && (uintptr_t)argument == KVM_CAP_IOEVENTFD)
        return 0;
    if (next == NULL)
        next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, argument);
}
