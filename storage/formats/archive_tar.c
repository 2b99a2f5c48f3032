/* SPDX-License-Identifier: Apache-2.0 */
#include "archive_entry.h"

#include "base/array.h"
#include "base/cleanup.h"

#include <limits.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK_SIZE 512u
#define OCTAL_7    07777777ull /* the most that seven octal digits hold */
#define OCTAL_11   077777777777ull

struct header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char linkname[100];
    char magic[8];
    char uname[32];
    char gname[32];
    char devmajor[8];
    char devminor[8];
    char prefix[155];
    char pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK_SIZE, "layout");

/* Records of a pax header: "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
struct pax {
    char *text;
    size_t size, room;
    bool failed; /* no memory */
};

static void pax_release(struct pax *pax)
{
    free(pax->text);
}

/* Makes room for a record; NULL: there is no memory, which is told when the header is written. */
static char *grow_pax(struct pax *pax, size_t size)
{
    struct error ignored;
    if (array_grow(&pax->text, &pax->room, pax->size + size, 1, "a pax header", &ignored) != 0)
        pax->failed = true;
    return pax->failed ? NULL : pax->text + pax->size;
}

/* A record whose key is prefix and name. */
static void add_bytes(struct pax *pax, const char *prefix, const char *name, size_t name_size,
                      const void *value, size_t size)
{
    size_t rest = strlen(prefix) + name_size + size + 3, length = rest + 1;
    char digits[24];
    while ((size_t)snprintf(digits, sizeof(digits), "%zu", length) + rest != length)
        length = (size_t)snprintf(digits, sizeof(digits), "%zu", length) + rest;
    char *at = grow_pax(pax, length);
    if (at == NULL)
        return;
    at = mempcpy(at, digits, strlen(digits));
    *at++ = ' ';
    at = mempcpy(at, prefix, strlen(prefix));
    at = mempcpy(at, name, name_size);
    *at++ = '=';
    if (size > 0)
        at = mempcpy(at, value, size);
    *at = '\n';
    pax->size += length;
}

static void add_record(struct pax *pax, const char *key, const char *value)
{
    add_bytes(pax, key, "", 0, value, strlen(value));
}

/* As star, GNU tar and libarchive have extended attributes. A key ends at its first "=", so that one in a
 * name stands there as GNU tar writes it. */
static void add_xattrs(struct pax *pax, const struct tree_xattrs *xattrs)
{
    for (uint32_t i = 0; xattrs != NULL && i < xattrs->n; i++) {
        const struct tree_xattr *x = &xattrs->items[i];
        char name[3 * XATTR_NAME_MAX], *end = name;
        for (size_t k = 0; k < x->name_size; k++) {
            if (x->name[k] == '=' || x->name[k] == '%')
                end = mempcpy(end, x->name[k] == '=' ? "%3D" : "%25", 3);
            else
                *end++ = x->name[k];
        }
        add_bytes(pax, "SCHILY.xattr.", name, (size_t)(end - name), x->value, x->value_size);
    }
}

/* Writes a number in octal digits; one that is too large goes into the pax header, if it has a key there. */
static void set_number(char *field, int digits, uint64_t max, uint64_t value, const char *key,
                       struct pax *pax)
{
    char text[24];
    if (value > max && key != NULL) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
        add_record(pax, key, text);
    }
    snprintf(text, sizeof(text), "%0*llo", digits, (unsigned long long)(value > max ? 0 : value));
    memcpy(field, text, (size_t)digits);
}

static void set_checksum(struct header *header)
{
    unsigned int sum = 0;
    char text[16];
    memset(header->checksum, ' ', sizeof(header->checksum));
    for (size_t i = 0; i < sizeof(*header); i++)
        sum += ((const unsigned char *)header)[i];
    snprintf(text, sizeof(text), "%06o", sum);
    memcpy(header->checksum, text, 7);
}

