/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "image_command.h"
#include "settings.h"

#include "base/cleanup.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {"store", 0, CLI_TEXT, offsetof(struct image_options, store), "DIR", "the store (the settings' one)"},
    {"from", 0, CLI_TEXT, offsetof(struct image_options, from), "ENGINE",
     "prepare: podman, containerd, docker, a storage's directory, or an OCI layout"},
    {"for", 0, CLI_TEXT, offsetof(struct image_options, only_for), "ENGINE",
     "prepare: of a layout, for the containers of this engine only"},
    {"all", 'a', CLI_FLAG, offsetof(struct image_options, wants_all), NULL,
     "prepare: all images of the engine"},
    {"as", 0, CLI_TEXT, offsetof(struct image_options, as), "FORMAT",
     "prepare, watch: the format of the images (ext2)"},
    {"min-age", 0, CLI_NUMBER, offsetof(struct image_options, min_age), "SECONDS",
     "gc: leave what was used in this time (0)"},
    {"max-size", 0, CLI_NUMBER, offsetof(struct image_options, max_size), "BYTES",
     "gc: leave so much, what was used last (0)"},
    {"format", 'f', CLI_TEXT, offsetof(struct image_options, format), "FORMAT",
     "how to print: text or json (text)"},
    CLI_END,
};

static const struct {
    const char *name, *arguments;
    int min_args, max_args;
    int (*run)(const struct image_call *call, struct error *err);
} subcommands[] = {
    {"prepare", "[DIR|NAME...]", 0, INT_MAX, image_prepare_command},
    {"ls", "none", 0, 0, image_ls_command},
    {"inspect", "KEY...", 1, INT_MAX, image_inspect_command},
    {"verify", "none", 0, 0, image_verify_command},
    {"rm", "KEY...", 1, INT_MAX, image_rm_command},
    {"gc", "none", 0, 0, image_gc_command},
    {"export", "KEY FILE", 2, 2, image_export_command},
    {"watch", "[ENGINE...]", 0, INT_MAX, image_watch_command},
    {"deltas", "none", 0, 0, image_deltas_command},
    {"drop", "KEY...", 1, INT_MAX, image_drop_command},
};

static const char *const format_names[] = {
    [IMAGE_EXT2] = "ext2",       [IMAGE_TAR] = "tar", [IMAGE_CPIO] = "cpio",
    [IMAGE_ISO9660] = "iso9660", [IMAGE_FAT] = "fat", [IMAGE_RAW] = "raw",
};

const char *image_format_name(enum image_format format)
{
    size_t n = sizeof(format_names) / sizeof(format_names[0]);
    return (size_t)format < n && format_names[format] != NULL ? format_names[format] : "unknown";
}

int image_format_find(const char *name, enum image_format *out, struct error *err)
{
    *out = IMAGE_EXT2;
    if (name == NULL)
        return 0;
    for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++) {
        if (format_names[i] != NULL && i != IMAGE_RAW && strcmp(format_names[i], name) == 0) {
            *out = (enum image_format)i;
            return 0;
        }
    }
    return error_set(err, ERROR_USAGE, "unknown format \"%s\"", name);
}

int image_print_json(struct json_writer *w, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    if (json_write_end(w, &text, err) < 0)
        return -1;
    fputs(text, stdout);
    fflush(stdout);
    return 0;
}

static void store_closep(struct store **store)
{
    store_close(*store);
}

static int read_format(const char *format, bool *out_json, struct error *err)
{
    *out_json = format != NULL && strcmp(format, "json") == 0;
    if (format != NULL && !*out_json && strcmp(format, "text") != 0)
        return error_set(err, ERROR_USAGE, "\"%s\" is no format to print in: text or json", format);
    return 0;
}

static int run(const struct cli_invocation *invocation, struct error *err)
{
    _cleanup_(store_closep) struct store *store = NULL;
    _cleanup_(settings_release) struct settings settings = {0};
    const struct image_options *given = invocation->options;
    const char *name = invocation->args[0];
    struct image_call call = {.options = given,
                              .global = invocation->global,
                              .args = invocation->args + 1,
                              .n_args = invocation->n_args - 1};

    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
        if (strcmp(subcommands[i].name, name) != 0)
            continue;
        if (call.n_args < subcommands[i].min_args || call.n_args > subcommands[i].max_args)
            return error_set(err, ERROR_USAGE, "\"wherry image %s\" takes the arguments: %s", name,
                             subcommands[i].arguments);
        if (read_format(given->format, &call.is_json, err) < 0 ||
            (given->store == NULL && settings_load(invocation->global->settings, &settings, err) < 0))
            return -1;
        call.store_path = given->store != NULL ? given->store : settings.store;
        if (store_open(call.store_path, &store, err) < 0)
            return -1;
        call.store = store;
        return subcommands[i].run(&call, err);
    }
    return error_set(err, ERROR_USAGE, "unknown command \"image %s\"; \"wherry image --help\" shows them all",
                     name);
}

const struct cli_command cmd_image = {
    .name = "image",
    .arguments =
        "prepare [DIR|NAME...] | watch [ENGINE...] | ls | inspect KEY... | verify | rm KEY... | gc | "
        "export KEY FILE | deltas | drop KEY...",
    .summary = "look after the store of images",
    .options = options,
    .options_size = sizeof(struct image_options),
    .min_args = 1,
    .max_args = INT_MAX,
    .run = run,
};
