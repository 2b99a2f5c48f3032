/* SPDX-License-Identifier: Apache-2.0 */
#include "archive_entry.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HEADER_SIZE 110

static int write_header(struct archive_sink *sink, const struct archive_entry *entry, uint32_t n_links,
                        struct error *err)
{
    char header[HEADER_SIZE + 1];
    size_t name_size = strlen(entry->path) + 1;
    size_t target_size = strlen(entry->target);

    if (entry->size > UINT32_MAX)
        return error_set(err, ERROR_REFUSED, "'%s' is too large for a cpio archive", entry->path);
    snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
             entry->number, entry->mode, entry->uid, entry->gid, n_links,
             entry->mtime < 0            ? 0
             : entry->mtime > UINT32_MAX ? UINT32_MAX
                                         : (uint32_t)entry->mtime,
             S_ISLNK(entry->mode) ? (uint32_t)target_size : (uint32_t)entry->size, 0u, 0u, entry->major,
             entry->minor, (uint32_t)name_size, 0u);
    if (archive_sink_add(sink, header, HEADER_SIZE, err) != 0 ||
        archive_sink_add(sink, entry->path, name_size, err) != 0 || archive_sink_pad(sink, 4, err) != 0)
        return -1;
    if (!S_ISLNK(entry->mode))
        return 0;
    if (archive_sink_add(sink, entry->target, target_size, err) != 0)
        return -1;
    return archive_sink_pad(sink, 4, err);
}

int archive_cpio_header(struct archive_sink *sink, const struct archive_entry *entry, struct error *err)
{
    return write_header(sink, entry, S_ISDIR(entry->mode) ? 2 : 1, err);
}

int archive_cpio_end(struct archive_sink *sink, struct error *err)
{
    const struct archive_entry end = {.path = "TRAILER!!!", .target = ""};
    return write_header(sink, &end, 1, err);
}
