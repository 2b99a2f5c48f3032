/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's configuration (runtime-spec 1.3, config.json) as C structs: what wherry honours of it.
 *
 * The fields have the names and the order of the specification; those of its "linux" object stand in struct
 * config itself. A property that is not here is refused, ignored with a warning or without meaning for a
 * unikernel: oci-spec/support.h has the one table that says which. Unknown properties are skipped, as the
 * specification demands.
 *
 * Strings are UTF-8 without a NUL inside. A string that was not given is NULL, a list is empty, a number is 0
 * with its has_ flag unset. JSON's null means "not given", everywhere.
 *
 * Everything belongs to the struct config that config_parse() returned, lives until config_free() and is
 * never changed in between.
 */
#ifndef OCI_SPEC_CONFIG_H
#define OCI_SPEC_CONFIG_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Larger documents are ERROR_INPUT. Engines write a few kilobytes, Kubernetes up to some hundred. */
#define CONFIG_SIZE_MAX (16u << 20)

/* items[n] is NULL, as execve(2) wants it; items itself is never NULL. */
struct config_strings {
    const char *const *items;
    size_t n;
};

/* A map from string to string, in strcmp(3) order of the keys; no key is there twice. */
struct config_pair {
    const char *key;
    const char *value;
};

struct config_map {
    const struct config_pair *pairs;
    size_t n;
};

/* The value of key, or NULL. */
const char *config_map_find(const struct config_map *map, const char *key);

/* --- root, mounts --- */

struct config_root {
    const char *path; /* as given: absolute, or relative to the bundle; never empty */
    bool readonly;
};

struct config_mount {
    const char *destination; /* absolute: a relative one got "/" in front (runtime-spec 1.2) */
    const char *type;        /* NULL: not given */
    const char *source;      /* NULL: not given. Relative paths are relative to the bundle */
    struct config_strings options;
    bool is_bind;     /* type "bind", or an option "bind" or "rbind" */
    bool is_readonly; /* of "ro", "rro", "rw" and "rrw" the last one wins */
};

/* --- process --- */

struct config_user {
    uint32_t uid;
    uint32_t gid;
    bool has_umask;
    uint32_t umask; /* at most 0777 */
    const uint32_t *additional_gids;
    size_t n_additional_gids;
};

struct config_rlimit {
    const char *name; /* "RLIMIT_NOFILE" */
    int resource;     /* RLIMIT_NOFILE of setrlimit(2) */
    uint64_t soft;    /* at most hard; UINT64_MAX: no limit */
    uint64_t hard;
};

struct config_process {
    bool terminal;
    bool has_console_size;
    uint16_t console_height; /* rows */
    uint16_t console_width;  /* columns */
    struct config_user user;
    struct config_strings args; /* at least one, unless there is a vm section */
    struct config_strings env;  /* NAME=VALUE each */
    const char *cwd;            /* absolute */
    const struct config_rlimit *rlimits;
    size_t n_rlimits;
    bool has_oom_score_adj;
    int32_t oom_score_adj; /* -1000 to 1000 */
};

/* --- hooks --- */

/* In the order in which they run (config.md, "POSIX-platform Hooks"). */
enum config_hook_kind {
    CONFIG_HOOK_PRESTART,
    CONFIG_HOOK_CREATE_RUNTIME,
    CONFIG_HOOK_CREATE_CONTAINER,
    CONFIG_HOOK_START_CONTAINER,
    CONFIG_HOOK_POSTSTART,
    CONFIG_HOOK_POSTSTOP,
    CONFIG_HOOK_COUNT
};

/* The name in config.json, such as "createRuntime". */
const char *config_hook_name(enum config_hook_kind kind);

struct config_hook {
    const char *path;           /* absolute */
    struct config_strings args; /* with argv[0]; empty: argv is the path alone */
    struct config_strings env;
    uint32_t timeout_s; /* 0: no limit */
};

struct config_hooks {
    const struct config_hook *items;
    size_t n;
};

