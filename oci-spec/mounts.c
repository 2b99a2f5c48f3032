/* SPDX-License-Identifier: Apache-2.0 */
/* mounts (config.md, "Mounts"). */
#include "mount_option.h"
#include "section.h"

#include <string.h>

static int apply_options(struct field_reader *reader, struct config_mount *mount, struct error *err)
{
    for (size_t i = 0; i < mount->options.n; i++) {
        const struct mount_option *option = mount_option_find(mount->options.items[i]);
        switch (option == NULL ? MOUNT_OPTION_NOTHING : option->effect) {
        case MOUNT_OPTION_NOTHING:
            break;
        case MOUNT_OPTION_BIND:
            mount->is_bind = true;
            break;
        case MOUNT_OPTION_READ_ONLY:
            mount->is_readonly = true;
            break;
        case MOUNT_OPTION_READ_WRITE:
            mount->is_readonly = false;
            break;
        case MOUNT_OPTION_REFUSED:
            if (field_refuse(reader, err, "option '%s' is not supported", mount->options.items[i]) < 0)
                return -1;
            break;
        }
    }
    return 0;
}

/* "Runtimes SHOULD treat a relative destination as relative to the root": since 1.2. */
static int make_absolute(struct field_reader *reader, struct config_mount *mount, struct error *err)
{
    if (mount->destination[0] == '\0')
        return field_error(reader, err, "the destination is empty");
    if (mount->destination[0] == '/')
        return 0;
    mount->destination = arena_format(reader->arena, err, "/%s", mount->destination);
    return mount->destination == NULL ? -1 : 0;
}

static int mount_finish(struct field_reader *reader, void *base, struct error *err)
{
    struct config_mount *mount = base;
    if (make_absolute(reader, mount, err) < 0)
        return -1;
    mount->is_bind = mount->type != NULL && strcmp(mount->type, "bind") == 0;
    if (apply_options(reader, mount, err) < 0)
        return -1;
    if (mount->is_bind && (mount->source == NULL || mount->source[0] == '\0'))
        return field_error(reader, err, "a bind mount has no source");
    return 0;
}

static const struct field mount_fields[] = {
    {FIELD(config_mount, destination, FIELD_STRING, "destination"), .is_required = true},
    {FIELD(config_mount, type, FIELD_STRING, "type")},
    {FIELD(config_mount, source, FIELD_STRING, "source")},
    {FIELD(config_mount, options, FIELD_STRINGS, "options")},
};

const struct field_object mount_section = {
    .size = sizeof(struct config_mount), .fields = mount_fields, .n_fields = 4, .finish = mount_finish};
