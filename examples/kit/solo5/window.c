/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to read in place. A page of a window costs an exit when it is touched for the first time, about as
 * much as a hypercall, which copies any number of pages; later it costs nothing. But where the host has 2 MiB
 * of the file in one piece, the first touch brings in all of it.
 *
 * So small reads are always made in place. Before the first larger one in each 2 MiB of a window three of its
 * pages are touched, and the time that the later ones take says which kind they are. If they are small pages,
 * calls are made, until they have cost about as much as touching all the pages would have; then the pages are
 * touched after all. Whatever is read how often, this never costs more than twice what was possible. A write
 * may break a large piece up, so after it the region is looked at again.
 */
#include "kit/solo5/window.h"

#include "kit/crt/boot.h"
#include "kit/window.h"

#include <stdbool.h>

#define PAGE_BYTES   4096u
#define REGION_BYTES (2u << 20)
#define REGIONS_MAX  1024u /* that are remembered; in the others only small reads are made in place */

/* Up to this many bytes, a call cannot be cheaper. */
#define SMALL_BYTES (2 * PAGE_BYTES)

/* A page that is there is read within some hundred nanoseconds, when neither it nor the page tables are in
 * any cache; one that is not takes some thousand. */
#define TOUCH_NS_MAX 1000u

/* So many calls take as long as to touch a region's 512 pages. */
#define CALLS_MAX 100u

/* What is known of a region: nothing; how many calls were made in it; that it is read in place. */
enum { REGION_UNKNOWN = 0, REGION_IN_PLACE = UINT8_MAX };

static uint8_t regions[REGIONS_MAX];

static const struct boot_window *find_window(solo5_handle_t device, size_t *out_first_region)
{
    *out_first_region = 0;
    if ((boot_info->host_features & BOOT_FEATURE_WINDOWS) == 0)
        return NULL;
    for (uint64_t i = 0; i < boot_info->n_windows; i++) {
        const struct boot_window *window = &boot_info->windows[i];
        if (window->type == BOOT_WINDOW_BLOCK && window->handle == device)
            return window;
        *out_first_region += (size_t)((window->len + REGION_BYTES - 1) / REGION_BYTES);
    }
    return NULL;
}

/* Returns how long it took. */
static solo5_time_t touch(const uint8_t *at)
{
    solo5_time_t before = solo5_clock_monotonic();
    (void)*(const volatile uint8_t *)at;
    return solo5_clock_monotonic() - before;
}

/* Whether [start, start + size), which lies in one region, came in one piece with its first byte. Two are
 * asked, as anything may happen to take time in between. */
static bool is_large(const uint8_t *start, size_t size)
{
    touch(start);
    solo5_time_t last = touch(start + size - 1), middle = touch(start + size / 2);
    return last < TOUCH_NS_MAX || middle < TOUCH_NS_MAX;
}

static bool is_in_place(size_t region, const uint8_t *start, size_t size)
{
    if (region >= REGIONS_MAX)
        return false;
    uint8_t *known = &regions[region];
    if (*known == REGION_UNKNOWN)
        *known = is_large(start, size) ? REGION_IN_PLACE : 1;
    else if (*known != REGION_IN_PLACE && ++*known > CALLS_MAX)
        *known = REGION_IN_PLACE;
    return *known == REGION_IN_PLACE;
}

const void *window_view(solo5_handle_t device, solo5_off_t offset, size_t size)
{
    size_t first_region;
    const struct boot_window *window = find_window(device, &first_region);
    if (window == NULL || offset < window->offset || offset - window->offset > window->len ||
        size > window->len - (offset - window->offset))
        return NULL;

    const uint8_t *start = window->start;
    size_t at = (size_t)(offset - window->offset), end = at + size;
    while (size > SMALL_BYTES && at < end) {
        size_t left = REGION_BYTES - at % REGION_BYTES, part = end - at < left ? end - at : left;
        if (part > SMALL_BYTES && !is_in_place(first_region + at / REGION_BYTES, start + at, part))
            return NULL;
        at += part;
    }
    return start + (offset - window->offset);
}

void window_note_write(solo5_handle_t device, solo5_off_t offset, size_t size)
{
    size_t first_region;
    const struct boot_window *window = find_window(device, &first_region);
    if (window == NULL || offset < window->offset || size == 0)
        return;
    uint64_t first = (offset - window->offset) / REGION_BYTES;
    uint64_t last = (offset - window->offset + size - 1) / REGION_BYTES;
    for (uint64_t region = first; region <= last && region * REGION_BYTES < window->len; region++)
        if (first_region + region < REGIONS_MAX)
            regions[first_region + region] = REGION_UNKNOWN;
}
