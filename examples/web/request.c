/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head is cut into lines, and each line is looked at by itself. A line ends with LF, with or without CR
 * before it (RFC 9112, 2.2). What another reader of the same bytes might understand differently is refused,
 * not repaired: a fold, white space before a colon, control characters, a field twice that may be there once.
 */
#include "request.h"

#include <ctype.h>

enum { OK = 0, INCOMPLETE = -1, BAD_REQUEST = 400, URI_TOO_LONG = 414, TOO_LARGE = 431, BAD_VERSION = 505 };

/* What a header says beyond what *out keeps. */
struct facts {
    unsigned n_hosts, n_lengths;
    bool wants_close, wants_keep_alive, has_encoding;
};

/* tchar, RFC 9110, 5.6.2 */
static bool is_token_char(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.size; i++)
        if (!is_token_char(s.data[i]))
            return false;
    return s.size > 0;
}

static bool is_field_value(struct slice s)
{
    for (size_t i = 0; i < s.size; i++)
        if (iscntrl((unsigned char)s.data[i]) && s.data[i] != '\t')
            return false;
    return true;
}

static struct slice trim(struct slice s)
{
    while (s.size > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.size--;
    }
    while (s.size > 0 && (s.data[s.size - 1] == ' ' || s.data[s.size - 1] == '\t'))
        s.size--;
    return s;
}

/* Cuts *rest at the first c: returns what is before it and leaves what is after it; all of it when there is
 * no c. */
static struct slice cut(struct slice *rest, char c, bool *out_found)
{
    const char *at = memchr(rest->data, c, rest->size);
    struct slice head = {rest->data, at == NULL ? rest->size : (size_t)(at - rest->data)};
    size_t taken = at == NULL ? rest->size : head.size + 1;
    *out_found = at != NULL;
    rest->data += taken;
    rest->size -= taken;
    return head;
}

/* Whether the comma-separated list has this member. */
static bool has_member(struct slice list, const char *member)
{
    bool is_more = true;
    while (is_more) {
        struct slice s = trim(cut(&list, ',', &is_more));
        if (slice_equals_nocase(s, member))
            return true;
    }
    return false;
}

static int parse_request_line(struct slice line, struct request *out)
{
    bool is_found;
    struct slice rest = line;
    out->line = line;
    struct slice method = cut(&rest, ' ', &is_found);
    if (!is_found || !is_token(method))
        return BAD_REQUEST;
    out->target = cut(&rest, ' ', &is_found);
    if (!is_found || out->target.size == 0)
        return BAD_REQUEST;
    if (out->target.size > REQUEST_TARGET_MAX)
        return URI_TOO_LONG;
    for (size_t i = 0; i < out->target.size; i++)
        if (!isgraph((unsigned char)out->target.data[i]))
            return BAD_REQUEST;

    /* HTTP/1.0, HTTP/1.1; a later minor version means 1.1 to us (RFC 9110, 2.5) */
    if (rest.size != 8 || memcmp(rest.data, "HTTP/", 5) != 0 || rest.data[6] != '.' ||
        !isdigit((unsigned char)rest.data[5]) || !isdigit((unsigned char)rest.data[7]))
        return BAD_REQUEST;
    if (rest.data[5] != '1')
        return BAD_VERSION;
    out->minor = rest.data[7] == '0' ? 0 : 1;
    out->method = slice_equals(method, "GET")    ? REQUEST_GET
                  : slice_equals(method, "HEAD") ? REQUEST_HEAD
                                                 : REQUEST_OTHER;
    return OK;
}

/* A length is digits only; "0" is no body. */
static int take_length(struct slice value, struct request *out)
{
    for (size_t i = 0; i < value.size; i++) {
        if (!isdigit((unsigned char)value.data[i]))
            return BAD_REQUEST;
        if (value.data[i] != '0')
            out->has_body = true;
    }
    return value.size > 0 ? OK : BAD_REQUEST;
}

static int take_field(struct slice name, struct slice value, struct request *out, struct facts *facts)
{
    if (slice_equals_nocase(name, "host")) {
        facts->n_hosts++;
    } else if (slice_equals_nocase(name, "connection")) {
        facts->wants_close |= has_member(value, "close");
        facts->wants_keep_alive |= has_member(value, "keep-alive");
    } else if (slice_equals_nocase(name, "content-length")) {
        facts->n_lengths++;
        return take_length(value, out);
    } else if (slice_equals_nocase(name, "transfer-encoding")) {
        facts->has_encoding = true;
    } else if (slice_equals_nocase(name, "range")) {
        out->range = value;
    } else if (slice_equals_nocase(name, "if-range")) {
        out->if_range = value;
    } else if (slice_equals_nocase(name, "if-none-match")) {
        out->if_none_match = value;
    } else if (slice_equals_nocase(name, "if-modified-since")) {
        out->if_modified_since = value;
    }
    return OK;
}

static int parse_field(struct slice line, struct request *out, struct facts *facts)
{
    bool is_found;
    struct slice value = line;
    struct slice name = cut(&value, ':', &is_found);
    if (!is_found || !is_token(name))
        return BAD_REQUEST;
    value = trim(value);
    return is_field_value(value) ? take_field(name, value, out, facts) : BAD_REQUEST;
}

/* What only the whole head shows. */
static int conclude(struct request *out, const struct facts *facts)
{
    if (facts->n_hosts > 1 || (facts->n_hosts == 0 && out->minor >= 1) || facts->n_lengths > 1 ||
        (facts->has_encoding && (facts->n_lengths > 0 || out->minor == 0)))
        return BAD_REQUEST;
    out->has_body |= facts->has_encoding;
    out->keeps_alive = !facts->wants_close && (out->minor >= 1 || facts->wants_keep_alive);
    return OK;
}

/* Takes the next line, without its end. Returns false when it is not complete yet. */
static bool take_line(struct slice *rest, struct slice *out)
{
    bool is_found;
    struct slice after = *rest;
    *out = cut(&after, '\n', &is_found);
    if (!is_found)
        return false;
    *rest = after;
    if (out->size > 0 && out->data[out->size - 1] == '\r')
        out->size--;
    return true;
}

int request_parse(const char *data, size_t size, struct request *out, size_t *out_size)
{
    struct slice rest = {data, size < REQUEST_HEAD_MAX ? size : REQUEST_HEAD_MAX}, line;
    int incomplete = size < REQUEST_HEAD_MAX ? INCOMPLETE : TOO_LARGE;
    struct facts facts = {0};
    *out = (struct request){0};

    do { /* empty lines before a request are not part of it (RFC 9112, 2.2) */
        if (!take_line(&rest, &line))
            return incomplete == TOO_LARGE ? URI_TOO_LONG : incomplete;
    } while (line.size == 0);
    int result = parse_request_line(line, out);

    for (unsigned n = 0; result == OK; n++) {
        if (!take_line(&rest, &line))
            return incomplete;
        if (line.size == 0)
            break;
        result = n < REQUEST_FIELDS_MAX ? parse_field(line, out, &facts) : TOO_LARGE;
    }
    if (result == OK)
        result = conclude(out, &facts);
    *out_size = (size_t)(rest.data - data);
    return result;
}
