/* SPDX-License-Identifier: Apache-2.0 */
/* The Range field for one range of bytes (RFC 9110, 14.1.2 and 14.2). */
#ifndef WEB_BYTE_RANGE_H
#define WEB_BYTE_RANGE_H

#include "slice.h"

#include <stdint.h>

enum byte_range_result {
    BYTE_RANGE_NONE,         /* no range, several, or one that cannot be read: the whole file is the answer */
    BYTE_RANGE_PART,         /* [*out_first, *out_first + *out_count) */
    BYTE_RANGE_UNSATISFIABLE /* beyond the file's end */
};

/* What the field asks for of a file of size bytes. */
enum byte_range_result byte_range_parse(struct slice field, uint64_t size, uint64_t *out_first,
                                        uint64_t *out_count);

#endif
