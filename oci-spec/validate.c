/* SPDX-License-Identifier: Apache-2.0 */
#include "validate.h"

#include <string.h>

/* --- the document --- */

/* The length of a number without leading zeros at the start of text, or 0. */
static size_t version_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 1 && text[0] == '0' ? 0 : digits;
}

/* MAJOR.MINOR.PATCH, and after "-" or "+" at least one character (SemVer 2.0.0). */
static bool is_semver(const char *text)
{
    for (int i = 0; i < 3; i++) {
        size_t digits = version_number(text);
        if (digits == 0 || (i < 2 && text[digits] != '.'))
            return false;
        text += digits + (i < 2);
    }
    return text[0] == '\0' || (strchr("-+", text[0]) != NULL && text[1] != '\0');
}

/*
 * config.md "Specification version": SemVer; a runtime of 1.x understands every 1.y, whose additions it skips
 * as unknown properties. Engines write versions such as 1.0.2-dev.
 */
static int check_version(const struct json *document, struct error *err)
{
    const struct json *version = json_get(document, "ociVersion");
    if (version == NULL)
        return error_set(err, ERROR_INPUT, "ociVersion is missing");
    if (version->type != JSON_STRING)
        return error_set(err, ERROR_INPUT, "ociVersion: must be a string, not %s",
                         json_type_name(version->type));
    if (!is_semver(version->text))
        return error_set(err, ERROR_INPUT, "ociVersion: '%s' is not a version", version->text);
    if (strncmp(version->text, "1.", 2) != 0)
        return error_set(err, ERROR_REFUSED, "ociVersion: '%s' is not supported, only 1.x", version->text);
    return 0;
}

/* config.md "Platform-specific configuration": a container that is for another platform only. */
static int check_platform(const struct json *document, struct error *err)
{
    static const char *const others[] = {"freebsd", "solaris", "windows", "zos"};
    if (json_get(document, "linux") != NULL || json_get(document, "vm") != NULL)
        return 0;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (json_get(document, others[i]) != NULL)
            return error_set(err, ERROR_REFUSED, "%s: a container for this platform is not supported",
                             others[i]);
    }
    return 0;
}

int validate_document(const struct json *document, struct error *err)
{
    if (document->type != JSON_OBJECT)
        return error_set(err, ERROR_INPUT, "the document must be an object, not %s",
                         json_type_name(document->type));
    if (check_version(document, err) < 0)
        return -1;
    return check_platform(document, err);
}

/* --- the sections together --- */

/* config.md "Root": "path MUST be set"; an empty one would be the bundle itself. */
static int check_root(const struct config *config, struct error *err)
{
    if (config->root.path == NULL)
        return error_set(err, ERROR_INPUT, "root is missing");
    if (config->root.path[0] == '\0')
        return error_set(err, ERROR_INPUT, "root.path is empty");
    return 0;
}

/* config.md "POSIX process": "args (array of strings) ... at least one entry". A kernel of vm is run without.
 */
static int check_args(const struct config *config, struct error *err)
{
    if (config->process == NULL || config->vm != NULL)
        return 0;
    if (config->process->args.n == 0)
        return error_set(err, ERROR_INPUT, "process.args is empty");
    if (config->process->args.items[0][0] == '\0')
        return error_set(err, ERROR_INPUT, "process.args[0] is empty");
    return 0;
}

/* config.md "Hostname": it is the container's as seen by its processes, and must not become the host's. */
static int check_host_name(const struct config *config, struct error *err)
{
    if (config->namespaces[CONFIG_NAMESPACE_UTS].is_listed)
        return 0;
    if (config->hostname != NULL && config->hostname[0] != '\0')
        return error_set(err, ERROR_INPUT, "hostname needs a uts namespace");
    if (config->domainname != NULL && config->domainname[0] != '\0')
        return error_set(err, ERROR_INPUT, "domainname needs a uts namespace");
    return 0;
}

/* config-linux.md "User namespace mappings": they are mappings of the container's user namespace. */
static int check_mappings(const struct config *config, struct error *err)
{
    const struct config_namespace *user = &config->namespaces[CONFIG_NAMESPACE_USER];
    if (!user->is_listed && (config->uid_mappings.n > 0 || config->gid_mappings.n > 0))
        return error_set(err, ERROR_INPUT, "linux.uidMappings and linux.gidMappings need a user namespace");
    if (user->is_listed && user->path == NULL && (config->uid_mappings.n == 0 || config->gid_mappings.n == 0))
        return error_set(err, ERROR_INPUT,
                         "a new user namespace needs linux.uidMappings and linux.gidMappings");
    return 0;
}

/* config-linux.md "Offset for Time Namespace": it can be set before anybody is inside, and never again. */
static int check_time_offsets(const struct config *config, struct error *err)
{
    const struct config_namespace *time = &config->namespaces[CONFIG_NAMESPACE_TIME];
    if (!config->monotonic.is_set && !config->boottime.is_set)
        return 0;
    if (!time->is_listed)
        return error_set(err, ERROR_INPUT, "linux.timeOffsets needs a time namespace");
    if (time->path != NULL)
        return error_set(err, ERROR_INPUT, "linux.timeOffsets needs a new time namespace, not one to join");
    return 0;
}

int validate_config(const struct config *config, struct error *err)
{
    static int (*const rules[])(const struct config *, struct error *) = {
        check_root, check_args, check_host_name, check_mappings, check_time_offsets,
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i](config, err) < 0)
            return -1;
    }
    return 0;
}
