/* SPDX-License-Identifier: Apache-2.0 */
#include "http_date.h"

#include <stdio.h>
#include <time.h>

#define YEAR_0_SECONDS    (-62167219200)
#define YEAR_9999_SECONDS 253402300799

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void http_date_format(int64_t unix_seconds, char out[HTTP_DATE_SIZE])
{
    struct tm tm;
    time_t t = unix_seconds < YEAR_0_SECONDS      ? YEAR_0_SECONDS
               : unix_seconds > YEAR_9999_SECONDS ? YEAR_9999_SECONDS
                                                  : unix_seconds;
    gmtime_r(&t, &tm);
    snprintf(out, HTTP_DATE_SIZE, "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday],
             (unsigned)tm.tm_mday % 100, months[tm.tm_mon], (unsigned)(tm.tm_year + 1900) % 10000,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

/* A number of n digits at p; -1 when there is something else. */
static int read_digits(const char *p, int n)
{
    int value = 0;
    for (; n > 0; n--, p++) {
        if (*p < '0' || *p > '9')
            return -1;
        value = value * 10 + (*p - '0');
    }
    return value;
}

static int find_name(const char *p, const char names[][4], int n)
{
    for (int i = 0; i < n; i++)
        if (memcmp(p, names[i], 3) == 0)
            return i;
    return -1;
}

int http_date_parse(struct slice text, int64_t *out_unix_seconds)
{
    static const char form[HTTP_DATE_SIZE] = "aaa, 00 aaa 0000 00:00:00 GMT";
    if (text.data == NULL || text.size != HTTP_DATE_SIZE - 1)
        return -1;
    for (size_t i = 0; i < text.size; i++)
        if (form[i] != 'a' && form[i] != '0' && form[i] != text.data[i])
            return -1;

    struct tm tm = {
        .tm_mday = read_digits(text.data + 5, 2),
        .tm_mon = find_name(text.data + 8, months, 12),
        .tm_year = read_digits(text.data + 12, 4) - 1900,
        .tm_hour = read_digits(text.data + 17, 2),
        .tm_min = read_digits(text.data + 20, 2),
        .tm_sec = read_digits(text.data + 23, 2),
    };
    if (find_name(text.data, days, 7) < 0 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_mon < 0 ||
        tm.tm_year < -1900 || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 ||
        tm.tm_sec < 0 || tm.tm_sec > 60)
        return -1;
    *out_unix_seconds = timegm(&tm);
    return 0;
}
