/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times what a `create` does in storage, in the process that does it: no start of a program around it.
 *
 *     storage-probe STORE RUNS hit DIR...     opens the prepared images in turn; RUNS rounds
 *     storage-probe STORE RUNS miss DIR       into RUNS new stores below STORE
 *     storage-probe STORE RUNS crowd DIR      RUNS processes at once, each opens the prepared image
 *     storage-probe STORE RUNS read DIR       copies the image out of its mapping, against memcpy of memory
 *     storage-probe STORE RUNS copy DIR PIECE ORDER
 *                                             copies pieces out of the mapping as read_guest.c does:
 *                                             prints the first pass and the best of RUNS others, in MB/s
 *
 * The first three print a line for each DIR: the minimum, median and maximum in microseconds; `miss` a second
 * one of processor time, and a third one until all files are there. DIRs are taken as a runtime would: with
 * the three files that engines put into every container.
 */
#include "overlay/overlay.h"
#include "storage/image.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS_MAX 10000

static const struct image_patch patches[] = {{"/etc/hosts", "127.0.0.1 localhost\n", 20},
                                             {"/etc/hostname", "guest\n", 6},
                                             {"/etc/resolv.conf", "nameserver 10.0.0.1\n", 20}};

static void check(int failed, const struct error *err)
{
    if (failed == 0)
        return;
    fprintf(stderr, "storage-probe: %s\n", err->text);
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Processor time of this process so far. */
static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(double *times, size_t n)
{
    qsort(times, n, sizeof(*times), compare);
    printf("%.0f %.0f %.0f\n", times[0], times[n / 2], times[n - 1]);
}

/* Opens the image of a directory as a runtime does, store and all. Returns the microseconds that it took. */
static double open_image(const char *store_path, const char *dir, struct image *out)
{
    const struct image_request request = {
        .rootfs = dir, .format = IMAGE_EXT2, .patches = patches, .n_patches = 3};
    struct error err = {0};
    struct store *store = NULL;
    double start = now_us();
    check(store_open(store_path, &store, &err), &err);
    check(image_open(store, &request, out, &err), &err);
    double end = now_us();
    store_close(store);
    return end - start;
}

static void prepare(const char *store_path, const char *dir)
{
    const struct image_request request = {.rootfs = dir, .format = IMAGE_EXT2};
    struct error err = {0};
    struct store *store = NULL;
    struct image image = IMAGE_NONE;
    check(store_open(store_path, &store, &err), &err);
    check(image_prepare(store, &request, &image, &err), &err);
    image_release(&image);
    store_close(store);
}

static void hit(const char *store, size_t runs, char *const *dirs, size_t n_dirs)
{
    static double times[16][RUNS_MAX];
    for (size_t i = 0; i < n_dirs; i++)
        prepare(store, dirs[i]);
    for (size_t run = 0; run < runs; run++) {
        for (size_t i = 0; i < n_dirs; i++) {
            struct image image = IMAGE_NONE;
            times[i][run] = open_image(store, dirs[i], &image);
            image_release(&image);
        }
    }
    for (size_t i = 0; i < n_dirs; i++)
        print_times(times[i], runs);
}

static void miss(const char *base, size_t runs, const char *dir)
{
    static double times[RUNS_MAX], cpu[RUNS_MAX], filled[RUNS_MAX];
    for (size_t run = 0; run < runs; run++) {
        char path[4096];
        struct image image = IMAGE_NONE;
        snprintf(path, sizeof(path), "%s-%zu", base, run);
        double start_cpu = cpu_us(), start = now_us();
        times[run] = open_image(path, dir, &image);
        cpu[run] = cpu_us() - start_cpu;
        /* The end of the pipe that a monitor looks at, too. */
        if (image.filling_fd >= 0)
            poll(&(struct pollfd){.fd = image.filling_fd}, 1, -1);
        filled[run] = now_us() - start;
        image_release(&image);
        prepare(path, dir); /* waits until the background has let go */
    }
    print_times(times, runs);
    print_times(cpu, runs);
    print_times(filled, runs);
}

static void crowd(const char *store, size_t runs, const char *dir)
{
    double *times =
        mmap(NULL, runs * sizeof(*times), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    prepare(store, dir);
    for (size_t i = 0; i < runs; i++) {
        if (fork() == 0) {
            struct image image = IMAGE_NONE;
            times[i] = open_image(store, dir, &image);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    print_times(times, runs);
}

static void map_image(const struct image *image, struct overlay *overlay)
{
    struct error err = {0};
    const struct overlay_parts parts = {.capacity = image->capacity,
                                        .mode = OVERLAY_PRIVATE,
                                        .extents_fd = image->extents_fd,
                                        .n_extents = image->n_extents,
                                        .patches_fd = image->patches_fd,
                                        .data_fds = image->data_fds,
                                        .n_data_fds = image->n_data_fds};
    check(overlay_open(&parts, overlay, &err), &err);
}

/* Copies n blocks of an image, in order or not; returns bytes in a microsecond. */
static double read_rate(const struct overlay *overlay, const char *memory_copy, uint64_t n, bool random)
{
    static char buf[4096];
    uint64_t at = 1;
    double start = now_us();
    for (uint64_t i = 0; i < n; i++) {
        uint64_t block = i;
        if (random) {
            at = at * 6364136223846793005ull + 1442695040888963407ull;
            block = (at >> 33) % n;
        }
        if (memory_copy != NULL)
            memcpy(buf, memory_copy + block * sizeof(buf), sizeof(buf));
        else
            overlay_read(overlay, block * sizeof(buf), buf, sizeof(buf));
        __asm__ volatile("" : : "r"(buf) : "memory");
    }
    return (double)(n * sizeof(buf)) / (now_us() - start);
}

static void read_image(const char *store, size_t runs, const char *dir)
{
    struct image image = IMAGE_NONE;
    struct overlay overlay;
    prepare(store, dir);
    open_image(store, dir, &image);
    map_image(&image, &overlay);
    char *copy = malloc(image.capacity);
    overlay_read(&overlay, 0, copy, image.capacity);
    for (int random = 0; random < 2; random++) {
        double best[2] = {0, 0};
        for (size_t i = 0; i < 2 * runs; i++) {
            double rate = read_rate(&overlay, i % 2 == 0 ? NULL : copy, image.capacity / 4096, random != 0);
            if (rate > best[i % 2])
                best[i % 2] = rate;
        }
        printf("%.0f %.0f\n", best[0], best[1]);
    }
    free(copy);
}

/* One pass over the image, in pieces; returns MB/s. */
static double copy_pass(const struct overlay *overlay, char *buf, size_t piece, bool random)
{
    static uint64_t state = 1;
    uint64_t n = overlay->capacity / piece;
    double start = now_us();
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = i;
        if (random) {
            state = state * 6364136223846793005ull + 1442695040888963407ull;
            at = (state >> 33) % n;
        }
        memcpy(buf, overlay->bytes + at * piece, piece);
        __asm__ volatile("" : : "r"(buf) : "memory");
    }
    return (double)(n * piece) / (now_us() - start);
}

static void copy(const char *store, size_t runs, char *const *args)
{
    struct image image = IMAGE_NONE;
    struct overlay overlay;
    size_t piece = strtoul(args[1], NULL, 10);
    bool random = strcmp(args[2], "random") == 0;
    char *buf = malloc(piece);
    prepare(store, args[0]);
    open_image(store, args[0], &image);
    map_image(&image, &overlay);
    memset(buf, 1, piece);
    double best = 0, first = copy_pass(&overlay, buf, piece, random);
    for (size_t i = 0; i < runs; i++) {
        double rate = copy_pass(&overlay, buf, piece, random);
        best = rate > best ? rate : best;
    }
    printf("%.0f %.0f\n", first, best);
    free(buf);
}

int main(int argc, char **argv)
{
    size_t runs = argc > 4 ? strtoul(argv[2], NULL, 10) : 0;
    if (runs == 0 || runs > RUNS_MAX || argc > 4 + 128)
        return 2;
    if (strcmp(argv[3], "hit") == 0 && argc <= 4 + 16)
        hit(argv[1], runs, argv + 4, (size_t)argc - 4);
    else if (strcmp(argv[3], "miss") == 0)
        miss(argv[1], runs, argv[4]);
    else if (strcmp(argv[3], "crowd") == 0)
        crowd(argv[1], runs, argv[4]);
    else if (strcmp(argv[3], "read") == 0)
        read_image(argv[1], runs, argv[4]);
    else if (strcmp(argv[3], "copy") == 0 && argc == 7)
        copy(argv[1], runs, argv + 4);
    else
        return 2;
    return 0;
}