/* --- linux: namespaces, ids, clocks, propagation --- */

enum config_namespace_type {
    CONFIG_NAMESPACE_PID,
    CONFIG_NAMESPACE_NETWORK,
    CONFIG_NAMESPACE_MOUNT,
    CONFIG_NAMESPACE_IPC,
    CONFIG_NAMESPACE_UTS,
    CONFIG_NAMESPACE_USER,
    CONFIG_NAMESPACE_CGROUP,
    CONFIG_NAMESPACE_TIME,
    CONFIG_NAMESPACE_COUNT
};

/* The name in config.json, such as "network". */
const char *config_namespace_name(enum config_namespace_type type);

struct config_namespace {
    bool is_listed;   /* otherwise the container stays in the runtime's own */
    const char *path; /* absolute, the one to join; NULL: make one */
};

struct config_id_mapping {
    uint32_t container_id;
    uint32_t host_id;
    uint32_t size; /* at least 1; neither range wraps around */
};

struct config_id_mappings {
    const struct config_id_mapping *items;
    size_t n;
};

/* A clock of a time namespace (time_namespaces(7)). */
struct config_time_offset {
    bool is_set;
    int64_t seconds;
    uint32_t nanoseconds; /* below 1,000,000,000 */
};

/* linux.rootfsPropagation: mount propagation types (mount_namespaces(7)). */
enum config_propagation {
    CONFIG_PROPAGATION_UNSET,
    CONFIG_PROPAGATION_PRIVATE,
    CONFIG_PROPAGATION_SLAVE,
    CONFIG_PROPAGATION_SHARED,
    CONFIG_PROPAGATION_UNBINDABLE
};

/* --- linux.resources --- */

struct config_device_rule {
    bool allow;
    char type; /* 'a' (all), 'b' or 'c' */
    bool has_major, has_minor;
    int64_t major; /* not given, or -1: any */
    int64_t minor;
    const char *access; /* a non-empty set of the letters r, w and m */
};

/* Bytes; -1: no limit. */
struct config_memory {
    bool has_limit, has_reservation, has_swap, has_swappiness;
    int64_t limit;
    int64_t reservation;
    int64_t swap;        /* memory and swap together */
    uint64_t swappiness; /* 0 to 100 */
    bool has_disable_oom_killer, disable_oom_killer;
    bool check_before_update; /* refuse a limit below the present usage */
};

/* Times in microseconds. */
struct config_cpu {
    bool has_shares, has_quota, has_burst, has_period, has_realtime_runtime, has_realtime_period, has_idle;
    uint64_t shares;
    int64_t quota; /* -1: no limit */
    uint64_t burst;
    uint64_t period;
    int64_t realtime_runtime;
    uint64_t realtime_period;
    int64_t idle;     /* 0 or 1 */
    const char *cpus; /* a list such as "0-3,7" */
    const char *mems;
};

struct config_pids {
    bool has_limit;
    int64_t limit; /* -1: no limit */
};

struct config_weight_device {
    int64_t major, minor;
    bool has_weight, has_leaf_weight;
    uint16_t weight;
    uint16_t leaf_weight;
};

struct config_throttle_device {
    int64_t major, minor;
    uint64_t rate; /* bytes or operations a second */
};

struct config_throttle {
    const struct config_throttle_device *items;
    size_t n;
};

struct config_block_io {
    bool has_weight, has_leaf_weight;
    uint16_t weight;
    uint16_t leaf_weight;
    const struct config_weight_device *weight_devices;
    size_t n_weight_devices;
    struct config_throttle read_bps, write_bps, read_iops, write_iops;
};

struct config_hugepage_limit {
    const char *page_size; /* "2MB", as in the cgroup's file names */
    uint64_t limit;        /* bytes */
};

struct config_interface_priority {
    const char *name;
    uint32_t priority;
};

struct config_network {
    bool has_class_id;
    uint32_t class_id;
    const struct config_interface_priority *priorities;
    size_t n_priorities;
};

