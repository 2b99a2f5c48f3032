/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. An archive is headers of 512 bytes, each with its contents padded to 512. Some headers only say
 * more about the next one: pax headers, and GNU's long names. They are collected until the header of a file
 * comes, and hold for that one. Two blocks of zeros end the archive; what follows them is read, because it is
 * part of the stream that the caller may be digesting, and means nothing.
 */
#include "base/tar_reader.h"

#include "base/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCK_SIZE 512u

/* As star, GNU tar, libarchive and engines have it. */
#define XATTR_PREFIX "SCHILY.xattr."

/* A pax header is a handful of lines; one that is larger than this wants something else. */
#define PAX_MAX (1u << 20)

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
    char magic[6];
    char version[2];
    char uname[32];
    char gname[32];
    char devmajor[8];
    char devminor[8];
    char prefix[155];
    char pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK_SIZE, "layout");

/* What headers before a file's own say about it. */
struct extra {
    bool has_path, has_target, has_size, has_uid, has_gid, has_mtime;
    uint64_t size, uid, gid;
    int64_t mtime;
};

struct tar_reader {
    struct tar_stream stream;
    uint64_t left; /* of the present entry's contents */
    uint64_t pad;  /* zeros behind them */
    char path[TAR_PATH_MAX + 1];
    char target[TAR_PATH_MAX + 1];
    struct extra extra;
};

int tar_reader_new(const struct tar_stream *stream, struct tar_reader **out, struct error *err)
{
    struct tar_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return error_errno(err, "read an archive");
    reader->stream = *stream;
    *out = reader;
    return 0;
}

void tar_reader_free(struct tar_reader *reader)
{
    free(reader);
}

/* Reads size bytes, or fewer at the end of the stream. */
static int read_stream(struct tar_reader *reader, void *buf, size_t size, size_t *out_n, struct error *err)
{
    size_t done = 0, n = 1;
    while (done < size && n > 0) {
        if (reader->stream.read(reader->stream.context, (char *)buf + done, size - done, &n, err) != 0)
            return -1;
        done += n;
    }
    *out_n = done;
    return 0;
}

static int read_all(struct tar_reader *reader, void *buf, size_t size, struct error *err)
{
    size_t n;
    if (read_stream(reader, buf, size, &n, err) != 0)
        return -1;
    return n == size ? 0 : error_set(err, ERROR_INPUT, "the archive ends in the middle of an entry");
}

static int skip(struct tar_reader *reader, uint64_t size, struct error *err)
{
    char buf[16384];
    while (size > 0) {
        size_t n = size < sizeof(buf) ? (size_t)size : sizeof(buf);
        if (read_all(reader, buf, n, err) != 0)
            return -1;
        size -= n;
    }
    return 0;
}

int tar_reader_read(struct tar_reader *reader, void *buf, size_t size, struct error *err)
{
    if (size > reader->left)
        return error_set(err, ERROR_BUG, "an entry is read beyond its end");
    reader->left -= size;
    return read_all(reader, buf, size, err);
}

/* --- numbers --- */

/* Octal digits between spaces and NULs; an empty field is 0. */
static bool parse_octal(const char *field, size_t size, uint64_t *out)
{
    size_t i = 0;
    uint64_t value = 0;
    while (i < size && (field[i] == ' ' || field[i] == '\0'))
        i++;
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
        value = value << 3 | (uint64_t)(field[i] - '0');
    while (i < size && (field[i] == ' ' || field[i] == '\0'))
        i++;
    *out = value;
    return i == size;
}

/* GNU's form for what octal digits cannot say: big-endian two's complement, with the first bit set. */
static bool parse_binary(const char *field, size_t size, int64_t *out)
{
    const unsigned char *bytes = (const unsigned char *)field;
    bool negative = (bytes[0] & 0x40) != 0;
    uint64_t value = negative ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++) {
        unsigned int byte = i > 0 ? bytes[i] : negative ? bytes[0] : bytes[0] & 0x7fu;
        unsigned int top = (unsigned int)(value >> 55) & 0x1ff;
        if (top != (negative ? 0x1ffu : 0u))
            return false;
        value = value << 8 | byte;
    }
    *out = (int64_t)value;
    return true;
}

static int parse_number(const char *field, size_t size, const char *what, int64_t *out, struct error *err)
{
    uint64_t octal = 0;
    bool is_good = ((unsigned char)field[0] & 0x80) != 0 ? parse_binary(field, size, out)
                                                         : parse_octal(field, size, &octal);
    if (((unsigned char)field[0] & 0x80) == 0)
        *out = (int64_t)octal;
    return is_good ? 0 : error_set(err, ERROR_INPUT, "a header has no number as %s", what);
}

