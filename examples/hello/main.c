/* SPDX-License-Identifier: Apache-2.0 */
/* Greets, and says what it was called with. `--exit N` makes N its exit status; `--wait N` makes it stay N
 * seconds. */
#include "solo5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void wait_seconds(int seconds)
{
    solo5_time_t end = solo5_clock_monotonic() + (solo5_time_t)seconds * 1000000000u;
    while (solo5_clock_monotonic() < end)
        solo5_yield(end, NULL);
}

static void print_variable(const char *name)
{
    const char *value = getenv(name);
    printf(value != NULL ? "%s=%s\n" : "%s is not set\n", name, value);
}

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS, seconds = 0;

    puts("Hello from a unikernel");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--exit") == 0 && i + 1 < argc)
            status = atoi(argv[++i]);
        else if (strcmp(argv[i], "--wait") == 0 && i + 1 < argc)
            seconds = atoi(argv[++i]);
        else if (strcmp(argv[i], "--env") == 0 && i + 1 < argc)
            print_variable(argv[++i]);
        else
            printf("argument %d: %s\n", i, argv[i]);
    }
    wait_seconds(seconds);
    return status;
}
