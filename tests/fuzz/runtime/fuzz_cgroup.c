/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as a saved cgroup, and any two texts, with a NUL between them, as mountinfo and /proc/PID/cgroup.
 * What is accepted has whole paths, and its text form is a fixed point.
 */
#include "base/bug.h"
#include "base/cleanup.h"
#include "cgroup.h"
#include "cgroup_layout.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_saved(const char *text)
{
    static char first[65536], second[65536];
    struct cgroup *cgroup = NULL, *again = NULL;
    struct error err = {0};
    if (cgroup_parse(text, &cgroup, &err) < 0)
        return;
    if (cgroup_format(cgroup, first, sizeof(first), &err) == 0) {
        BUG_ON(cgroup_parse(first, &again, &err) < 0);
        BUG_ON(cgroup_format(again, second, sizeof(second), &err) < 0);
        BUG_ON(strcmp(first, second) != 0);
        cgroup_free(again);
    }
    cgroup_free(cgroup);
}

static void check_layout(const char *mountinfo, const char *own)
{
    struct cgroup_layout layout;
    struct error err = {0};
    if (cgroup_layout_parse(mountinfo, own, &layout, &err) == 0) {
        for (size_t i = 0; i < layout.n; i++) {
            BUG_ON(layout.hierarchies[i].own[0] != '/');
            BUG_ON(i > 0 && layout.hierarchies[i - 1].is_v2 && !layout.hierarchies[i].is_v2);
        }
    }
    cgroup_layout_release(&layout);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = malloc(size + 2);
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    check_saved(text);
    check_layout(text, text + strlen(text) + (strlen(text) < size ? 1 : 0));
    return 0;
}
