/* SPDX-License-Identifier: Apache-2.0 */
/* Dates in HTTP's preferred form, as in "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7). */
#ifndef WEB_HTTP_DATE_H
#define WEB_HTTP_DATE_H

#include "slice.h"

#include <stdint.h>

#define HTTP_DATE_SIZE 30 /* with the NUL */

/* Years outside 0 to 9999 are printed as the nearest one inside. */
void http_date_format(int64_t unix_seconds, char out[HTTP_DATE_SIZE]);

/* Reads the preferred form only. Returns 0, or -1. */
int http_date_parse(struct slice text, int64_t *out_unix_seconds);

#endif
