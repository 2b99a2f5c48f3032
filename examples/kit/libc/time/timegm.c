/* SPDX-License-Identifier: Apache-2.0 */
#include "calendar.h"

#include <time.h>

time_t timegm(struct tm *tm)
{
    long long years = calendar_floor_div(tm->tm_mon, 12);
    long long days =
        calendar_days(1900ll + tm->tm_year + years, (int)(tm->tm_mon - 12 * years)) + tm->tm_mday - 1;
    return days * 86400 + tm->tm_hour * 3600ll + tm->tm_min * 60ll + tm->tm_sec;
}
