/* SPDX-License-Identifier: Apache-2.0 */
#include "image_packs.h"

#include "pack_store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void image_packs_release(struct image_packs *packs)
{
    for (uint32_t i = 0; i < packs->n; i++)
        close(packs->fds[i]);
    free(packs->fds);
    free(packs->keys);
    *packs = IMAGE_PACKS_NONE;
}

int image_packs_ensure(const struct store *store, struct source *source, struct image_packs *packs,
                       struct error *err)
{
    packs->fds = calloc(source->n_layers, sizeof(int));
    packs->keys = calloc(source->n_layers, sizeof(*packs->keys));
    if (packs->fds == NULL || packs->keys == NULL)
        return error_errno(err, "open the packs");
    for (uint32_t i = 0; i < source->n_layers; i++) {
        memcpy(packs->keys[i], source->layers[i].key, sizeof(packs->keys[i]));
        if (pack_store_ensure(store, &source->layers[i], &packs->fds[i], NULL, err) != 0)
            return -1;
        packs->n++;
    }
    return 0;
}
