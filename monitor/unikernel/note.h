/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notes by which a unikernel says what it is (abi/note.h): pure functions over the bytes of an ELF file
 * whose header elf_file_read_header() has accepted. Nothing but program headers and notes is touched.
 */
#ifndef NOTE_H
#define NOTE_H

#include "abi/note.h"
#include "base/error.h"
#include "elf_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a note's description lies in the file; it lies inside it. */
struct note {
    uint64_t desc_off;
    uint32_t desc_size; /* 0: there is no such note */
};

/*
 * Finds the first note of this owner (name_size counts the NUL) and type whose description has between
 * desc_min and desc_max bytes. One that has not, or that does not fit into its program header, is
 * ERROR_NOT_EXEC; none at all is no error, and out->desc_size is 0. A
 * file with very many notes is refused, so that looking takes a bounded time.
 */
struct note_query {
    const char *name;
    uint32_t name_size;
    uint32_t type;
    uint32_t desc_min; /* at least 1 */
    uint32_t desc_max;
};
int note_find(const void *bytes, size_t size, const struct elf_header *header, const struct note_query *query,
              struct note *out, struct error *err);

/* Reads Solo5's ABI1 note. *out_found says whether there is one. */
int note_read_abi(const void *bytes, size_t size, const struct elf_header *header, struct abi1 *out,
                  bool *out_found, struct error *err);

/* ERROR_NOT_EXEC unless this is the target and the version that this monitor implements; names both. */
int note_check_abi(const struct abi1 *abi, struct error *err);

/* The name of a target, as Solo5 has it; "unknown" for others. */
const char *note_target_name(uint32_t target);

/* Reads our kit's note. *out_found says whether there is one. */
int note_read_kit(const void *bytes, size_t size, const struct elf_header *header, struct kit1 *out,
                  bool *out_found, struct error *err);

#endif
