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

/*
 * What only one library has: mirage-solo5's function through which OCaml gets the command line, and the name
 * of one of its modules that OCaml's runtime keeps; of rumprun's base library the function that parses the
 * command line, and what it says before it calls main(). The functions have been there since the first
 * releases for Solo5.
 */
static const struct mark {
    enum inspect_kind kind;
    const char *function;
    const char *text;
} marks[] = {
    {INSPECT_KIND_MIRAGE, "mirage_solo5_get_cmdline", "Solo5_os__Main"},
    {INSPECT_KIND_RUMPRUN, "rumprun_boot", "=== calling \"%s\" main() ==="},
};

#define N_MARKS (sizeof(marks) / sizeof(marks[0]))

static bool has_text(const struct unikernel *unikernel, const char *text)
{
    for (uint32_t i = 0; i < unikernel->elf.n_segments; i++) {
        const struct elf_segment *segment = &unikernel->elf.segments[i];
        if ((segment->flags & PF_X) == 0 &&
            memmem(unikernel->symbols.bytes + segment->file_off, segment->filesz, text, strlen(text)) != NULL)
            return true;
    }
    return false;
}

enum inspect_kind unikernel_find_kind(const struct unikernel *unikernel)
{
    const char *names[N_MARKS];
    struct symbol_function found[N_MARKS];

    if (unikernel->has_kit)
        return INSPECT_KIND_KIT;
    for (size_t i = 0; i < N_MARKS; i++)
        names[i] = marks[i].function;
    symbols_find_functions(&unikernel->symbols, names, N_MARKS, found);
    for (size_t i = 0; i < N_MARKS; i++)
        if (found[i].n > 0 || (unikernel->symbols.n == 0 && has_text(unikernel, marks[i].text)))
            return marks[i].kind;
    return INSPECT_KIND_PLAIN;
}
