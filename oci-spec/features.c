/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is listed is what the parser and the runtime take; what a unikernel has no use for is said to be off,
 * so that an engine does not offer it.
 */
#include "oci-spec/features.h"

#include "mount_option.h"
#include "oci-spec/config.h"
#include "oci-spec/json_write.h"

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void write_hooks(struct json_writer *w)
{
    json_write_key(w, "hooks");
    json_write_array(w);
    for (enum config_hook_kind kind = 0; kind < CONFIG_HOOK_COUNT; kind++)
        json_write_string(w, config_hook_name(kind));
    json_write_array_end(w);
}

static void write_namespaces(struct json_writer *w)
{
    json_write_key(w, "namespaces");
    json_write_array(w);
    for (enum config_namespace_type type = 0; type < CONFIG_NAMESPACE_COUNT; type++)
        json_write_string(w, config_namespace_name(type));
    json_write_array_end(w);
}

static void write_mount_options(struct json_writer *w)
{
    size_t n;
    const struct mount_option *options = mount_option_table(&n);
    json_write_key(w, "mountOptions");
    json_write_array(w);
    for (size_t i = 0; i < n; i++) {
        if (options[i].effect != MOUNT_OPTION_REFUSED)
            json_write_string(w, options[i].name);
    }
    json_write_array_end(w);
}

static void write_cgroup(struct json_writer *w)
{
    json_write_key(w, "cgroup");
    json_write_object(w);
    json_write_member_bool(w, "v1", true);
    json_write_member_bool(w, "v2", true);
    json_write_member_bool(w, "systemd", true);
    json_write_member_bool(w, "systemdUser", false);
    json_write_member_bool(w, "rdma", true);
    json_write_object_end(w);
}

/* A member {"enabled": false}. */
static void write_disabled(struct json_writer *w, const char *key)
{
    json_write_key(w, key);
    json_write_object(w);
    json_write_member_bool(w, "enabled", false);
    json_write_object_end(w);
}

static void write_linux(struct json_writer *w)
{
    json_write_key(w, "linux");
    json_write_object(w);
    write_namespaces(w);
    json_write_member_strings(w, "capabilities", NULL, 0);
    write_cgroup(w);
    /* The monitor brings its own, tighter filter; a profile for Linux programs is not applied. */
    write_disabled(w, "seccomp");
    write_disabled(w, "apparmor");
    write_disabled(w, "selinux");
    write_disabled(w, "intelRdt");
    json_write_key(w, "mountExtensions");
    json_write_object(w);
    write_disabled(w, "idmap");
    json_write_object_end(w);
    write_disabled(w, "netDevices");
    json_write_object_end(w);
}

int features_format(char **out_text, struct error *err)
{
    /* They choose what is booted and which files of the root file system it sees. */
    static const char *const unsafe[] = {"dev.wherry.", "com.urunc.unikernel."};
    struct json_writer *w = json_write_begin(true, err);
    if (w == NULL)
        return -1;

    json_write_object(w);
    json_write_member(w, "ociVersionMin", "1.0.0");
    json_write_member(w, "ociVersionMax", "1.3.0");
    write_hooks(w);
    write_mount_options(w);
    write_linux(w);
    json_write_key(w, "annotations");
    json_write_object(w);
    json_write_member(w, "dev.wherry.version", WHERRY_VERSION);
    json_write_object_end(w);
    json_write_member_strings(w, "potentiallyUnsafeConfigAnnotations", unsafe, COUNT(unsafe));
    json_write_object_end(w);
    return json_write_end(w, out_text, err);
}
