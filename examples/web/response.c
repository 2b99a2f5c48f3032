/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First the status is decided: by the method, by what was found, by the conditions, by the range, in the
 * order of RFC 9110, 13.2.2. Then the head is printed for it, field by field.
 */
#include "response.h"

#include "byte_range.h"
#include "http_date.h"
#include "media_type.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define TAG_SIZE 64

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {414, "URI Too Long"},
        {416, "Range Not Satisfiable"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

static void __attribute__((format(printf, 2, 3))) print(struct response *out, const char *format, ...)
{
    va_list ap;
    size_t room = sizeof(out->head) - out->head_size;
    va_start(ap, format);
    int n = vsnprintf(out->head + out->head_size, room, format, ap);
    va_end(ap);
    out->head_size += (size_t)n < room ? (size_t)n : room - 1;
}

/* The path as it may stand in a URI (RFC 3986, 3.3). */
static void print_path(struct response *out, const char *path)
{
    for (; *path != '\0'; path++) {
        if (isalnum((unsigned char)*path) || strchr("-._~!$&'()*+,;=:@/", *path) != NULL)
            print(out, "%c", *path);
        else
            print(out, "%%%02X", (unsigned char)*path);
    }
}

/* A strong validator: files of an image do not change while it is mounted, and what differs differs in these.
 */
static void make_tag(const struct resource *resource, char out[TAG_SIZE])
{
    snprintf(out, TAG_SIZE, "\"%" PRIx32 "-%" PRIx64 "-%" PRIx64 "\"", resource->number, resource->size,
             (uint64_t)resource->mtime);
}

/* Whether one of the tags in an If-None-Match field is this one; weak comparison (RFC 9110, 8.8.3.2). */
static bool has_tag(struct slice field, const char *tag)
{
    size_t size = strlen(tag);
    if (slice_equals(field, "*"))
        return true;
    for (size_t i = 0; i + size <= field.size; i++)
        if (memcmp(field.data + i, tag, size) == 0)
            return true;
    return false;
}

static bool is_unmodified(const struct request *request, const struct resource *resource, const char *tag)
{
    int64_t since;
    if (request->if_none_match.data != NULL)
        return has_tag(request->if_none_match, tag);
    return http_date_parse(request->if_modified_since, &since) == 0 && resource->mtime <= since;
}

/* If-Range: the range counts only for the file that the client has a part of. */
static bool is_range_wanted(const struct request *request, const struct resource *resource, const char *tag)
{
    int64_t date;
    if (request->method != REQUEST_GET || request->range.data == NULL)
        return false;
    if (request->if_range.data == NULL || slice_equals(request->if_range, tag))
        return true;
    return http_date_parse(request->if_range, &date) == 0 && date == resource->mtime;
}

/* Decides the status for a file that is there, and which of its bytes belong to the answer. */
static void choose_bytes(const struct request *request, const struct resource *resource, const char *tag,
                         struct response *out)
{
    out->first = 0;
    out->count = resource->size;
    if (is_unmodified(request, resource, tag)) {
        out->status = 304;
    } else if (is_range_wanted(request, resource, tag)) {
        switch (byte_range_parse(request->range, resource->size, &out->first, &out->count)) {
        case BYTE_RANGE_NONE:
            break;
        case BYTE_RANGE_PART:
            out->status = 206;
            break;
        case BYTE_RANGE_UNSATISFIABLE:
            out->status = 416;
            break;
        }
    }
}

static void begin_head(struct response *out, int64_t now)
{
    char date[HTTP_DATE_SIZE];
    http_date_format(now, date);
    out->head_size = 0;
    print(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: web\r\n", out->status, reason_of(out->status), date);
}

static void print_file_fields(const struct resource *resource, const char *tag, struct response *out)
{
    char date[HTTP_DATE_SIZE];
    http_date_format(resource->mtime, date);
    print(out, "ETag: %s\r\nLast-Modified: %s\r\nAccept-Ranges: bytes\r\n", tag, date);
    if (out->status == 206)
        print(out, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", out->first,
              out->first + out->count - 1, resource->size);
    if (out->status != 304)
        print(out, "Content-Type: %s\r\nContent-Length: %" PRIu64 "\r\n", media_type_of(resource->path),
              out->count);
}

/* A status with a line of text for people. */
static void print_text_fields(struct response *out)
{
    int n = snprintf(out->text, sizeof(out->text), "%d %s\n", out->status, reason_of(out->status));
    print(out, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n", n);
}

static void end_head(struct response *out, unsigned minor)
{
    if (out->closes)
        print(out, "Connection: close\r\n");
    else if (minor == 0)
        print(out, "Connection: keep-alive\r\n");
    print(out, "\r\n");
}

void response_plan(const struct request *request, const struct resource *resource, int64_t now,
                   struct response *out)
{
    char tag[TAG_SIZE];
    bool is_file = resource->status == 200 && request->method != REQUEST_OTHER;

    out->status = request->method == REQUEST_OTHER ? 405 : resource->status;
    out->closes =
        !request->keeps_alive || request->has_body; /* a body is not read: what follows is no request */
    out->first = out->count = 0;
    out->text[0] = '\0';
    if (is_file) {
        make_tag(resource, tag);
        choose_bytes(request, resource, tag, out);
    }

    begin_head(out, now);
    if (is_file && out->status != 416) {
        print_file_fields(resource, tag, out);
    } else {
        if (out->status == 405)
            print(out, "Allow: GET, HEAD\r\n");
        if (out->status == 416)
            print(out, "Content-Range: bytes */%" PRIu64 "\r\n", resource->size);
        if (out->status == 301) {
            print(out, "Location: ");
            print_path(out, resource->path);
            print(out, "\r\n");
        }
        print_text_fields(out);
        out->count = 0;
    }
    end_head(out, request->minor);

    if (request->method == REQUEST_HEAD || out->status == 304) {
        out->count = 0;
        out->text[0] = '\0';
    }
}

void response_plan_error(int status, int64_t now, struct response *out)
{
    out->status = status;
    out->closes = true;
    out->first = out->count = 0;
    begin_head(out, now);
    print_text_fields(out);
    end_head(out, 1);
}
