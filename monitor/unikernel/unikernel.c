/* SPDX-License-Identifier: Apache-2.0 */
#include "unikernel.h"

#include "note.h"

#include <string.h>

int unikernel_parse(const void *bytes, size_t size, struct unikernel *out, struct error *err)
{
    struct elf_header header;
    bool has_abi = false;

    memset(out, 0, offsetof(struct unikernel, elf)); /* elf is large, and filled in where it is valid */
    out->verdict = INSPECT_NOT_SOLO5;
    if (elf_file_read_header(bytes, size, &header, err) < 0)
        return -1;
    if (note_read_abi(bytes, size, &header, &out->abi, &has_abi, err) < 0) {
        out->verdict = INSPECT_BROKEN;
        return -1;
    }
    if (!has_abi)
        return error_set(err, ERROR_NOT_EXEC, "no Solo5 ABI note (ABI1): not a Solo5 unikernel");

    out->verdict = INSPECT_OTHER_TARGET;
    if (note_check_abi(&out->abi, err) < 0 || elf_file_check_machine(&header, err) < 0)
        return -1;

    out->verdict = INSPECT_BROKEN;
    if (manifest_load(bytes, size, &header, &out->manifest, err) < 0 ||
        note_read_kit(bytes, size, &header, &out->kit, &out->has_kit, err) < 0 ||
        elf_file_parse(bytes, size, &out->elf, err) < 0)
        return -1;
    symbols_init(&out->symbols, bytes, size, &header);
    out->verdict = INSPECT_UNIKERNEL;
    return 0;
}

enum inspect_kind unikernel_find_kind(const struct unikernel *unikernel)
{
    /* Of mirage-solo5, through which OCaml gets the command line; and of rumprun's base library, which parses
     * it. Both have been there since the first releases for Solo5. */
    static const char *const names[] = {"mirage_solo5_get_cmdline", "rumprun_boot"};
    static const enum inspect_kind kinds[] = {INSPECT_KIND_MIRAGE, INSPECT_KIND_RUMPRUN};
    struct symbol_function found[2];

    if (unikernel->has_kit)
        return INSPECT_KIND_KIT;
    symbols_find_functions(&unikernel->symbols, names, 2, found);
    for (size_t i = 0; i < 2; i++)
        if (found[i].n > 0)
            return kinds[i];
    return INSPECT_KIND_PLAIN;
}
