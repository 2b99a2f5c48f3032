/* SPDX-License-Identifier: Apache-2.0 */
#include "image_build.h"

#include "base/cleanup.h"
#include "base/lock.h"
#include "image_archive.h"
#include "image_ext2.h"
#include "image_linear.h"

#include <fcntl.h>
#include <unistd.h>

static int write_image(const struct store *store, struct source *source, const struct image_request *request,
                       const char *key, struct error *err)
{
    if (request->format == IMAGE_EXT2)
        return image_ext2_write(store, source, key, err);
    if (image_linear_is(request->format))
        return image_linear_write(store, source, request, key, err);
    return image_archive_write(store, source, request, key, err);
}

int image_build(const struct store *store, struct source *source, const struct image_request *request,
                const char *key, bool wait, struct error *err)
{
    _cleanup_close_ int lock = -1, collect_lock = -1;
    int failed = 0;

    if (lock_acquire(store->lock_fd, STORE_COLLECT_LOCK, LOCK_SHARED, true, &collect_lock, err) != 0 ||
        lock_acquire(store->lock_fd, key, LOCK_EXCLUSIVE, wait, &lock, err) != 0)
        return -1;
    if (lock < 0)
        return 0;
    if (faccessat(store->img_fd, key, F_OK, 0) != 0)
        failed = write_image(store, source, request, key, err);
    lock_remove(store->lock_fd, key, &lock);
    return failed != 0 ? error_wrap(err, "build the image '%s'", key) : 0;
}
