/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd answers a request to start or stop a unit at once, with the path of a job; the job's end comes as
 * the signal JobRemoved, which can only be received if it was asked for before. Each operation opens the bus,
 * asks for the signal, makes its call, and waits for its job.
 */
#include "cgroup_unit.h"

#include "base/cleanup.h"
#include "cgroup_limits.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define LIBRARY        "libsystemd.so.0"
#define PRIVATE_SOCKET "unix:path=/run/systemd/private"
#define SERVICE        "org.freedesktop.systemd1"
#define OBJECT         "/org/freedesktop/systemd1"
#define MANAGER        SERVICE ".Manager"
#define JOB_LIMIT_US   30000000ull
#define DEFAULT_SLICE  "system.slice"

/* systemd takes a quota in steps of 10 ms a second. */
#define QUOTA_STEP_US     10000
#define DEFAULT_PERIOD_US 100000

#define FUNCTIONS(X)                  \
    X(sd_bus_open_system)             \
    X(sd_bus_new)                     \
    X(sd_bus_set_address)             \
    X(sd_bus_start)                   \
    X(sd_bus_flush_close_unref)       \
    X(sd_bus_match_signal)            \
    X(sd_bus_process)                 \
    X(sd_bus_wait)                    \
    X(sd_bus_call)                    \
    X(sd_bus_error_free)              \
    X(sd_bus_message_new_method_call) \
    X(sd_bus_message_append)          \
    X(sd_bus_message_open_container)  \
    X(sd_bus_message_close_container) \
    X(sd_bus_message_read)            \
    X(sd_bus_message_unref)

/* The library's functions under their own names. */
static struct {
#define DECLARE(name) __typeof__(&(name)) name;
    FUNCTIONS(DECLARE)
#undef DECLARE
} lib;

static int load_library(struct error *err)
{
    static bool is_loaded;
    void *handle = is_loaded ? NULL : dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (is_loaded)
        return 0;
    if (handle == NULL)
        return error_set(err, ERROR_REFUSED, "%s", dlerror());
    const struct {
        const char *name;
        void *function; /* where its address goes */
    } symbols[] = {
#define ENTRY(name) {#name, &lib.name},
        FUNCTIONS(ENTRY)
#undef ENTRY
    };
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *address = dlsym(handle, symbols[i].name);
        if (address == NULL)
            return error_set(err, ERROR_REFUSED, LIBRARY " has no %s", symbols[i].name);
        memcpy(symbols[i].function, &address, sizeof(address));
    }
    is_loaded = true;
    return 0;
}

/* A connection, and the job that is waited for on it. */
struct connection {
    sd_bus *bus;
    char job[256]; /* the job's path */
    bool has_ended;
    char result[32]; /* "done", "failed", ... */
};

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *ignored)
{
    struct connection *connection = data;
    const char *path, *unit, *result;
    uint32_t id;
    (void)ignored;
    if (lib.sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0 ||
        strcmp(connection->job, path) != 0)
        return 0;
    snprintf(connection->result, sizeof(connection->result), "%s", result);
    connection->has_ended = true;
    return 0;
}

static void disconnect(struct connection *connection)
{
    if (connection->bus != NULL)
        lib.sd_bus_flush_close_unref(connection->bus);
}

static void message_unref(sd_bus_message **message)
{
    if (*message != NULL)
        lib.sd_bus_message_unref(*message);
}

/* Where no bus daemon runs, systemd itself listens at a socket of its own, for root. */
static int open_private(sd_bus **out_bus)
{
    sd_bus *bus = NULL;
    int result = lib.sd_bus_new(&bus);
    if (result >= 0)
        result = lib.sd_bus_set_address(bus, PRIVATE_SOCKET);
    if (result >= 0)
        result = lib.sd_bus_start(bus);
    if (result >= 0)
        *out_bus = bus;
    else if (bus != NULL)
        lib.sd_bus_flush_close_unref(bus);
    return result;
}

