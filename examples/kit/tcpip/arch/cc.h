/* SPDX-License-Identifier: Apache-2.0 */
/* What lwIP wants to know of the compiler and the machine (lwip/arch.h has the rest). */
#ifndef TCPIP_ARCH_CC_H
#define TCPIP_ARCH_CC_H

#include <stdio.h>
#include <stdlib.h>

#define BYTE_ORDER       LITTLE_ENDIAN
#define LWIP_NO_UNISTD_H 1

#define LWIP_PLATFORM_DIAG(message) \
    do {                            \
        printf message;             \
    } while (0)
#define LWIP_PLATFORM_ASSERT(message)                      \
    do {                                                   \
        fprintf(stderr, "lwip: assertion: %s\n", message); \
        abort();                                           \
    } while (0)

#endif
