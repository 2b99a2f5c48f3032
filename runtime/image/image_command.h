/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands of "wherry image" share. */
#ifndef IMAGE_COMMAND_H
#define IMAGE_COMMAND_H

#include "cli.h"

#include "oci-spec/json_write.h"
#include "storage/catalog.h"

#include <stdbool.h>
#include <stdint.h>

struct image_options {
    const char *store;
    const char *as;
    const char *format;
    const char *from;
    const char *only_for;
    uint64_t min_age;
    uint64_t max_size;
    bool wants_all;
};

/* What the subcommands get. */
struct image_call {
    const struct image_options *options;
    const struct cli_global *global;
    const char *store_path;
    struct store *store; /* open */
    char *const *args;   /* after the subcommand's name */
    int n_args;
    bool is_json;
};

/* One function for each subcommand: the exit status, or -1 with an error. */
int image_prepare_command(const struct image_call *call, struct error *err);
int image_watch_command(const struct image_call *call, struct error *err);
int image_ls_command(const struct image_call *call, struct error *err);
int image_inspect_command(const struct image_call *call, struct error *err);
int image_verify_command(const struct image_call *call, struct error *err);
int image_rm_command(const struct image_call *call, struct error *err);
int image_gc_command(const struct image_call *call, struct error *err);
int image_export_command(const struct image_call *call, struct error *err);
int image_deltas_command(const struct image_call *call, struct error *err);
int image_drop_command(const struct image_call *call, struct error *err);

/* "ext2", "tar", ... */
const char *image_format_name(enum image_format format);

/* The format of a name; NULL: the default. ERROR_USAGE. */
int image_format_find(const char *name, enum image_format *out, struct error *err);

/* Ends a document and prints it. Frees w in any case. */
int image_print_json(struct json_writer *w, struct error *err);

#endif
