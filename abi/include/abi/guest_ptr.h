/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two faces of an address inside the guest. A guest (compiled with ABI_GUEST) sees a pointer. The host
 * sees a struct that can neither be dereferenced nor mixed up with a length. Both are 64 bits wide.
 */
#ifndef ABI_GUEST_PTR_H
#define ABI_GUEST_PTR_H

#include <stdint.h>

/* A guest-physical address. */
struct gpa {
    uint64_t value;
};

#ifdef ABI_GUEST
#define GUEST_PTR(type) type
#else
#define GUEST_PTR(type) struct gpa
#endif

_Static_assert(sizeof(GUEST_PTR(void *)) == 8, "a guest address has 64 bits");

#endif
