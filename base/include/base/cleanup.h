/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources that end with their scope.
 *
 *     _cleanup_close_ int fd = open(...);      closed on every way out
 *     *out_fd = take_fd(&fd);                  handed over: the scope owns nothing any more
 *
 * The functions preserve errno, so that a failing line's errno survives the way out.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0) {
        int saved = errno;
        close(*fd);
        errno = saved;
    }
}

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_fclose(FILE **f)
{
    if (*f != NULL) {
        int saved = errno;
        fclose(*f);
        errno = saved;
    }
}

static inline void cleanup_closedir(DIR **d)
{
    if (*d != NULL) {
        int saved = errno;
        closedir(*d);
        errno = saved;
    }
}

#define _cleanup_close_    __attribute__((cleanup(cleanup_close)))
#define _cleanup_free_     __attribute__((cleanup(cleanup_free)))
#define _cleanup_fclose_   __attribute__((cleanup(cleanup_fclose)))
#define _cleanup_closedir_ __attribute__((cleanup(cleanup_closedir)))
/* For a type of one's own: `_cleanup_(store_close) struct store *s = NULL;` calls store_close(&s). */
#define _cleanup_(f) __attribute__((cleanup(f)))

/* Takes the descriptor out of its variable; the caller owns it now. */
static inline int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/* Takes the pointer out of its variable; the caller owns it now. */
#define take_ptr(p)                         \
    __extension__({                         \
        __typeof__(p) take_ptr_value = (p); \
        (p) = NULL;                         \
        take_ptr_value;                     \
    })

#endif