/* Splits a long name at a slash, or puts it into the pax header. */
static void set_name(struct header *header, const char *name, struct pax *pax)
{
    size_t size = strlen(name);
    if (size <= sizeof(header->name)) {
        memcpy(header->name, name, size);
        return;
    }
    for (size_t i = size - 1; i > 0; i--) {
        if (name[i] == '/' && i <= sizeof(header->prefix) && size - i - 1 <= sizeof(header->name) &&
            size - i - 1 > 0) {
            memcpy(header->prefix, name, i);
            memcpy(header->name, name + i + 1, size - i - 1);
            return;
        }
    }
    add_record(pax, "path", name);
    memcpy(header->name, name, sizeof(header->name));
}

static char type_of(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFLNK:
        return '2';
    case S_IFCHR:
        return '3';
    case S_IFBLK:
        return '4';
    case S_IFDIR:
        return '5';
    case S_IFIFO:
        return '6';
    default:
        return '0';
    }
}

static void start_header(struct header *header, char type)
{
    memset(header, 0, sizeof(*header));
    memcpy(header->magic, "ustar\00000", 8);
    header->type = type;
}

static int write_pax(struct archive_sink *sink, const struct pax *pax, struct error *err)
{
    struct header header;
    struct pax unused = {.size = 0};
    if (pax->failed)
        return error_set(err, ERROR_SYSTEM, "write a pax header: out of memory");
    start_header(&header, 'x');
    memcpy(header.name, "pax", 3);
    set_number(header.mode, 7, OCTAL_7, 0644, NULL, &unused);
    set_number(header.uid, 7, OCTAL_7, 0, NULL, &unused);
    set_number(header.gid, 7, OCTAL_7, 0, NULL, &unused);
    set_number(header.size, 11, OCTAL_11, pax->size, NULL, &unused);
    set_number(header.mtime, 11, OCTAL_11, 0, NULL, &unused);
    set_checksum(&header);
    if (archive_sink_add(sink, &header, sizeof(header), err) != 0 ||
        archive_sink_add(sink, pax->text, pax->size, err) != 0)
        return -1;
    return archive_sink_pad(sink, BLOCK_SIZE, err);
}

int archive_tar_header(struct archive_sink *sink, const struct archive_entry *entry, struct error *err)
{
    struct header header;
    _cleanup_(pax_release) struct pax pax = {.size = 0};
    char name[PATH_MAX + 1];

    snprintf(name, sizeof(name), "%s%s", entry->path, S_ISDIR(entry->mode) ? "/" : "");
    start_header(&header, type_of(entry->mode));
    set_name(&header, name, &pax);
    set_number(header.mode, 7, OCTAL_7, entry->mode & 07777, NULL, &pax);
    set_number(header.uid, 7, OCTAL_7, entry->uid, "uid", &pax);
    set_number(header.gid, 7, OCTAL_7, entry->gid, "gid", &pax);
    set_number(header.size, 11, OCTAL_11, entry->size, "size", &pax);
    set_number(header.mtime, 11, OCTAL_11, entry->mtime < 0 ? 0 : (uint64_t)entry->mtime, "mtime", &pax);
    set_number(header.devmajor, 7, OCTAL_7, entry->major, NULL, &pax);
    set_number(header.devminor, 7, OCTAL_7, entry->minor, NULL, &pax);
    size_t target_size = strlen(entry->target);
    if (target_size > sizeof(header.linkname))
        add_record(&pax, "linkpath", entry->target);
    memcpy(header.linkname, entry->target,
           target_size < sizeof(header.linkname) ? target_size : sizeof(header.linkname));
    add_xattrs(&pax, entry->xattrs);
    set_checksum(&header);
    if ((pax.size > 0 || pax.failed) && write_pax(sink, &pax, err) != 0)
        return -1;
    return archive_sink_add(sink, &header, sizeof(header), err);
}

int archive_tar_end(struct archive_sink *sink, struct error *err)
{
    static const char zeros[2 * BLOCK_SIZE];
    return archive_sink_add(sink, zeros, sizeof(zeros), err);
}
