/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health checks: any bytes as the answer of a guest, as a probe's words, and, cut at the NULs, as the command
 * that an engine wants executed. What is accepted is within its bounds, and the answer's verdict is the same
 * when it comes in pieces.
 */
#include "base/bug.h"
#include "base/cleanup.h"
#include "http_status.h"
#include "oci-spec/probe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const char *bytes, size_t size)
{
    int status = HTTP_STATUS_MORE;
    for (size_t n = 0; n <= size && status == HTTP_STATUS_MORE; n++)
        status = http_status_parse(bytes, n);
    BUG_ON(status != http_status_parse(bytes, size));
    BUG_ON(status != HTTP_STATUS_MORE && status != HTTP_STATUS_INVALID && (status < 100 || status > 599));
    BUG_ON(status == HTTP_STATUS_MORE && size >= HTTP_STATUS_BYTES);
}

static void check_words(const char *text)
{
    struct probe probe;
    struct error err = {0};
    if (probe_parse(text, &probe, &err) < 0) {
        BUG_ON(err.kind != ERROR_INPUT);
        return;
    }
    BUG_ON(probe.port == 0 || probe.timeout_s == 0 || probe.timeout_s > PROBE_TIMEOUT_MAX_S);
    BUG_ON(probe.path[0] != '/' || strlen(probe.path) >= sizeof(probe.path));
}

static void check_command(const char *text, size_t size)
{
    const char *words[WORDS_MAX];
    char found[PROBE_TEXT_SIZE];
    struct config_strings args = {.items = words};
    struct error err = {0};
    bool is_probe;

    for (const char *at = text; at <= text + size && args.n < WORDS_MAX; at += strlen(at) + 1)
        words[args.n++] = at;
    if (probe_find(&args, found, &is_probe, &err) == 0 && is_probe)
        check_words(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_answer(text, size);
    check_words(text);
    check_command(text, size);
    return 0;
}
