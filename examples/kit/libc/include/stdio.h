/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output to the console (C17 7.21). stdout writes whole lines, stderr at once; both end up in the same place.
 * There is no input, there are no files (kit/fs.h has those of the image), and printf knows no floating
 * point.
 */
#ifndef STDIO_H
#define STDIO_H

#include <stdarg.h>
#include <stddef.h>

#define EOF (-1)

#define _IOFBF 0 /* written out when the buffer is full */
#define _IOLBF 1 /* or at the end of a line */
#define _IONBF 2 /* or at once */

typedef struct stdio_file FILE;
extern FILE *const stdout, *const stderr;
#define stdout stdout
#define stderr stderr

int fflush(FILE *f);
int fprintf(FILE *restrict f, const char *restrict format, ...) __attribute__((format(printf, 2, 3)));
int fputc(int c, FILE *f);
int fputs(const char *restrict s, FILE *restrict f);
size_t fwrite(const void *restrict data, size_t size, size_t n, FILE *restrict f);
int printf(const char *restrict format, ...) __attribute__((format(printf, 1, 2)));
int putchar(int c);
int puts(const char *s);
/* buf and size are not looked at: a stream has a buffer of its own. */
int setvbuf(FILE *restrict f, char *restrict buf, int mode, size_t size);
int snprintf(char *restrict buf, size_t size, const char *restrict format, ...)
    __attribute__((format(printf, 3, 4)));
int vfprintf(FILE *restrict f, const char *restrict format, va_list ap) __attribute__((format(printf, 2, 0)));
int vprintf(const char *restrict format, va_list ap) __attribute__((format(printf, 1, 0)));
int vsnprintf(char *restrict buf, size_t size, const char *restrict format, va_list ap)
    __attribute__((format(printf, 3, 0)));

#endif
