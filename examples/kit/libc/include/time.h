/* SPDX-License-Identifier: Apache-2.0 */
/* C17 7.27: calendar time, always UTC. */
#ifndef TIME_H
#define TIME_H

#include <stddef.h>

typedef long time_t;

struct tm {
    int tm_sec;
    int tm_min;
    int tm_hour;
    int tm_mday; /* from 1 */
    int tm_mon;  /* from 0 */
    int tm_year; /* since 1900 */
    int tm_wday; /* from 0, a Sunday */
    int tm_yday; /* from 0 */
    int tm_isdst;
};

/* gmtime_r() returns NULL for a year that does not fit tm_year. */
struct tm *gmtime_r(const time_t *restrict t, struct tm *restrict out);
time_t time(time_t *out);
/* The inverse of gmtime_r(); fields out of their range carry over. tm_wday and tm_yday are not looked at. */
time_t timegm(struct tm *tm);

#endif
