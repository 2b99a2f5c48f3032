/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory. The builder counts and is not held up: a thread of its own looks at the counters ten times a second
 * and draws. It draws nothing before a moment has passed, because most images are there sooner than anybody
 * reads.
 */
#include "image_progress.h"

#include "image_command.h"

#include "base/clock.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS  100000000ull
#define BAR_WIDTH  30
#define LINE_SIZE  512
#define NAME_WIDTH 40
#define NS_PER_S   1000000000ull
#define CLEAR_LINE "\r\033[K"

struct progress_display {
    const char *name;
    struct image_progress progress;
    bool is_json;
    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool is_ending;
    uint64_t start_ns;
};

void progress_format(const char *name, uint64_t done, uint64_t total, uint64_t elapsed_ns, char *text,
                     size_t size)
{
    char bar[BAR_WIDTH + 1];
    if (done > total)
        done = total;
    double seconds = (double)elapsed_ns / (double)NS_PER_S;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    int filled = (int)((double)BAR_WIDTH * (double)done / (double)total);
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '=', (size_t)filled);
    bar[BAR_WIDTH] = '\0';
    int n = snprintf(text, size, "%.*s  [%s] %3d %%  %.1f MiB/s", NAME_WIDTH, name, bar,
                     (int)(100.0 * (double)done / (double)total), rate / (1 << 20));
    if (rate > 0 && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, "  %.0f s left", (double)(total - done) / rate);
}

static void draw(struct progress_display *display)
{
    char line[LINE_SIZE];
    uint64_t total = display->progress.total_bytes;
    if (total == 0)
        return;
    progress_format(display->name, display->progress.done_bytes, total,
                    clock_monotonic_ns() - display->start_ns, line, sizeof(line));
    fprintf(stderr, CLEAR_LINE "%s", line);
}

static void *draw_until_end(void *argument)
{
    struct progress_display *display = argument;
    pthread_mutex_lock(&display->lock);
    while (!display->is_ending) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        uint64_t ns = (uint64_t)until.tv_nsec + PERIOD_NS;
        until.tv_sec += (time_t)(ns / NS_PER_S);
        until.tv_nsec = (long)(ns % NS_PER_S);
        pthread_cond_timedwait(&display->end, &display->lock, &until);
        if (!display->is_ending)
            draw(display);
    }
    pthread_mutex_unlock(&display->lock);
    return NULL;
}

/* A line for a step, when nobody watches. */
static void tell_layer(void *context, const char *layer, uint64_t bytes)
{
    const struct progress_display *display = context;
    struct error ignored; /* the end of the preparation tells */
    if (bytes == 0)
        return;
    if (!display->is_json) {
        fprintf(stderr, "%s: packing '%s', %.1f MiB\n", display->name, layer, (double)bytes / (1 << 20));
        return;
    }
    struct json_writer *w = json_write_begin(false, &ignored);
    if (w == NULL)
        return;
    json_write_object(w);
    json_write_member(w, "event", "packing");
    json_write_member(w, "name", display->name);
    json_write_member(w, "layer", layer);
    json_write_member_integer(w, "bytes", (int64_t)bytes);
    json_write_object_end(w);
    image_print_json(w, &ignored);
}

/* Signals are for the main thread. */
static bool start_thread(struct progress_display *display)
{
    sigset_t all, before;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return false;
    int failed = pthread_create(&display->thread, NULL, draw_until_end, display);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0;
}

struct progress_display *progress_display_begin(const char *name, bool is_json,
                                                struct image_progress **out_progress)
{
    struct progress_display *display = calloc(1, sizeof(*display));
    *out_progress = NULL;
    if (display == NULL)
        return NULL;
    display->name = name;
    display->is_json = is_json;
    display->start_ns = clock_monotonic_ns();
    pthread_mutex_init(&display->lock, NULL);
    pthread_cond_init(&display->end, NULL);
    if (!is_json && isatty(STDERR_FILENO) == 1)
        display->has_thread = start_thread(display);
    if (!display->has_thread) {
        display->progress.begin_layer = tell_layer;
        display->progress.context = display;
    }
    *out_progress = &display->progress;
    return display;
}

void progress_display_end(struct progress_display *display)
{
    if (display == NULL)
        return;
    if (display->has_thread) {
        pthread_mutex_lock(&display->lock);
        display->is_ending = true;
        pthread_cond_signal(&display->end);
        pthread_mutex_unlock(&display->lock);
        pthread_join(display->thread, NULL);
        fputs(CLEAR_LINE, stderr);
    }
    pthread_cond_destroy(&display->end);
    pthread_mutex_destroy(&display->lock);
    free(display);
}
