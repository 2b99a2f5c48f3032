/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"
#include "storage/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE_MAX_BYTES 65536

/* As much as a small guest with a network stack wants, and little enough not to surprise the host. */
#define MEMORY_DEFAULT (512ull << 20)

static int set_text(char **place, const char *value, struct error *err)
{
    if (*place != NULL)
        return error_set(err, ERROR_INPUT, "given twice");
    if (value[0] != '/')
        return error_set(err, ERROR_INPUT, "\"%s\" is not an absolute path", value);
    *place = strdup(value);
    return *place == NULL ? error_errno(err, "keep the settings") : 0;
}

static int add_delegate(struct settings *settings, const char *value, struct error *err)
{
    if (settings->n_delegates == SETTINGS_DELEGATES_MAX)
        return error_set(err, ERROR_INPUT, "more than %d", SETTINGS_DELEGATES_MAX);
    if (set_text(&settings->delegates[settings->n_delegates], value, err) < 0)
        return -1;
    settings->n_delegates++;
    return 0;
}

static int set_value(struct settings *settings, const char *key, const char *value, struct error *err)
{
    if (strcmp(key, "monitor") == 0)
        return set_text(&settings->monitor, value, err);
    if (strcmp(key, "store") == 0)
        return set_text(&settings->store, value, err);
    if (strcmp(key, "delegate") == 0)
        return add_delegate(settings, value, err);
    if (strcmp(key, "memory") == 0)
        return num_parse_u64(value, UINT64_MAX, &settings->memory_bytes, "bytes", err);
    return error_set(err, ERROR_INPUT, "no such setting");
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r", text[n - 1]) != NULL)
        text[--n] = '\0';
    return text;
}

static int parse_line(struct settings *settings, char *line, struct error *err)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#')
        return 0;
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return error_set(err, ERROR_INPUT, "\"%s\" is not key = value", line);
    *equals = '\0';
    const char *key = trim(line);
    if (set_value(settings, key, trim(equals + 1), err) < 0)
        return error_wrap(err, "\"%s\"", key);
    return 0;
}

static int read_file(struct settings *settings, const char *path, bool is_optional, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    char *rest, *line;
    size_t size;
    unsigned number = 0;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT && is_optional)
        return 0;
    if (fd < 0)
        return error_errno(err, "open the settings '%s'", path);
    if (fd_read_all(fd, SIZE_MAX_BYTES, &text, &size, path, err) < 0)
        return -1;
    rest = text;
    while ((line = strsep(&rest, "\n")) != NULL) {
        number++;
        if (parse_line(settings, line, err) < 0)
            return error_wrap(err, "settings '%s', line %u", path, number);
    }
    return 0;
}

/* The monitor belongs to this very wherry: it is looked for beside the executable, not in PATH. */
static int find_monitor(char **out, struct error *err)
{
    char self[PATH_MAX], path[PATH_MAX + 64];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0)
        return error_errno(err, "find the monitor: read '/proc/self/exe'");
    self[n] = '\0';
    *strrchr(self, '/') = '\0';

    static const char *const places[] = {"", "/../libexec", "/../monitor"};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, sizeof(path), "%s%s/wherry-monitor", self, places[i]);
        if (access(path, X_OK) == 0)
            return set_text(out, path, err);
    }
    return error_set(err, ERROR_SYSTEM, "there is no wherry-monitor beside '%s/wherry'", self);
}

static int find_delegates(struct settings *settings, struct error *err)
{
    static const char *const paths[] = {"/usr/bin/crun", "/usr/local/bin/crun", "/usr/sbin/runc",
                                        "/usr/bin/runc", "/usr/local/sbin/runc"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (settings->n_delegates < SETTINGS_DELEGATES_MAX && access(paths[i], X_OK) == 0 &&
            add_delegate(settings, paths[i], err) < 0)
            return -1;
    return 0;
}

int settings_load(const char *path, struct settings *out, struct error *err)
{
    _cleanup_(settings_release) struct settings settings = {.memory_bytes = MEMORY_DEFAULT};

    if (read_file(&settings, path != NULL ? path : SETTINGS_PATH_DEFAULT, path == NULL, err) < 0)
        return -1;
    if (settings.store == NULL && set_text(&settings.store, STORE_PATH_DEFAULT, err) < 0)
        return -1;
    if (settings.monitor == NULL && find_monitor(&settings.monitor, err) < 0)
        return -1;
    if (settings.n_delegates == 0 && find_delegates(&settings, err) < 0)
        return -1;
    *out = settings;
    settings = (struct settings){0};
    return 0;
}

void settings_release(struct settings *settings)
{
    free(settings->monitor);
    free(settings->store);
    for (size_t i = 0; i < settings->n_delegates; i++)
        free(settings->delegates[i]);
    *settings = (struct settings){0};
}
