/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of "wherry image" for delta files: what guests wrote and shall find again. */
#include "image_command.h"

#include "storage/delta_file.h"

#include <stdio.h>
#include <stdlib.h>

static void write_delta(struct json_writer *w, const struct delta_file *file)
{
    json_write_object(w);
    json_write_member(w, "key", file->key);
    json_write_member(w, "owner", file->owner);
    json_write_member(w, "image", file->image);
    json_write_member_integer(w, "bytes", (int64_t)file->bytes);
    json_write_member_bool(w, "inUse", file->is_in_use);
    json_write_object_end(w);
}

static int print_json(const struct delta_file *files, size_t n, struct error *err)
{
    struct json_writer *w = json_write_begin(false, err);
    if (w == NULL)
        return -1;
    json_write_array(w);
    for (size_t i = 0; i < n; i++)
        write_delta(w, &files[i]);
    json_write_array_end(w);
    return image_print_json(w, err) < 0 ? -1 : EXIT_SUCCESS;
}

int image_deltas_command(const struct image_call *call, struct error *err)
{
    struct delta_file *files = NULL;
    size_t n = 0;
    int status = EXIT_SUCCESS;
    if (delta_file_list(call->store, &files, &n, err) < 0)
        return -1;
    if (call->is_json) {
        status = print_json(files, n, err);
    } else {
        printf("%-16s %-16s %8s %-6s %s\n", "KEY", "IMAGE", "MiB", "IN USE", "WRITTEN TO");
        for (size_t i = 0; i < n; i++)
            printf("%-16.16s %-16.16s %8.1f %-6s %s\n", files[i].key, files[i].image,
                   (double)files[i].bytes / (1 << 20), files[i].is_in_use ? "yes" : "no", files[i].owner);
    }
    delta_file_list_free(files, n);
    return status;
}

int image_drop_command(const struct image_call *call, struct error *err)
{
    for (int i = 0; i < call->n_args; i++)
        if (delta_file_remove(call->store, call->args[i], err) < 0)
            return -1;
    return EXIT_SUCCESS;
}
