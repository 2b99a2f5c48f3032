/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_watch.h"

#include "base/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Engines replace their records by a rename, or write into them (bolt). */
#define RECORD_EVENTS \
    (IN_MOVED_TO | IN_MODIFY | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
/* Of a directory above a storage only what comes and goes matters. */
#define ABOVE_EVENTS (IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* Watches a directory; if it is not there, the nearest one above that is. */
static int watch(int fd, const char *path, struct error *err)
{
    char at[PATH_MAX];
    int n = snprintf(at, sizeof(at), "%s", path);
    if (n < 0 || (size_t)n >= sizeof(at))
        return error_set(err, ERROR_REFUSED, "the path '%.200s' is too long", path);
    uint32_t events = RECORD_EVENTS;
    for (;;) {
        if (inotify_add_watch(fd, at, events | IN_MASK_ADD) >= 0)
            return 0;
        char *slash = strrchr(at, '/');
        if ((errno != ENOENT && errno != ENOTDIR) || slash == NULL || at[1] == '\0')
            return error_errno(err, "watch '%s'", at);
        slash[slash == at] = '\0';
        events = ABOVE_EVENTS;
    }
}

static int watch_storage(int fd, const char *dir, struct error *err)
{
    const char *records[ENGINE_RECORDS_MAX];
    enum engine_kind kind;
    struct error ignored;

    if (engine_recognise(dir, &kind, &ignored) < 0)
        return watch(fd, dir, err);
    size_t n = engine_record_dirs(kind, records);
    for (size_t i = 0; i < n; i++) {
        _cleanup_free_ char *path = NULL;
        if (asprintf(&path, "%s/%s", dir, records[i]) < 0)
            return error_errno(err, "watch '%s'", dir);
        if (watch(fd, path, err) < 0)
            return -1;
    }
    /* That the storage itself goes away is told by its parent's watch, or by the directories' own end. */
    return 0;
}

int engine_watch_open(char *const *dirs, size_t n, int *out_fd, struct error *err)
{
    _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd < 0)
        return error_errno(err, "watch the engines' storages");
    for (size_t i = 0; i < n; i++)
        if (watch_storage(fd, dirs[i], err) < 0)
            return -1;
    *out_fd = take_fd(&fd);
    return 0;
}

void engine_watch_drain(int fd)
{
    char events[4096];
    while (read(fd, events, sizeof(events)) > 0)
        ;
}