/* A number of which only some values make sense. */
static int parse_limited(const char *field, size_t size, const char *what, uint64_t max, uint64_t *out,
                         struct error *err)
{
    int64_t value;
    if (parse_number(field, size, what, &value, err) != 0)
        return -1;
    if (value < 0 || (uint64_t)value > max)
        return error_set(err, ERROR_INPUT, "a header has %lld as %s", (long long)value, what);
    *out = (uint64_t)value;
    return 0;
}

/* A decimal number of a pax record; a fraction is rounded down. */
static bool parse_decimal(const char *text, size_t size, bool has_fraction, int64_t *out)
{
    size_t i = 0;
    bool negative = size > 0 && text[0] == '-', rest = false;
    int64_t value = 0;
    i += negative;
    if (i == size || text[i] < '0' || text[i] > '9')
        return false;
    for (; i < size && text[i] >= '0' && text[i] <= '9'; i++) {
        if (value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (text[i] - '0');
    }
    if (i < size && text[i] == '.' && has_fraction)
        for (i++; i < size && text[i] >= '0' && text[i] <= '9'; i++)
            rest |= text[i] != '0';
    *out = negative ? -value - rest : value;
    return i == size;
}

/* --- headers that say more about the next one --- */

static int set_text(char *out, const char *text, size_t size, const char *what, struct error *err)
{
    if (size > TAR_PATH_MAX)
        return error_set(err, ERROR_REFUSED, "%s of %zu bytes is too long", what, size);
    if (memchr(text, '\0', size) != NULL)
        return error_set(err, ERROR_INPUT, "%s has a NUL in it", what);
    memcpy(out, text, size);
    out[size] = '\0';
    return 0;
}

static int set_decimal(const char *text, size_t size, const char *key, int64_t *out, struct error *err)
{
    if (parse_decimal(text, size, strcmp(key, "mtime") == 0, out) && (*out >= 0 || strcmp(key, "mtime") == 0))
        return 0;
    return error_set(err, ERROR_INPUT, "a pax header has \"%.*s\" as %s", size > 40 ? 40 : (int)size, text,
                     key);
}

static int use_record(struct tar_reader *reader, const char *key, const char *value, size_t size,
                      struct error *err)
{
    struct extra *extra = &reader->extra;
    int64_t number = 0;
    if (strcmp(key, "path") == 0) {
        extra->has_path = true;
        return set_text(reader->path, value, size, "a path", err);
    }
    if (strcmp(key, "linkpath") == 0) {
        extra->has_target = true;
        return set_text(reader->target, value, size, "a link's target", err);
    }
    if (strncmp(key, XATTR_PREFIX, strlen(XATTR_PREFIX)) == 0 && reader->stream.xattr != NULL) {
        const char *name = key + strlen(XATTR_PREFIX);
        return reader->stream.xattr(reader->stream.xattr_context, name, strlen(name), value, size, err);
    }
    if (strncmp(key, "GNU.sparse.", 11) == 0)
        return error_set(err, ERROR_REFUSED, "the archive has files in GNU tar's form for sparse files");
    const struct {
        const char *key;
        bool *has;
        uint64_t *value;
    } numbers[] = {{"size", &extra->has_size, &extra->size},
                   {"uid", &extra->has_uid, &extra->uid},
                   {"gid", &extra->has_gid, &extra->gid},
                   {"mtime", &extra->has_mtime, (uint64_t *)&extra->mtime}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(key, numbers[i].key) != 0)
            continue;
        if (set_decimal(value, size, key, &number, err) != 0)
            return -1;
        *numbers[i].has = true;
        *numbers[i].value = (uint64_t)number;
    }
    return 0;
}

/* Records are "LENGTH KEY=VALUE\n", where LENGTH counts all of it. */
static int use_records(struct tar_reader *reader, char *text, size_t size, struct error *err)
{
    while (size > 0) {
        char *key = memchr(text, ' ', size < 20 ? size : 20);
        int64_t length = 0;
        if (key == NULL || !parse_decimal(text, (size_t)(key - text), false, &length) || length < 0 ||
            (uint64_t)length > size || (size_t)length < (size_t)(key - text) + 3 || text[length - 1] != '\n')
            return error_set(err, ERROR_INPUT, "a pax header is not in order");
        char *end = text + length - 1, *value = memchr(key, '=', (size_t)(end - key));
        if (value == NULL || memchr(key, '\0', (size_t)(value - key)) != NULL)
            return error_set(err, ERROR_INPUT, "a pax header has a record without a key");
        *value++ = '\0';
        if (use_record(reader, key + 1, value, (size_t)(end - value), err) != 0)
            return -1;
        text += length;
        size -= (size_t)length;
    }
    return 0;
}

