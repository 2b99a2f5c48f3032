/* SPDX-License-Identifier: Apache-2.0 */
/* The kit's libc as kit-libc-host has it: its names begin with kit_, so that the host's own stay beside them.
 */
#ifndef KIT_LIBC_H
#define KIT_LIBC_H

#include <stdarg.h>
#include <stddef.h>

struct kit_tm {
    int sec, min, hour, mday, mon, year, wday, yday, isdst;
};

extern int kit_errno;
void *kit_bsearch(const void *key, const void *base, size_t n, size_t size,
                  int (*compare)(const void *, const void *));
struct kit_tm *kit_gmtime_r(const long *t, struct kit_tm *out);
int kit_isalnum(int c), kit_isalpha(int c), kit_iscntrl(int c), kit_isdigit(int c), kit_isgraph(int c);
int kit_islower(int c), kit_isprint(int c), kit_ispunct(int c), kit_isspace(int c), kit_isupper(int c);
int kit_isxdigit(int c), kit_tolower(int c), kit_toupper(int c);
void *kit_memchr(const void *s, int c, size_t n);
int kit_memcmp(const void *a, const void *b, size_t n);
void *kit_memcpy(void *dest, const void *src, size_t n);
void *kit_memmove(void *dest, const void *src, size_t n);
void *kit_memrchr(const void *s, int c, size_t n);
void *kit_memset(void *dest, int c, size_t n);
void kit_qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));
int kit_snprintf(char *buf, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int kit_strcasecmp(const char *a, const char *b);
char *kit_strchr(const char *s, int c);
int kit_strcmp(const char *a, const char *b);
size_t kit_strcspn(const char *s, const char *reject);
size_t kit_strlcpy(char *dest, const char *src, size_t size);
size_t kit_strlen(const char *s);
int kit_strncmp(const char *a, const char *b, size_t n);
char *kit_strncpy(char *dest, const char *src, size_t n);
size_t kit_strnlen(const char *s, size_t max);
char *kit_strrchr(const char *s, int c);
size_t kit_strspn(const char *s, const char *accept);
char *kit_strstr(const char *haystack, const char *needle);
long kit_strtol(const char *s, char **end, int base);
unsigned long kit_strtoul(const char *s, char **end, int base);
long kit_timegm(struct kit_tm *tm);

#endif
