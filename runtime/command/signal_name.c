/* SPDX-License-Identifier: Apache-2.0 */
#include "signal_name.h"

#include "base/num.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static int unknown(const char *text, struct error *err)
{
    return error_set(err, ERROR_USAGE, "unknown signal \"%s\"", text);
}

/* The names that sigabbrev_np(3) does not give: aliases, and the two ends of the real-time range. */
static int find_alias(const char *name)
{
    if (strcasecmp(name, "IOT") == 0)
        return SIGABRT;
    if (strcasecmp(name, "CLD") == 0)
        return SIGCHLD;
    if (strcasecmp(name, "RTMIN") == 0)
        return SIGRTMIN;
    return strcasecmp(name, "RTMAX") == 0 ? SIGRTMAX : 0;
}

static int parse_real_time(const char *text, const char *offset, int base, int sign, int *out_signal,
                           struct error *err)
{
    struct error ignored;
    uint64_t n;
    if (num_parse_u64(offset, (uint64_t)(SIGRTMAX - SIGRTMIN), &n, "signal", &ignored) < 0)
        return unknown(text, err);
    *out_signal = base + sign * (int)n;
    return 0;
}

int signal_name_parse(const char *text, int *out_signal, struct error *err)
{
    struct error ignored;
    uint64_t number;
    if (num_parse_u64(text, (uint64_t)SIGRTMAX, &number, "signal", &ignored) == 0) {
        *out_signal = (int)number;
        return 0;
    }

    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    if (strncasecmp(name, "RTMIN+", 6) == 0)
        return parse_real_time(text, name + 6, SIGRTMIN, 1, out_signal, err);
    if (strncasecmp(name, "RTMAX-", 6) == 0)
        return parse_real_time(text, name + 6, SIGRTMAX, -1, out_signal, err);
    int found = find_alias(name);
    for (int signal = 1; found == 0 && signal < SIGRTMIN; signal++) {
        const char *known = sigabbrev_np(signal);
        if (known != NULL && strcasecmp(name, known) == 0)
            found = signal;
    }
    if (found == 0)
        return unknown(text, err);
    *out_signal = found;
    return 0;
}
