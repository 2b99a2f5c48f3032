/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/spec.h"

#include "oci-spec/json_write.h"

#include <stddef.h>

/* The version of runtime-spec that the document follows. */
#define SPEC_OCI_VERSION "1.2.1"

static void write_process(struct json_writer *w)
{
    static const char *const args[] = {"/app.hvt"};
    static const char *const env[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};

    json_write_key(w, "process");
    json_write_object(w);
    json_write_member_bool(w, "terminal", false);
    json_write_key(w, "user");
    json_write_object(w);
    json_write_member_integer(w, "uid", 0);
    json_write_member_integer(w, "gid", 0);
    json_write_object_end(w);
    json_write_member_strings(w, "args", args, 1);
    json_write_member_strings(w, "env", env, 1);
    json_write_member(w, "cwd", "/");
    json_write_member_bool(w, "noNewPrivileges", true);
    json_write_object_end(w);
}

static void write_root(struct json_writer *w)
{
    json_write_key(w, "root");
    json_write_object(w);
    json_write_member(w, "path", "rootfs");
    json_write_member_bool(w, "readonly", true);
    json_write_object_end(w);
}

static void write_mapping(struct json_writer *w, const char *key, uint32_t host_id)
{
    json_write_key(w, key);
    json_write_array(w);
    json_write_object(w);
    json_write_member_integer(w, "containerID", 0);
    json_write_member_integer(w, "hostID", host_id);
    json_write_member_integer(w, "size", 1);
    json_write_object_end(w);
    json_write_array_end(w);
}

static void write_namespaces(struct json_writer *w, const struct spec_options *options)
{
    static const char *const types[] = {"pid", "network", "ipc", "uts", "mount", "cgroup", "user"};
    /* The last one only for a caller who is not root. */
    size_t n = sizeof(types) / sizeof(types[0]) - (options->rootless ? 0 : 1);

    json_write_key(w, "namespaces");
    json_write_array(w);
    for (size_t i = 0; i < n; i++) {
        json_write_object(w);
        json_write_member(w, "type", types[i]);
        json_write_object_end(w);
    }
    json_write_array_end(w);
}

int spec_format(const struct spec_options *options, char **out_text, struct error *err)
{
    struct json_writer *w = json_write_begin(true, err);
    if (w == NULL)
        return -1;

    json_write_object(w);
    json_write_member(w, "ociVersion", SPEC_OCI_VERSION);
    write_process(w);
    write_root(w);
    json_write_member(w, "hostname", "unikernel");
    json_write_key(w, "linux");
    json_write_object(w);
    if (options->rootless) {
        write_mapping(w, "uidMappings", options->uid);
        write_mapping(w, "gidMappings", options->gid);
    }
    write_namespaces(w, options);
    json_write_object_end(w);
    json_write_object_end(w);
    return json_write_end(w, out_text, err);
}
