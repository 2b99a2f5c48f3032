/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of an HTTP/1.1 request: request line and fields, from bytes that anybody may have sent (RFC 9112,
 * RFC 9110). Pure: nothing is copied, allocated or kept.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "slice.h"

#define REQUEST_HEAD_MAX   8192 /* bytes; more is answered with 431 */
#define REQUEST_TARGET_MAX 2048 /* bytes; more is answered with 414 */
#define REQUEST_FIELDS_MAX 100

enum request_method { REQUEST_GET, REQUEST_HEAD, REQUEST_OTHER };

/* Slices point into the bytes that were parsed. */
struct request {
    struct slice line; /* the request line, for the log; set as soon as it is complete, even if it is wrong */
    enum request_method method;
    struct slice target;
    unsigned minor; /* of the version: HTTP/1.minor */
    bool keeps_alive;
    bool has_body; /* something follows the head that is not a request */
    struct slice range, if_range, if_none_match, if_modified_since;
};

/*
 * Parses the head at the start of data. Returns
 *   0          it is complete: *out is filled in, and *out_size bytes belong to it
 *   -1         it goes on after size bytes
 *   400 ...    it is wrong: the status of the answer, after which the connection has to be closed
 */
int request_parse(const char *data, size_t size, struct request *out, size_t *out_size);

#endif
