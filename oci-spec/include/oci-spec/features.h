/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `wherry features` prints (runtime-spec features.md, features-linux.md). It is made of constants and of
 * the tables that the parser uses, and says nothing about the host.
 */
#ifndef OCI_SPEC_FEATURES_H
#define OCI_SPEC_FEATURES_H

#include "base/error.h"

/* The document, indented. *out_text is NUL-terminated and the caller's to free(3). */
int features_format(char **out_text, struct error *err);

#endif
