/* SPDX-License-Identifier: Apache-2.0 */
/* The promises of namespace.h and confine.h, with real processes. What they find inside is sent back as text.
 */
#include "base/fd.h"
#include "confine.h"
#include "namespace.h"
#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct config config;

static void forget_config(void)
{
    memset(&config, 0, sizeof(config));
}

static void list(enum config_namespace_type type, const char *path)
{
    config.namespaces[type] = (struct config_namespace){.is_listed = true, .path = path};
}

/* What the container's process is to do, once inside and set up; what it prints is the result. */
typedef void (*inside_function)(FILE *out);

static _Noreturn void inside_main(const struct namespace_plan *plan, inside_function inside, int sock)
{
    struct error err = {0};
    FILE *out = fdopen(sock, "w");
    if (namespace_set_up(plan, &err) < 0)
        fprintf(out, "%s", err.text);
    else
        inside(out);
    fclose(out);
    _exit(0);
}

static _Noreturn void child_main(const struct namespace_plan *plan, inside_function inside, int sock)
{
    struct error err = {0};
    if (namespace_enter(plan, sock, &err) < 0) {
        dprintf(sock, "%s", err.text);
        _exit(1);
    }
    pid_t pid = namespace_needs_fork(plan) ? fork() : 0;
    if (pid == 0)
        inside_main(plan, inside, sock);
    waitpid(pid, NULL, 0);
    _exit(0);
}

/* Runs inside in the namespaces of the configuration, and gives back what it printed; free(3). */
static char *run_inside(inside_function inside)
{
    struct namespace_plan plan;
    struct error err = {0};
    int pair[2];
    char *text = NULL;
    size_t size;
    ck_assert_ok(namespace_plan_init(&plan, &config, &err), err);
    ck_assert_ok(namespace_plan_open(&plan, &err), err);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        child_main(&plan, inside, pair[1]);
    }
    close(pair[1]);
    ck_assert_ok(namespace_serve(&plan, pid, pair[0], &err), err);
    ck_assert_ok(fd_read_all(pair[0], 65536, &text, &size, "the child", &err), err);
    close(pair[0]);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    namespace_plan_release(&plan);
    return text;
}

static void expect(inside_function inside, const char *expected)
{
    char *text = run_inside(inside);
    ck_assert_str_eq(text, expected);
    free(text);
}

static void print_file(FILE *out, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        fprintf(out, "no %s\n", path);
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        fputs(line, out);
    if (file != NULL)
        fclose(file);
}

static const char *const files[CONFIG_NAMESPACE_COUNT] = {"pid", "net",  "mnt",    "ipc",
                                                          "uts", "user", "cgroup", "time"};
static struct stat at_start[CONFIG_NAMESPACE_COUNT]; /* of the test's namespaces */

static bool look_at(int type, struct stat *out)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/ns/%s", files[type]);
    return stat(path, out) == 0;
}

/* Which of its namespaces are not the test's. */
static void print_new_namespaces(FILE *out)
{
    for (int i = 0; i < CONFIG_NAMESPACE_COUNT; i++) {
        struct stat now;
        if (look_at(i, &now) && now.st_ino != at_start[i].st_ino)
            fprintf(out, "%s ", files[i]);
    }
}

START_TEST(nothing_listed_is_nothing_done)
{
    forget_config();
    expect(print_new_namespaces, "");
}
END_TEST

START_TEST(all_namespaces_are_made)
{
    forget_config();
    for (int type = 0; type < CONFIG_NAMESPACE_COUNT; type++)
        list(type, NULL);
    const struct config_id_mapping map = {.container_id = 0, .host_id = 100000, .size = 1000};
    config.uid_mappings = config.gid_mappings = (struct config_id_mappings){.items = &map, .n = 1};
    expect(print_new_namespaces, "pid net mnt ipc uts user cgroup time ");
}
END_TEST