struct config_rdma {
    const char *device;
    bool has_hca_handles, has_hca_objects;
    uint32_t hca_handles;
    uint32_t hca_objects;
};

/* A struct of zeroes asks for nothing. */
struct config_resources {
    const struct config_device_rule *devices;
    size_t n_devices;
    struct config_memory memory;
    struct config_cpu cpu;
    struct config_pids pids;
    struct config_block_io block_io;
    const struct config_hugepage_limit *hugepage_limits;
    size_t n_hugepage_limits;
    struct config_network network;
    const struct config_rdma *rdma; /* by rising device name */
    size_t n_rdma;
    struct config_map unified; /* file name of cgroup v2 to its new content; no key has a "/" */
};

/* --- vm (config-vm.md) --- */

/* All paths are of the host and absolute. */
struct config_vm {
    const char *kernel_path;                 /* the unikernel; takes the place of process.args[0] */
    struct config_strings kernel_parameters; /* takes the place of process.args[1..] */
    const char *image_path; /* a raw block image for the guest; NULL: the root file system's image */
    bool has_memory;
    uint64_t memory; /* bytes of guest memory */
};

/* --- the whole --- */

struct config {
    const char *oci_version;        /* 1.x */
    struct config_process *process; /* NULL: not given; the container can be created but not started */
    struct config_root root;
    const char *hostname; /* these two only together with a uts namespace */
    const char *domainname;
    const struct config_mount *mounts; /* in the order in which they are to be mounted */
    size_t n_mounts;
    struct config_hooks hooks[CONFIG_HOOK_COUNT];
    struct config_map annotations;

    /* linux.* */
    struct config_namespace namespaces[CONFIG_NAMESPACE_COUNT];
    struct config_id_mappings uid_mappings; /* these two only together with a user namespace */
    struct config_id_mappings gid_mappings;
    struct config_time_offset monotonic; /* these two only together with a new time namespace */
    struct config_time_offset boottime;
    const char *cgroups_path; /* as given; its meaning depends on the cgroup driver */
    struct config_resources resources;
    struct config_map sysctl; /* keys with dots, such as "net.ipv4.ip_forward" */
    enum config_propagation rootfs_propagation;

    struct config_vm *vm; /* NULL: not given */

    /* One sentence for each property that was given and is ignored; worth a line in the log. */
    struct config_strings warnings;

    /* What is asked for and cannot be honoured, in one sentence, or NULL: see config_check_supported(). */
    const char *refusal;
};

/*
 * Parses config.json and checks it against the rules of the specification. A document that is no JSON or
 * breaks a rule is ERROR_INPUT; one of another version than 1.x, or for another platform, is ERROR_REFUSED.
 * Messages name the property: "linux.resources.memory.limit: ...". json needs no NUL at its end and is not
 * kept. Whether wherry can honour the document is config_check_supported()'s to say.
 */
int config_parse(const char *json, size_t size, struct config **out_config, struct error *err);

/*
 * ERROR_REFUSED, naming the property, if the document asks for what wherry cannot do. To be called once it is
 * known that the container is wherry's: another runtime may well be able to.
 */
int config_check_supported(const struct config *config, struct error *err);

/* Parses a process object alone (exec --process), and checks that it is supported. Of *out_config only
 * process and warnings are set. */
int config_parse_process(const char *json, size_t size, struct config **out_config, struct error *err);

/* Parses a linux.resources object alone (update --resources), and checks that it is supported. Of *out_config
 * only resources and warnings are set. */
int config_parse_resources(const char *json, size_t size, struct config **out_config, struct error *err);

/* process.env; no strings if there is no process, as may be with a vm section. */
const struct config_strings *config_env(const struct config *config);

/* Accepts NULL. */
void config_free(struct config *config);

/* For _cleanup_(config_freep). */
static inline void config_freep(struct config **config)
{
    config_free(*config);
}

#endif
