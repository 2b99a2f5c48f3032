/* SPDX-License-Identifier: Apache-2.0 */
/* Days and dates in the Gregorian calendar. */
#ifndef TIME_CALENDAR_H
#define TIME_CALENDAR_H

/* Days from 1970-01-01 to the first of the month (0 to 11) of the year. */
long long calendar_days(long long year, int month);

/* Rounds towards minus infinity. */
long long calendar_floor_div(long long a, long long b);

#endif
