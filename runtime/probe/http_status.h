/* SPDX-License-Identifier: Apache-2.0 */
/* The first line of an HTTP answer (RFC 9112, section 4), which is all that a health check reads of it. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include <stddef.h>

/* So many bytes always decide. */
#define HTTP_STATUS_BYTES 13

#define HTTP_STATUS_MORE    0
#define HTTP_STATUS_INVALID (-1)

/* The status code (100 to 599) of an answer that starts with these bytes; HTTP_STATUS_MORE as long as they
 * are the start of a status line and no more; HTTP_STATUS_INVALID if this is no HTTP/1 answer. */
int http_status_parse(const char *bytes, size_t size);

#endif
