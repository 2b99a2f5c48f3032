/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where Solo5's library makes its hypercalls, which is how it is known in files whose symbols are gone.
 *
 * The library is one object file: whoever is linked with it has all of it, so a file has one place for each
 * kind of hypercall, and some for the console and the end. In each of them compilers load the port's number
 * right before the `out`, as there is nothing that they could keep it for. A file that has exactly these
 * places is taken for one that is linked with the library.
 */
#ifndef CALL_SITES_H
#define CALL_SITES_H

#include "abi/hypercall.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unikernel;

#define CALL_SITE_BYTES_MIN 5u
#define CALL_SITE_BYTES_MAX 6u

#define CALL_SITES_MAX 64

/* The port's number into edx, or dx, and the `out` of eax: all of it in one segment that is executed. */
struct call_site {
    uint64_t at;    /* a guest address */
    unsigned bytes; /* CALL_SITE_BYTES_MIN to CALL_SITE_BYTES_MAX */
    enum hypercall number;
};

struct call_sites {
    struct call_site sites[CALL_SITES_MAX];
    size_t n;
};

/* False when they are not those of Solo5's library. Reads all of the file's code. */
bool call_sites_find(const struct unikernel *unikernel, struct call_sites *out);

/* Whether a function loads the number of such a port, and there is an `out` behind that. */
bool call_sites_include(const unsigned char *code, size_t size, enum hypercall number);

#endif
