/* SPDX-License-Identifier: Apache-2.0 */
/* What the printf functions share: C17 7.21.6.1 without floating point, wide characters and %n. */
#ifndef STDIO_FORMAT_H
#define STDIO_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Takes the next n bytes of the output. */
typedef void format_sink(void *context, const char *data, size_t n);

/* Returns how many bytes the sink got. A conversion that it does not know is printed as it stands. */
int format_print(format_sink *sink, void *context, const char *format, va_list ap);

#endif
