/* SPDX-License-Identifier: Apache-2.0 */
/* What `wherry spec` prints: a config.json to start from, for a unikernel at /app.hvt of the bundle's rootfs.
 */
#ifndef OCI_SPEC_SPEC_H
#define OCI_SPEC_SPEC_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct spec_options {
    bool rootless; /* with a user namespace in which uid and gid are root */
    uint32_t uid;  /* the caller's, for rootless */
    uint32_t gid;
};

/* The document, indented. *out_text is NUL-terminated and the caller's to free(3). */
int spec_format(const struct spec_options *options, char **out_text, struct error *err);

#endif