/* Calls a method of systemd's manager. *out_reply is NULL or gets the reply. */
static int call(struct connection *connection, sd_bus_message *message, const char *what,
                sd_bus_message **out_reply, bool *out_no_such_unit, struct error *err)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int result = lib.sd_bus_call(connection->bus, message, JOB_LIMIT_US, &error, out_reply);
    if (result < 0) {
        *out_no_such_unit = error.name != NULL && strcmp(error.name, SERVICE ".NoSuchUnit") == 0;
        error_set(err, ERROR_SYSTEM, "%s: systemd says: %s", what,
                  error.message != NULL ? error.message : strerror(-result));
        err->errnum = -result;
    }
    lib.sd_bus_error_free(&error);
    return result < 0 ? -1 : 0;
}

static int new_call(struct connection *connection, const char *method, sd_bus_message **out_message,
                    struct error *err)
{
    int result =
        lib.sd_bus_message_new_method_call(connection->bus, out_message, SERVICE, OBJECT, MANAGER, method);
    return result < 0 ? error_number(err, -result, "call systemd's %s", method) : 0;
}

static int connect_to_systemd(struct connection *connection, struct error *err)
{
    _cleanup_(message_unref) sd_bus_message *subscribe = NULL;
    bool ignored;
    if (load_library(err) < 0)
        return error_wrap(err, "talk to systemd");
    int result = lib.sd_bus_open_system(&connection->bus);
    if (result < 0)
        result = open_private(&connection->bus);
    if (result < 0) {
        error_number(err, -result, "talk to systemd");
        err->kind = ERROR_REFUSED;
        return -1;
    }
    result = lib.sd_bus_match_signal(connection->bus, NULL, NULL, OBJECT, MANAGER, "JobRemoved",
                                     on_job_removed, connection);
    if (result < 0)
        return error_number(err, -result, "listen to systemd");
    if (new_call(connection, "Subscribe", &subscribe, err) < 0)
        return -1;
    return call(connection, subscribe, "listen to systemd", NULL, &ignored, err);
}

static int wait_for_job(struct connection *connection, sd_bus_message *reply, const char *what,
                        struct error *err)
{
    const char *path;
    int result = lib.sd_bus_message_read(reply, "o", &path);
    if (result < 0)
        return error_number(err, -result, "%s: read systemd's answer", what);
    snprintf(connection->job, sizeof(connection->job), "%s", path);
    while (!connection->has_ended) {
        result = lib.sd_bus_process(connection->bus, NULL);
        if (result > 0)
            continue;
        if (result == 0)
            result = lib.sd_bus_wait(connection->bus, JOB_LIMIT_US);
        if (result < 0 && result != -EINTR)
            return error_number(err, -result, "%s: wait for systemd", what);
        if (result == 0)
            return error_set(err, ERROR_SYSTEM, "%s: systemd does not answer", what);
    }
    if (strcmp(connection->result, "done") != 0)
        return error_set(err, ERROR_SYSTEM, "%s: systemd's job ended with '%s'", what, connection->result);
    return 0;
}

/* Copies one part of a name, which must be a valid and short enough one. */
static int copy_part(char *to, const char *from, size_t length, struct error *err)
{
    for (size_t i = 0; i < length; i++) {
        if (from[i] <= ' ' || from[i] >= 0x7f || from[i] == '/')
            return error_set(err, ERROR_INPUT, "character %zu is not one of a unit's name", i + 1);
    }
    if (length >= CGROUP_UNIT_NAME_SIZE)
        return error_set(err, ERROR_INPUT, "longer than %d characters", CGROUP_UNIT_NAME_SIZE - 1);
    memcpy(to, from, length);
    to[length] = '\0';
    return 0;
}

