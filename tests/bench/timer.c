/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times commands side by side: A B C A B C …, so that a machine whose speed drifts drifts for all of them
 * alike.
 *
 *     bench-timer RUNS NAME COMMAND ARG... --- NAME COMMAND ARG... [--- ...]
 *
 * One warm-up round, then RUNS rounds. Each command runs with its output thrown away and has to exit with 0.
 * Prints a line for each command: name, then minimum, first quartile, median, third quartile and maximum of
 * the wall time in microseconds, then the largest resident set of any process that was waited for in KiB
 * (wait4(2), ru_maxrss); then minimum, median and maximum of the wall time by the first command's of the same
 * round.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define RUNS_MAX     10000

extern char **environ;

struct command {
    const char *name;
    char **argv;
    double *wall_us;
    double *by_first; /* wall time by the first command's */
    long peak_kib;
};

_Noreturn static void fail(const char *what, const char *name)
{
    fprintf(stderr, "bench-timer: %s '%s': %s\n", what, name, strerror(errno));
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Runs the command once; returns its wall time in microseconds. */
static double run_once(struct command *c)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);

    pid_t pid;
    double before = now_us();
    errno = posix_spawnp(&pid, c->argv[0], &actions, NULL, c->argv, environ);
    if (errno != 0)
        fail("start", c->argv[0]);
    int status;
    struct rusage usage;
    if (wait4(pid, &status, 0, &usage) < 0)
        fail("wait for", c->argv[0]);
    double wall = now_us() - before;

    posix_spawn_file_actions_destroy(&actions);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench-timer: '%s' ended with wait status 0x%x\n", c->name, (unsigned)status);
        exit(1);
    }
    if (usage.ru_maxrss > c->peak_kib)
        c->peak_kib = usage.ru_maxrss;
    return wall;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, int n, double q)
{
    double at = q * (n - 1);
    int low = (int)at;
    int high = low + 1 < n ? low + 1 : low;
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

static void print(struct command *c, int runs)
{
    qsort(c->wall_us, (size_t)runs, sizeof(double), compare);
    printf("%s", c->name);
    for (int i = 0; i <= 4; i++)
        printf("\t%.0f", quantile(c->wall_us, runs, i / 4.0));
    qsort(c->by_first, (size_t)runs, sizeof(double), compare);
    printf("\t%ld\t%.3f\t%.3f\t%.3f\n", c->peak_kib, c->by_first[0], quantile(c->by_first, runs, 0.5),
           c->by_first[runs - 1]);
}

/* Splits the arguments at "---" into commands. Returns how many. */
static int parse_commands(char **argv, struct command *commands)
{
    int n = 0;
    while (*argv != NULL) {
        if (n == COMMANDS_MAX || argv[1] == NULL) {
            fprintf(stderr, "bench-timer: RUNS NAME COMMAND ARG... [--- NAME COMMAND ARG...]\n");
            exit(2);
        }
        commands[n++] = (struct command){.name = argv[0], .argv = argv + 1};
        while (*argv != NULL && strcmp(*argv, "---") != 0)
            argv++;
        if (*argv != NULL)
            *argv++ = NULL;
    }
    return n;
}

int main(int argc, char **argv)
{
    struct command commands[COMMANDS_MAX];
    int runs = argc > 1 ? atoi(argv[1]) : 0;
    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "bench-timer: the first argument is the number of runs, 1 to %d\n", RUNS_MAX);
        return 2;
    }
    int n = parse_commands(argv + 2, commands);
    for (int i = 0; i < n; i++) {
        commands[i].wall_us = calloc((size_t)runs, sizeof(double));
        commands[i].by_first = calloc((size_t)runs, sizeof(double));
        if (commands[i].wall_us == NULL || commands[i].by_first == NULL)
            fail("allocate for", commands[i].name);
        run_once(&commands[i]);
    }

    for (int r = 0; r < runs; r++)
        for (int i = 0; i < n; i++)
            commands[i].wall_us[r] = run_once(&commands[i]);
    for (int r = 0; r < runs; r++)
        for (int i = 0; i < n; i++)
            commands[i].by_first[r] = commands[i].wall_us[r] / commands[0].wall_us[r];
    for (int i = 0; i < n; i++)
        print(&commands[i], runs);
    return 0;
}
