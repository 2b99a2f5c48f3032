/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of container ids: runc's, because engines make ids that runc accepts. */
#ifndef OCI_SPEC_ID_H
#define OCI_SPEC_ID_H

#include "base/error.h"

#define ID_LENGTH_MAX 1024

/*
 * Checks that id is one to ID_LENGTH_MAX letters, digits or characters of "_+-.", and neither "." nor "..":
 * such an id is safe as the name of a directory. Otherwise ERROR_USAGE.
 */
int id_check(const char *id, struct error *err);

#endif
