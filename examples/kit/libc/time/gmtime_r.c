/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar.h"

#include <limits.h>
#include <time.h>

struct tm *gmtime_r(const time_t *restrict t, struct tm *restrict out)
{
    long long days = calendar_floor_div(*t, 86400);
    int seconds = (int)(*t - days * 86400);

    /* A guess that is at most one year too late, put right; then the month, which starts at most one too
     * early. */
    long long year = 1970 + calendar_floor_div(days * 400, 146097) + 1;
    while (calendar_days(year, 0) > days)
        year--;
    if (year - 1900 > INT_MAX || year - 1900 < INT_MIN)
        return NULL;
    int month = (int)(days - calendar_days(year, 0)) / 31;
    if (month < 11 && calendar_days(year, month + 1) <= days)
        month++;

    *out = (struct tm){
        .tm_sec = seconds % 60,
        .tm_min = seconds / 60 % 60,
        .tm_hour = seconds / 3600,
        .tm_mday = (int)(days - calendar_days(year, month)) + 1,
        .tm_mon = month,
        .tm_year = (int)(year - 1900),
        .tm_wday = (int)(((days + 4) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
        .tm_yday = (int)(days - calendar_days(year, 0)),
    };
    return out;
}