static int parse_parts(const char *path, struct cgroup_unit *unit, struct error *err)
{
    char prefix[CGROUP_UNIT_NAME_SIZE], name[CGROUP_UNIT_NAME_SIZE];
    const char *first = strchr(path, ':');
    const char *second = first != NULL ? strchr(first + 1, ':') : NULL;
    if (second == NULL || strchr(second + 1, ':') != NULL || second[1] == '\0')
        return error_set(err, ERROR_INPUT, "is not of the form SLICE:PREFIX:NAME");
    if (copy_part(unit->slice, path, (size_t)(first - path), err) < 0 ||
        copy_part(prefix, first + 1, (size_t)(second - first - 1), err) < 0 ||
        copy_part(name, second + 1, strlen(second + 1), err) < 0)
        return -1;
    if (unit->slice[0] == '\0')
        snprintf(unit->slice, sizeof(unit->slice), DEFAULT_SLICE);
    int n =
        snprintf(unit->name, sizeof(unit->name), "%s%s%s.scope", prefix, prefix[0] != '\0' ? "-" : "", name);
    if (n < 0 || (size_t)n >= sizeof(unit->name))
        return error_set(err, ERROR_INPUT, "longer than %d characters", CGROUP_UNIT_NAME_SIZE - 1);
    return 0;
}

int cgroup_unit_parse(const char *path, const char *id, struct cgroup_unit *out_unit, struct error *err)
{
    char standard[CGROUP_UNIT_NAME_SIZE];
    snprintf(standard, sizeof(standard), ":wherry:%s", id);
    if (path == NULL)
        path = standard;
    if (parse_parts(path, out_unit, err) < 0)
        return error_wrap(err, "linux.cgroupsPath '%s'", path);
    return 0;
}

/* Delegated: systemd leaves everything below, and the choice of controllers, to us. */
static int append_scope(sd_bus_message *message, const struct cgroup_unit *unit, pid_t pid)
{
    static const char *const on[] = {"Delegate", "CPUAccounting", "MemoryAccounting", "TasksAccounting",
                                     "IOAccounting"};
    int result = lib.sd_bus_message_append(message, "ss", unit->name, "fail");
    if (result >= 0)
        result = lib.sd_bus_message_open_container(message, 'a', "(sv)");
    if (result >= 0)
        result = lib.sd_bus_message_append(message, "(sv)(sv)(sv)(sv)(sv)", "Description", "s",
                                           "wherry container", "Slice", "s", unit->slice, "PIDs", "au", 1,
                                           (uint32_t)pid, "DefaultDependencies", "b", 0, "CollectMode", "s",
                                           "inactive-or-failed");
    for (size_t i = 0; i < sizeof(on) / sizeof(on[0]) && result >= 0; i++)
        result = lib.sd_bus_message_append(message, "(sv)", on[i], "b", 1);
    if (result >= 0)
        result = lib.sd_bus_message_close_container(message);
    if (result >= 0)
        result = lib.sd_bus_message_append(message, "a(sa(sv))", 0);
    return result;
}

int cgroup_unit_start(const struct cgroup_unit *unit, pid_t pid, struct error *err)
{
    _cleanup_(disconnect) struct connection connection = {.bus = NULL};
    _cleanup_(message_unref) sd_bus_message *message = NULL, *reply = NULL;
    char what[CGROUP_UNIT_NAME_SIZE + 32];
    bool ignored;
    snprintf(what, sizeof(what), "start unit '%s'", unit->name);

    if (connect_to_systemd(&connection, err) < 0 ||
        new_call(&connection, "StartTransientUnit", &message, err) < 0)
        return -1;
    int result = append_scope(message, unit, pid);
    if (result < 0)
        return error_number(err, -result, "%s: write the message", what);
    if (call(&connection, message, what, &reply, &ignored, err) < 0)
        return -1;
    return wait_for_job(&connection, reply, what, err);
}

int cgroup_unit_stop(const char *name, struct error *err)
{
    _cleanup_(disconnect) struct connection connection = {.bus = NULL};
    _cleanup_(message_unref) sd_bus_message *message = NULL, *reply = NULL;
    char what[CGROUP_UNIT_NAME_SIZE + 32];
    bool no_such_unit = false;
    snprintf(what, sizeof(what), "stop unit '%s'", name);

    if (connect_to_systemd(&connection, err) < 0 || new_call(&connection, "StopUnit", &message, err) < 0)
        return -1;
    int result = lib.sd_bus_message_append(message, "ss", name, "replace");
    if (result < 0)
        return error_number(err, -result, "%s: write the message", what);
    if (call(&connection, message, what, &reply, &no_such_unit, err) < 0)
        return no_such_unit ? 0 : -1;
    return wait_for_job(&connection, reply, what, err);
}

