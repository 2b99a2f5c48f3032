/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bytes of a file say, taken together: is it a Solo5 hvt unikernel, what does it want, where is it
 * loaded. Pure; the only function that programs need to judge a file.
 */
#ifndef UNIKERNEL_H
#define UNIKERNEL_H

#include "abi/note.h"
#include "base/error.h"
#include "elf_file.h"
#include "manifest.h"
#include "monitor/inspect.h"
#include "symbols.h"

#include <stdbool.h>
#include <stddef.h>

struct unikernel {
    enum inspect_verdict verdict; /* always valid after unikernel_parse() */
    /* Valid with INSPECT_UNIKERNEL and INSPECT_OTHER_TARGET. */
    struct abi1 abi;
    /* Valid with INSPECT_UNIKERNEL. */
    bool has_kit;
    struct kit1 kit; /* zero without the kit */
    struct manifest_table manifest;
    struct symbols symbols; /* borrows the bytes: they must stay while names are looked up */
    struct elf_file elf;
};

/*
 * 0 for a unikernel that this monitor can load (INSPECT_UNIKERNEL). Otherwise -1, out->verdict says which
 * kind of no, and err (ERROR_NOT_EXEC) why. Works on the whole file, of which it touches headers and notes
 * only.
 */
int unikernel_parse(const void *bytes, size_t size, struct unikernel *out, struct error *err);

/*
 * What a unikernel of verdict INSPECT_UNIKERNEL reads its command line with: the kit by its note, others by a
 * function in their symbol table that only their library has; without symbols by a text in their constants
 * and data that only it has.
 */
enum inspect_kind unikernel_find_kind(const struct unikernel *unikernel);

#endif
