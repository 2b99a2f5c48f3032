/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static void set_text(struct error *err, enum error_kind kind,
                                                           int errnum, const char *fmt, va_list ap)
{
    err->kind = kind;
    err->errnum = errnum;
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    if (errnum == 0)
        return;

    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(errnum));
}

__attribute__((format(printf, 2, 0))) static void put_in_front(struct error *err, const char *fmt, va_list ap)
{
    char old[ERROR_TEXT_SIZE];
    memcpy(old, err->text, sizeof(old));
    old[sizeof(old) - 1] = '\0';

    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof(err->text) - used, ": %s", old);
}

int error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_text(err, kind, 0, fmt, ap);
    va_end(ap);
    return -1;
}

int error_errno(struct error *err, const char *fmt, ...)
{
    int errnum = errno;
    va_list ap;
    va_start(ap, fmt);
    set_text(err, ERROR_SYSTEM, errnum, fmt, ap);
    va_end(ap);
    return -1;
}

int error_number(struct error *err, int errnum, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set_text(err, ERROR_SYSTEM, errnum, fmt, ap);
    va_end(ap);
    return -1;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_in_front(err, fmt, ap);
    va_end(ap);
    return -1;
}

int error_wrap_as(struct error *err, enum error_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_in_front(err, fmt, ap);
    va_end(ap);
    err->kind = kind;
    return -1;
}
