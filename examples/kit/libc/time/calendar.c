/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The year is taken to begin in March: the leap day is its last then, and the months' lengths repeat 31 30 31
 * 30 31 every five months, so that (153 m + 2) / 5 counts the days before month m. Leap years repeat every
 * 400 years.
 */
#include "calendar.h"

#define DAYS_MARCH_0_TO_1970 719468

long long calendar_floor_div(long long a, long long b)
{
    return a / b - (a % b < 0);
}

long long calendar_days(long long year, int month)
{
    int march_month = (month + 10) % 12;
    if (month < 2)
        year--;
    long long leap_days =
        calendar_floor_div(year, 4) - calendar_floor_div(year, 100) + calendar_floor_div(year, 400);
    return year * 365 + leap_days + (153 * march_month + 2) / 5 - DAYS_MARCH_0_TO_1970;
}
