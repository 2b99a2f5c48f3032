/* SPDX-License-Identifier: Apache-2.0 */
/* C17 7.22: memory, numbers, searching and the end of the program. */
#ifndef STDLIB_H
#define STDLIB_H

#include <stddef.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX     0x7fffffff

_Noreturn void abort(void);
void *aligned_alloc(size_t align, size_t size);
int atoi(const char *s);
void *bsearch(const void *key, const void *base, size_t n, size_t size,
              int (*compare)(const void *, const void *));
void *calloc(size_t n, size_t size);
_Noreturn void exit(int status);
void free(void *p);
/* NULL under a host that gives no environment; the value must not be changed. */
char *getenv(const char *name);
void *malloc(size_t size);
void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));
int rand(void);
void *realloc(void *p, size_t size);
long strtol(const char *restrict s, char **restrict end, int base);
long long strtoll(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end, int base);

#endif
