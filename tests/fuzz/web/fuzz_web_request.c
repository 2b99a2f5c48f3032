/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a client sends: parsed, and answered for a file. */
#include "response.h"
#include "target.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const struct response *r)
{
    bool is_good = r->head_size > 4 && memcmp(r->head + r->head_size - 4, "\r\n\r\n", 4) == 0 &&
                   r->count <= 1000 && r->first <= 1000 - r->count;
    if (!is_good)
        abort();
}

static void answer(const struct request *request)
{
    static struct response r;
    char path[REQUEST_TARGET_MAX];
    struct resource resource = {.status = 200, .path = path, .number = 1, .size = 1000, .mtime = 784100000};
    if (target_decode(request->target, path, sizeof(path)) != 0)
        return;
    if (path[0] != '/' || strstr(path, "/../") != NULL || strstr(path, "//") != NULL)
        abort();
    response_plan(request, &resource, 784111777, &r);
    check_answer(&r);
    resource.status = 301;
    response_plan(request, &resource, 784111777, &r);
    check_answer(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *p = (const char *)data;
    struct request request;
    size_t used;
    while (size > 0 && request_parse(p, size, &request, &used) == 0) {
        if (used == 0 || used > size)
            abort();
        answer(&request);
        p += used;
        size -= used;
    }
    return 0;
}
