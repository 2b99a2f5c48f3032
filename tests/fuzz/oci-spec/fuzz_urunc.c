/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a unikernel's metadata. An input is lines KEY=VALUE, which become annotations, and after the
 * first empty line the content of /urunc.json.
 */
#include "oci-spec/unikernel.h"

#include "base/bug.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const struct config_pair *)a)->key, ((const struct config_pair *)b)->key);
}

/* Cuts text, up to its first empty line, into sorted pairs; a key that is there already is left out. */
static size_t cut_pairs(char **text, struct config_pair *pairs)
{
    size_t n = 0;
    while (*text != NULL && **text != '\0' && **text != '\n') {
        char *value = strsep(text, "\n");
        const char *key = strsep(&value, "=");
        bool is_new = value != NULL;
        for (size_t i = 0; i < n; i++)
            is_new = is_new && strcmp(pairs[i].key, key) != 0;
        if (is_new && n < PAIRS_MAX)
            pairs[n++] = (struct config_pair){.key = key, .value = value};
    }
    if (*text != NULL && **text == '\n')
        ++*text;
    qsort(pairs, n, sizeof(pairs[0]), compare_pairs);
    return n;
}

static void check_unikernel(const struct unikernel *unikernel)
{
    BUG_ON(unikernel->binary != NULL && unikernel->binary[0] != '/');
    BUG_ON(unikernel->memory_bytes % 4096 != 0);
    for (size_t i = 0; i < unikernel->n_blocks; i++) {
        const struct unikernel_block *block = &unikernel->blocks[i];
        BUG_ON((block->path == NULL) != (block->source == UNIKERNEL_BLOCK_ROOTFS));
        BUG_ON(block->path != NULL && block->path[0] != '/');
        BUG_ON(i > 0 && strcmp(unikernel->blocks[i - 1].device, block->device) >= 0);
    }
    BUG_ON(unikernel->warnings.items[unikernel->warnings.n] != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1), *rest = copy;
    BUG_ON(copy == NULL);
    memcpy(copy, data, size);
    copy[size] = '\0';

    struct config_pair pairs[PAIRS_MAX];
    const struct config_map map = {.pairs = pairs, .n = cut_pairs(&rest, pairs)};
    const char *json = rest == NULL || rest[0] == '\0' ? NULL : rest;
    size_t json_size = json == NULL ? 0 : size - (size_t)(json - copy);

    struct error err = {0};
    struct unikernel *unikernel = NULL;
    if (unikernel_read(&map, json, json_size, &unikernel, &err) == 0)
        check_unikernel(unikernel);
    else
        BUG_ON(err.kind != ERROR_INPUT && err.kind != ERROR_REFUSED);
    unikernel_free(unikernel);
    free(copy);
    return 0;
}