static void print_identity(FILE *out)
{
    fprintf(out, "pid %d uid %d gid %d groups %d\n", getpid(), getuid(), getgid(), getgroups(0, NULL));
    print_file(out, "/proc/self/uid_map");
    print_file(out, "/proc/self/gid_map");
}

START_TEST(ids_are_mapped_as_told)
{
    forget_config();
    list(CONFIG_NAMESPACE_USER, NULL);
    list(CONFIG_NAMESPACE_PID, NULL);
    const struct config_id_mapping maps[] = {{0, 100000, 10}, {10, 200000, 5}};
    config.uid_mappings = (struct config_id_mappings){.items = maps, .n = 2};
    config.gid_mappings = (struct config_id_mappings){.items = maps, .n = 1};
    expect(print_identity, "pid 1 uid 0 gid 0 groups 0\n"
                           "         0     100000         10\n        10     200000          5\n"
                           "         0     100000         10\n");
}
END_TEST

static void print_uts_and_net(FILE *out)
{
    struct utsname uts;
    if (uname(&uts) < 0)
        _exit(1);
    fprintf(out, "%s %s ", uts.nodename, uts.domainname);
    print_file(out, "/proc/sys/net/ipv4/ip_forward");
    print_file(out, "/proc/sys/kernel/msgmax");
    fprintf(out, "%s\n", system("ip -o link show lo | grep -q ,UP") == 0 ? "lo up" : "lo down");
}

START_TEST(names_parameters_and_loopback_are_set)
{
    static const struct config_pair sysctls[] = {{"kernel.msgmax", "4711"}, {"net.ipv4.ip_forward", "1"}};
    forget_config();
    list(CONFIG_NAMESPACE_UTS, NULL);
    list(CONFIG_NAMESPACE_NETWORK, NULL);
    list(CONFIG_NAMESPACE_IPC, NULL);
    config.hostname = "box";
    config.domainname = "example.org";
    config.sysctl = (struct config_map){.pairs = sysctls, .n = 2};
    expect(print_uts_and_net, "box example.org 1\n4711\nlo up\n");
}
END_TEST

static void print_clock(FILE *out)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    fprintf(out, "%s", t.tv_sec > 1000000 ? "later" : "as outside");
}

START_TEST(clocks_are_moved)
{
    forget_config();
    list(CONFIG_NAMESPACE_TIME, NULL);
    config.monotonic = (struct config_time_offset){.is_set = true, .seconds = 1000000, .nanoseconds = 5};
    config.boottime = (struct config_time_offset){.is_set = true, .seconds = 1000000};
    expect(print_clock, "later");
}
END_TEST

static void mount_something(FILE *out)
{
    fprintf(out, "%d", mount("none", "/mnt", "tmpfs", 0, NULL));
}

START_TEST(mounts_inside_stay_inside)
{
    for (int propagation = CONFIG_PROPAGATION_UNSET; propagation <= CONFIG_PROPAGATION_SHARED;
         propagation++) {
        struct stat before, after;
        forget_config();
        list(CONFIG_NAMESPACE_MOUNT, NULL);
        config.rootfs_propagation = (enum config_propagation)propagation;
        ck_assert_int_eq(stat("/mnt", &before), 0);
        expect(mount_something, "0");
        ck_assert_int_eq(stat("/mnt", &after), 0);
        ck_assert(before.st_dev == after.st_dev);
    }
}
END_TEST

/* A process with namespaces of its own, to be joined. */
static pid_t start_owner(int flags, char path[CONFIG_NAMESPACE_COUNT][64])
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(flags) < 0 || sethostname("joined", 6) < 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    for (int i = 0; i < CONFIG_NAMESPACE_COUNT; i++)
        snprintf(path[i], 64, "/proc/%d/ns/%s", pid, files[i]);
    return pid;
}

