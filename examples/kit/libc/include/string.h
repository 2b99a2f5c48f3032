/* SPDX-License-Identifier: Apache-2.0 */
/* C17 7.24 and the usual POSIX additions. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memchr(const void *s, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memcpy(void *restrict dest, const void *restrict src, size_t n);
void *memmove(void *dest, const void *src, size_t n);
void *memrchr(const void *s, int c, size_t n);
void *memset(void *dest, int c, size_t n);
char *stpcpy(char *restrict dest, const char *restrict src);
char *strchr(const char *s, int c);
int strcmp(const char *a, const char *b);
char *strcpy(char *restrict dest, const char *restrict src);
size_t strcspn(const char *s, const char *reject);
char *strdup(const char *s);
char *strerror(int errnum);
size_t strlcpy(char *restrict dest, const char *restrict src, size_t size);
size_t strlen(const char *s);
int strncmp(const char *a, const char *b, size_t n);
char *strncpy(char *restrict dest, const char *restrict src, size_t n);
size_t strnlen(const char *s, size_t max);
char *strrchr(const char *s, int c);
size_t strspn(const char *s, const char *accept);
char *strstr(const char *haystack, const char *needle);

#endif