static int read_pax(struct tar_reader *reader, uint64_t size, struct error *err)
{
    if (size > PAX_MAX)
        return error_set(err, ERROR_REFUSED, "a pax header has %llu bytes, %u at most",
                         (unsigned long long)size, PAX_MAX);
    _cleanup_free_ char *text = malloc((size_t)size + 1);
    if (text == NULL)
        return error_errno(err, "read a pax header");
    return read_all(reader, text, (size_t)size, err) != 0 ? -1 : use_records(reader, text, (size_t)size, err);
}

/* GNU's header for a long name: the name, with a NUL at its end. */
static int read_long(struct tar_reader *reader, uint64_t size, char *out, struct error *err)
{
    if (size == 0 || size > TAR_PATH_MAX + 1)
        return error_set(err, ERROR_REFUSED, "a name of %llu bytes is too long", (unsigned long long)size);
    if (read_all(reader, out, (size_t)size, err) != 0)
        return -1;
    if (memchr(out, '\0', (size_t)size) == NULL) {
        if (size > TAR_PATH_MAX)
            return error_set(err, ERROR_REFUSED, "a name of %llu bytes is too long",
                             (unsigned long long)size);
        out[size] = '\0';
    }
    return 0;
}

/* --- a file's own header --- */

static int check_sum(const struct header *header, struct error *err)
{
    const unsigned char *bytes = (const unsigned char *)header;
    size_t from = offsetof(struct header, checksum), to = from + sizeof(header->checksum);
    int64_t plain = 0, with_sign = 0;
    uint64_t expected;
    for (size_t i = 0; i < sizeof(*header); i++) {
        bool is_sum = i >= from && i < to;
        plain += is_sum ? ' ' : bytes[i];
        with_sign += is_sum ? ' ' : (signed char)bytes[i];
    }
    if (!parse_octal(header->checksum, sizeof(header->checksum), &expected) ||
        ((int64_t)expected != plain && (int64_t)expected != with_sign))
        return error_set(err, ERROR_INPUT, "a header's check sum is wrong");
    return 0;
}

static void set_names(struct tar_reader *reader, const struct header *header)
{
    char *at = reader->path;
    if (!reader->extra.has_path) {
        if (memcmp(header->magic, "ustar\0", 6) == 0 && header->prefix[0] != '\0') {
            size_t size = strnlen(header->prefix, sizeof(header->prefix));
            at = mempcpy(at, header->prefix, size);
            *at++ = '/';
        }
        size_t size = strnlen(header->name, sizeof(header->name));
        at = mempcpy(at, header->name, size);
        *at = '\0';
    }
    if (!reader->extra.has_target) {
        size_t size = strnlen(header->linkname, sizeof(header->linkname));
        memcpy(reader->target, header->linkname, size);
        reader->target[size] = '\0';
    }
}

static int find_type(const struct tar_reader *reader, char type, struct tar_entry *out, struct error *err)
{
    size_t size = strlen(reader->path);
    static const struct {
        char type;
        uint32_t mode;
    } types[] = {{'2', S_IFLNK}, {'3', S_IFCHR}, {'4', S_IFBLK}, {'5', S_IFDIR}, {'6', S_IFIFO}};
    out->is_link = type == '1';
    out->mode = S_IFREG;
    /* From before there was a type for directories. */
    if ((type == '\0' || type == '0') && size > 0 && reader->path[size - 1] == '/')
        out->mode = S_IFDIR;
    if (type == '0' || type == '\0' || type == '7' || type == '1')
        return 0;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].type == type) {
            out->mode = types[i].mode;
            return 0;
        }
    }
    return error_set(err, ERROR_REFUSED, "'%s' is of the type '%c' (0x%02x), which is not known",
                     reader->path, type >= ' ' && type <= '~' ? type : '?', (unsigned char)type);
}

