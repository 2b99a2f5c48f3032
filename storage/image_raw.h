/* SPDX-License-Identifier: Apache-2.0 */
/* An image that is one file of the tree, as it is: nothing is built and nothing goes into the store. */
#ifndef STORAGE_IMAGE_RAW_H
#define STORAGE_IMAGE_RAW_H

#include "storage/image.h"

/* Opens the file. Its last block is filled up with zeros. Patches are ERROR_REFUSED. */
int image_raw_open(const struct image_request *request, struct image *out, struct error *err);

#endif
