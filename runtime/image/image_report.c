/* SPDX-License-Identifier: Apache-2.0 */
#include "image_report.h"

#include "image_command.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>

#define NS_PER_MS 1000000u

void image_report_begin(struct image_report *report)
{
    report->start_ns = clock_monotonic_ns();
}

int image_report_ready(const struct image_report *report, const char *name, const struct image *image,
                       struct error *err)
{
    uint64_t ms = (clock_monotonic_ns() - report->start_ns) / NS_PER_MS;
    if (image->was_ready && report->skips_ready)
        return 0;
    if (!report->is_json) {
        printf("%s  %s: %s in %.2f s, %.1f MiB\n", image->key, name, image->was_ready ? "was ready" : "built",
               (double)ms / 1000, (double)image->capacity / (1 << 20));
        fflush(stdout);
        return 0;
    }
    struct json_writer *w = json_write_begin(false, err);
    if (w == NULL)
        return -1;
    json_write_object(w);
    json_write_member(w, "event", "ready");
    json_write_member(w, "name", name);
    json_write_member(w, "key", image->key);
    json_write_member_bool(w, "built", !image->was_ready);
    json_write_member_integer(w, "milliseconds", (int64_t)ms);
    json_write_member_integer(w, "capacity", (int64_t)image->capacity);
    json_write_object_end(w);
    return image_print_json(w, err);
}

int image_report_failed(const struct image_report *report, const char *name, const struct error *failure,
                        struct error *err)
{
    if (!report->is_json) {
        log_line(LOG_LEVEL_WARNING, "%s: %s", name, failure->text);
        return 0;
    }
    struct json_writer *w = json_write_begin(false, err);
    if (w == NULL)
        return -1;
    json_write_object(w);
    json_write_member(w, "event", "failed");
    json_write_member(w, "name", name);
    json_write_member(w, "error", failure->text);
    json_write_object_end(w);
    return image_print_json(w, err);
}
