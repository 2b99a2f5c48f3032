/* SPDX-License-Identifier: Apache-2.0 */
/* What is told while images are prepared: a line for each, as text or as JSON. */
#ifndef IMAGE_REPORT_H
#define IMAGE_REPORT_H

#include "storage/image.h"

#include <stdbool.h>
#include <stdint.h>

struct image_report {
    bool is_json;
    bool skips_ready; /* says nothing of images that were there already */
    uint64_t start_ns;
};

/* An image's preparation begins. */
void image_report_begin(struct image_report *report);

/* It is there. name is what it was made of. */
int image_report_ready(const struct image_report *report, const char *name, const struct image *image,
                       struct error *err);

/* It could not be made. Text goes to the log. */
int image_report_failed(const struct image_report *report, const char *name, const struct error *failure,
                        struct error *err);

#endif
