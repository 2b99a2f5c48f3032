/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places a unikernel's segments in guest memory.
 *
 * What the guest cannot write is mapped from the file, page by page as it is touched, and so shared with
 * every other guest of the same file. The file must not change while such a guest runs: as with any program,
 * what is written to it may be seen, and a guest whose file has been cut short ends with a report. Everything
 * else is copied.
 */
#ifndef LOAD_H
#define LOAD_H

#include "base/error.h"
#include "elf_file.h"
#include "guest_mem.h"
#include "image.h"

/* mem is fresh, and elf, which was read from image, fits into it. */
int load_segments(const struct guest_mem *mem, const struct elf_file *elf, const struct image *image,
                  struct error *err);

/*
 * Replaces code or constants of a loaded segment at a guest address: [addr, addr + size) lies in what the
 * file fills of it.
 */
int load_patch(const struct guest_mem *mem, const struct elf_segment *segment, uint64_t addr,
               const void *bytes, size_t size, struct error *err);

#endif