/* One of systemd's numbers; UINT64_MAX is its infinity. */
struct property {
    const char *name;
    uint64_t value;
};

#define PROPERTIES_MAX 8

static uint64_t bytes_or_infinity(int64_t bytes)
{
    return bytes < 0 ? UINT64_MAX : (uint64_t)bytes;
}

static uint64_t quota_per_second(const struct config_cpu *cpu)
{
    uint64_t period = cpu->has_period && cpu->period != 0 ? cpu->period : DEFAULT_PERIOD_US;
    if (cpu->quota < 0 || (uint64_t)cpu->quota > UINT64_MAX / 1000000)
        return UINT64_MAX;
    uint64_t per_second = (uint64_t)cpu->quota * 1000000 / period;
    return (per_second + QUOTA_STEP_US - 1) / QUOTA_STEP_US * QUOTA_STEP_US;
}

static size_t choose_properties(const struct config_resources *r, bool is_v2,
                                struct property out[PROPERTIES_MAX])
{
    size_t n = 0;
    if (r->memory.has_limit)
        out[n++] = (struct property){is_v2 ? "MemoryMax" : "MemoryLimit", bytes_or_infinity(r->memory.limit)};
    if (r->memory.has_swap && r->memory.has_limit && is_v2)
        out[n++] = (struct property){
            "MemorySwapMax", r->memory.swap < 0 ? UINT64_MAX : (uint64_t)(r->memory.swap - r->memory.limit)};
    if (r->memory.has_reservation && is_v2)
        out[n++] = (struct property){"MemoryLow", bytes_or_infinity(r->memory.reservation)};
    if (r->cpu.has_shares && r->cpu.shares != 0)
        out[n++] = is_v2 ? (struct property){"CPUWeight", cgroup_v2_weight(r->cpu.shares)}
                         : (struct property){"CPUShares", r->cpu.shares};
    if (r->cpu.has_quota)
        out[n++] = (struct property){"CPUQuotaPerSecUSec", quota_per_second(&r->cpu)};
    if (r->cpu.has_period)
        out[n++] = (struct property){"CPUQuotaPeriodUSec", r->cpu.period};
    if (r->pids.has_limit)
        out[n++] = (struct property){"TasksMax", r->pids.limit <= 0 ? UINT64_MAX : (uint64_t)r->pids.limit};
    return n;
}

int cgroup_unit_apply(const char *name, const struct config_resources *resources, bool is_v2,
                      struct error *err)
{
    _cleanup_(disconnect) struct connection connection = {.bus = NULL};
    _cleanup_(message_unref) sd_bus_message *message = NULL;
    struct property properties[PROPERTIES_MAX];
    char what[CGROUP_UNIT_NAME_SIZE + 32];
    bool ignored;
    size_t n = choose_properties(resources, is_v2, properties);

    if (n == 0)
        return 0;
    snprintf(what, sizeof(what), "set limits of unit '%s'", name);
    if (connect_to_systemd(&connection, err) < 0 ||
        new_call(&connection, "SetUnitProperties", &message, err) < 0)
        return -1;
    int result = lib.sd_bus_message_append(message, "sb", name, 1);
    if (result >= 0)
        result = lib.sd_bus_message_open_container(message, 'a', "(sv)");
    for (size_t i = 0; i < n && result >= 0; i++)
        result = lib.sd_bus_message_append(message, "(sv)", properties[i].name, "t", properties[i].value);
    if (result >= 0)
        result = lib.sd_bus_message_close_container(message);
    if (result < 0)
        return error_number(err, -result, "%s: write the message", what);
    return call(&connection, message, what, NULL, &ignored, err);
}