static int read_numbers(const struct tar_reader *reader, const struct header *header, struct tar_entry *out,
                        struct error *err)
{
    const struct extra *extra = &reader->extra;
    bool is_device = S_ISCHR(out->mode) || S_ISBLK(out->mode);
    uint64_t mode = 0, uid = extra->uid, gid = extra->gid, major = 0, minor = 0;
    out->size = extra->size;
    out->mtime = extra->mtime;
    if (parse_limited(header->mode, sizeof(header->mode), "mode", INT64_MAX, &mode, err) != 0 ||
        (is_device && (parse_limited(header->devmajor, sizeof(header->devmajor), "device number", UINT32_MAX,
                                     &major, err) != 0 ||
                       parse_limited(header->devminor, sizeof(header->devminor), "device number", UINT32_MAX,
                                     &minor, err) != 0)) ||
        (!extra->has_uid &&
         parse_limited(header->uid, sizeof(header->uid), "owner", INT64_MAX, &uid, err) != 0) ||
        (!extra->has_gid &&
         parse_limited(header->gid, sizeof(header->gid), "group", INT64_MAX, &gid, err) != 0) ||
        (!extra->has_mtime &&
         parse_number(header->mtime, sizeof(header->mtime), "time", &out->mtime, err) != 0) ||
        (!extra->has_size && parse_limited(header->size, sizeof(header->size), "size", INT64_MAX - BLOCK_SIZE,
                                           &out->size, err) != 0))
        return -1;
    if (uid >= UINT32_MAX || gid >= UINT32_MAX || out->size > INT64_MAX - BLOCK_SIZE)
        return error_set(err, ERROR_INPUT, "'%s' has an owner or a size that no file has", reader->path);
    out->mode |= (uint32_t)mode & 07777;
    out->uid = (uint32_t)uid;
    out->gid = (uint32_t)gid;
    out->major = (uint32_t)major;
    out->minor = (uint32_t)minor;
    /* The sizes of all others say nothing, and nothing follows them. */
    if (!S_ISREG(out->mode) || out->is_link)
        out->size = 0;
    return 0;
}

/* Reads the archive to its end, behind the first block of zeros. */
static int read_rest(struct tar_reader *reader, struct error *err)
{
    char buf[16384];
    size_t n = 1;
    while (n > 0)
        if (read_stream(reader, buf, sizeof(buf), &n, err) != 0)
            return -1;
    return 0;
}

/* Reads a header that says more about the next one. *out_used: it was one. */
static int use_special(struct tar_reader *reader, const struct header *header, bool *out_used,
                       struct error *err)
{
    uint64_t size = 0;
    *out_used = strchr("xgLK", header->type) != NULL && header->type != '\0';
    if (!*out_used)
        return 0;
    if (parse_limited(header->size, sizeof(header->size), "size", INT64_MAX - BLOCK_SIZE, &size, err) != 0)
        return -1;
    int result = 0;
    if (header->type == 'x') {
        result = read_pax(reader, size, err);
    } else if (header->type == 'g') {
        result = skip(reader, size, err);
    } else if (header->type == 'L') {
        reader->extra.has_path = true;
        result = read_long(reader, size, reader->path, err);
    } else {
        reader->extra.has_target = true;
        result = read_long(reader, size, reader->target, err);
    }
    return result != 0 ? -1 : skip(reader, -size & (BLOCK_SIZE - 1), err);
}

int tar_reader_next(struct tar_reader *reader, struct tar_entry *out, bool *out_end, struct error *err)
{
    static const char zeros[BLOCK_SIZE];
    struct header header;
    bool is_special = true;
    size_t n;

    *out_end = false;
    if (skip(reader, reader->left + reader->pad, err) != 0)
        return -1;
    reader->left = reader->pad = 0;
    reader->extra = (struct extra){.size = 0};
    while (is_special) {
        if (read_stream(reader, &header, sizeof(header), &n, err) != 0)
            return -1;
        if (n == 0 || (n == sizeof(header) && memcmp(&header, zeros, sizeof(header)) == 0)) {
            *out_end = true;
            return read_rest(reader, err);
        }
        if (n < sizeof(header))
            return error_set(err, ERROR_INPUT, "the archive ends in the middle of a header");
        if (check_sum(&header, err) != 0 || use_special(reader, &header, &is_special, err) != 0)
            return -1;
    }
    set_names(reader, &header);
    *out = (struct tar_entry){.path = reader->path, .target = reader->target};
    if (find_type(reader, header.type, out, err) != 0 || read_numbers(reader, &header, out, err) != 0)
        return -1;
    reader->left = out->size;
    reader->pad = -out->size & (BLOCK_SIZE - 1);
    return 0;
}