START_TEST(namespaces_are_joined)
{
    char path[CONFIG_NAMESPACE_COUNT][64];
    pid_t owner = start_owner(CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWNS, path);
    forget_config();
    list(CONFIG_NAMESPACE_UTS, path[CONFIG_NAMESPACE_UTS]);
    list(CONFIG_NAMESPACE_NETWORK, path[CONFIG_NAMESPACE_NETWORK]);
    list(CONFIG_NAMESPACE_IPC, path[CONFIG_NAMESPACE_IPC]);
    list(CONFIG_NAMESPACE_MOUNT, path[CONFIG_NAMESPACE_MOUNT]);
    char *text = run_inside(print_uts_and_net);
    ck_assert_ptr_nonnull(strstr(text, "joined "));
    ck_assert_ptr_nonnull(strstr(text, "lo down"));
    free(text);
    expect(print_new_namespaces, "net mnt ipc uts ");
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
}
END_TEST

/* As an engine does it: the network is the host's to make, the user namespace is the container's. */
START_TEST(a_foreign_network_is_joined_with_a_new_user_namespace)
{
    char path[CONFIG_NAMESPACE_COUNT][64];
    pid_t owner = start_owner(CLONE_NEWUTS | CLONE_NEWNET, path);
    const struct config_id_mapping map = {.container_id = 0, .host_id = 100000, .size = 1000};
    forget_config();
    list(CONFIG_NAMESPACE_USER, NULL);
    list(CONFIG_NAMESPACE_PID, NULL);
    list(CONFIG_NAMESPACE_NETWORK, path[CONFIG_NAMESPACE_NETWORK]);
    config.uid_mappings = config.gid_mappings = (struct config_id_mappings){.items = &map, .n = 1};
    expect(print_new_namespaces, "pid net user ");
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
}
END_TEST

START_TEST(a_path_must_be_of_its_type)
{
    static const struct {
        const char *path, *message;
    } wrong[] = {
        {"/proc/self/ns/ipc",
         "linux.namespaces: network: '/proc/self/ns/ipc' is a namespace of another type"},
        {"/etc/passwd", "linux.namespaces: network: '/etc/passwd' is no namespace"},
    };
    struct namespace_plan plan;
    struct error err = {0};
    for (size_t i = 0; i < 2; i++) {
        forget_config();
        list(CONFIG_NAMESPACE_NETWORK, wrong[i].path);
        ck_assert_ok(namespace_plan_init(&plan, &config, &err), err);
        ck_assert_fails(namespace_plan_open(&plan, &err), err, ERROR_INPUT, wrong[i].message);
        namespace_plan_release(&plan);
    }
    forget_config();
    list(CONFIG_NAMESPACE_NETWORK, "/run/netns/not-there");
    ck_assert_ok(namespace_plan_init(&plan, &config, &err), err);
    ck_assert_fails(namespace_plan_open(&plan, &err), err, ERROR_SYSTEM, "No such file or directory");
}
END_TEST

START_TEST(the_host_is_not_changed)
{
    static const struct config_pair net = {"net.ipv4.ip_forward", "1"}, host = {"kernel.panic", "1"};
    struct namespace_plan plan;
    struct error err = {0};
    forget_config();
    list(CONFIG_NAMESPACE_UTS, "/proc/self/ns/uts");
    config.hostname = "box";
    ck_assert_ok(namespace_plan_init(&plan, &config, &err), err);
    ck_assert_fails(namespace_plan_open(&plan, &err), err, ERROR_REFUSED,
                    "hostname: the container has no uts");

    forget_config();
    config.sysctl = (struct config_map){.pairs = &net, .n = 1};
    ck_assert_ok(namespace_plan_init(&plan, &config, &err), err);
    ck_assert_fails(namespace_plan_open(&plan, &err), err, ERROR_REFUSED,
                    "linux.sysctl: 'net.ipv4.ip_forward': the container has no network namespace of its own");
    config.sysctl = (struct config_map){.pairs = &host, .n = 1};
    ck_assert_fails(namespace_plan_init(&plan, &config, &err), err, ERROR_REFUSED,
                    "linux.sysctl: 'kernel.panic' is a parameter of the whole host");
}
END_TEST

