/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to a request: status, head, and which bytes follow (RFC 9110). Pure: the caller has looked up
 * the file, and sends what is decided here.
 */
#ifndef WEB_RESPONSE_H
#define WEB_RESPONSE_H

#include "request.h"

#include <stdint.h>

/* A head's greatest size: a Location with every byte of the longest path escaped fits. */
#define RESPONSE_HEAD_MAX (3 * REQUEST_TARGET_MAX + 1024)

/* What a request's target leads to. */
struct resource {
    int status; /* 200: the file; 301: a directory named without its slash; else the reason why there is none
                 */
    const char *path; /* decoded; of the file, or of the directory with its slash */
    uint32_t number;  /* the file's */
    uint64_t size;
    int64_t mtime; /* seconds since the Unix epoch */
};

struct response {
    int status;
    bool closes;           /* the connection ends after it */
    uint64_t first, count; /* of the file's bytes to send; count is 0 when there are none */
    char text[64];         /* the body when it is none of the file's; empty for none */
    size_t head_size;
    char head[RESPONSE_HEAD_MAX];
};

/* Plans the answer to a request whose target leads to resource, at time now (Unix seconds). */
void response_plan(const struct request *request, const struct resource *resource, int64_t now,
                   struct response *out);

/* Plans the answer to a request that cannot be understood: status, and the connection's end. */
void response_plan_error(int status, int64_t now, struct response *out);

#endif
