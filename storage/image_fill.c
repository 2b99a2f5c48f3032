/* SPDX-License-Identifier: Apache-2.0 */
#include "image_fill.h"

#include "base/cleanup.h"

#include <stdlib.h>

int image_fill_run(const struct image_fill *fill, struct error *err)
{
    if (fill->file_fd < 0)
        return 0;
    if (layer_copy_in_order(&fill->runs, fill->sources, fill->file_fd, err) != 0)
        return error_wrap(err, "copy small files");
    return 0;
}

void image_fill_release(struct image_fill *fill)
{
    layer_runs_release(&fill->runs);
    free(fill->sources);
    cleanup_close(&fill->file_fd);
    cleanup_close(&fill->pipe_fd);
    *fill = IMAGE_FILL_NONE;
}