START_TEST(a_user_namespace_needs_a_root)
{
    const struct config_id_mapping map = {.container_id = 1, .host_id = 100000, .size = 1000};
    struct namespace_plan plan;
    struct error err = {0};
    forget_config();
    list(CONFIG_NAMESPACE_USER, NULL);
    config.uid_mappings = config.gid_mappings = (struct config_id_mappings){.items = &map, .n = 1};
    ck_assert_fails(namespace_plan_init(&plan, &config, &err), err, ERROR_REFUSED,
                    "linux.uidMappings: no mapping for id 0 of the container");
}
END_TEST

static const uint32_t groups[] = {7, 9};
static const struct config_rlimit limits[] = {{"RLIMIT_NOFILE", RLIMIT_NOFILE, 100, 200}};

static void confine_and_print(FILE *out)
{
    struct config_process process = {
        .user = {.uid = 1234,
                 .gid = 55,
                 .has_umask = true,
                 .umask = 027,
                 .additional_gids = groups,
                 .n_additional_gids = 2},
        .rlimits = limits,
        .n_rlimits = 1,
        .has_oom_score_adj = true,
        .oom_score_adj = 300,
    };
    struct error err = {0};
    struct rlimit limit;
    gid_t got[8];
    if (confine_oom_score(&process, &err) < 0 || confine_rlimits(&process, &err) < 0 ||
        confine_user(&process, &err) < 0 || confine_capabilities(&err) < 0) {
        fprintf(out, "%s", err.text);
        return;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    fprintf(out, "uid %d gid %d groups %d umask %o files %ju %ju no_new_privs %d\n", getuid(), getegid(),
            getgroups(8, got), umask(0), (uintmax_t)limit.rlim_cur, (uintmax_t)limit.rlim_max,
            prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "Cap", 3) == 0)
            fputs(line, out);
    }
    print_file(out, "/proc/self/oom_score_adj");
}

START_TEST(privileges_are_given_up)
{
    forget_config();
    expect(confine_and_print,
           "uid 1234 gid 55 groups 2 umask 27 files 100 200 no_new_privs 1\n"
           "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
           "CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\n300\n");
}
END_TEST

static void confine_in_a_small_map(FILE *out)
{
    struct config_process process = {.user = {.uid = 5, .gid = 5000}};
    struct error err = {0};
    fprintf(out, "%d %s", confine_user(&process, &err), err.text);
}

START_TEST(an_unmapped_id_is_an_error)
{
    const struct config_id_mapping map = {.container_id = 0, .host_id = 100000, .size = 1000};
    forget_config();
    list(CONFIG_NAMESPACE_USER, NULL);
    config.uid_mappings = config.gid_mappings = (struct config_id_mappings){.items = &map, .n = 1};
    expect(confine_in_a_small_map, "-1 process.user.gid: become group 5000: Invalid argument");
}
END_TEST

int main(void)
{
    if (geteuid() != 0) {
        printf("skipped: needs root\n");
        return 77;
    }
    for (int i = 0; i < CONFIG_NAMESPACE_COUNT; i++)
        look_at(i, &at_start[i]);
    Suite *suite = suite_create("namespace");
    TCase *t = unit_case(suite, "namespace");
    tcase_add_test(t, nothing_listed_is_nothing_done);
    tcase_add_test(t, all_namespaces_are_made);
    tcase_add_test(t, ids_are_mapped_as_told);
    tcase_add_test(t, names_parameters_and_loopback_are_set);
    tcase_add_test(t, clocks_are_moved);
    tcase_add_test(t, mounts_inside_stay_inside);
    tcase_add_test(t, namespaces_are_joined);
    tcase_add_test(t, a_foreign_network_is_joined_with_a_new_user_namespace);
    tcase_add_test(t, a_path_must_be_of_its_type);
    tcase_add_test(t, the_host_is_not_changed);
    tcase_add_test(t, a_user_namespace_needs_a_root);
    tcase_add_test(t, privileges_are_given_up);
    tcase_add_test(t, an_unmapped_id_is_an_error);
    return unit_run(suite);
}
