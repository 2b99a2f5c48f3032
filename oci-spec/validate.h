/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the specification that concern more than one section, or the whole document. */
#ifndef VALIDATE_H
#define VALIDATE_H

#include "base/error.h"
#include "json_read.h"
#include "oci-spec/config.h"

/* What must hold before anything else is read: an object, of a version that we know, for this platform. */
int validate_document(const struct json *document, struct error *err);

/* What must hold of all sections together. */
int validate_config(const struct config *config, struct error *err);

#endif
