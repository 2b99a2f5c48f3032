/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of config.h: what is read of each section, and what each rule of the specification refuses. */
#include "oci-spec/config.h"

#include "base/cleanup.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* A whole document around some members. */
#define DOCUMENT(MEMBERS)  "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"}" MEMBERS "}"
#define PROCESS(MEMBERS)   DOCUMENT(",\"process\":{\"cwd\":\"/\",\"args\":[\"/app.hvt\"]" MEMBERS "}")
#define LINUX(MEMBERS)     DOCUMENT(",\"linux\":{" MEMBERS "}")
#define RESOURCES(MEMBERS) LINUX("\"resources\":{" MEMBERS "}")
#define VM(MEMBERS)        DOCUMENT(",\"vm\":{\"kernel\":{\"path\":\"/k\"}" MEMBERS "}")

static struct config *config;

static void release(void)
{
    config_free(config);
    config = NULL;
}

static void parse(const char *text)
{
    struct error err = {0};
    ck_assert_ok(config_parse(text, strlen(text), &config, &err), err);
}

static void check_strings(const struct config_strings *strings, const char *expected)
{
    char joined[1024] = "";
    for (size_t i = 0; i < strings->n; i++)
        snprintf(joined + strlen(joined), sizeof(joined) - strlen(joined), "%s;", strings->items[i]);
    ck_assert_str_eq(joined, expected);
    ck_assert_ptr_null(strings->items[strings->n]);
}

/* --- what is read --- */

START_TEST(the_smallest_document_has_defaults)
{
    parse(DOCUMENT(""));
    ck_assert_str_eq(config->oci_version, "1.3.0");
    ck_assert_str_eq(config->root.path, "rootfs");
    ck_assert(!config->root.readonly);
    ck_assert_ptr_null(config->process);
    ck_assert_ptr_null(config->vm);
    ck_assert_ptr_null(config->hostname);
    ck_assert_uint_eq(config->n_mounts, 0);
    ck_assert_uint_eq(config->hooks[CONFIG_HOOK_POSTSTOP].n, 0);
    ck_assert_uint_eq(config->warnings.n, 0);
    ck_assert(!config->namespaces[CONFIG_NAMESPACE_PID].is_listed);
    ck_assert_ptr_null(config_map_find(&config->annotations, "x"));
}
END_TEST

static const char *const versions[] = {"1.0.0", "1.0.2-dev", "1.2.1", "1.3.0", "1.99.7", "1.0.0-rc5+build.7"};

START_TEST(any_version_1_is_accepted)
{
    char text[256];
    snprintf(text, sizeof(text), "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"/\"}}", versions[_i]);
    parse(text);
    ck_assert_str_eq(config->oci_version, versions[_i]);
}
END_TEST

START_TEST(the_process_is_read)
{
    parse(PROCESS(
        ",\"terminal\":true,\"consoleSize\":{\"height\":33,\"width\":77},\"env\":[\"A=b\",\"C=\"],"
        "\"user\":{\"uid\":7,\"gid\":8,\"umask\":18,\"additionalGids\":[5,4294967295]},"
        "\"oomScoreAdj\":-999,\"noNewPrivileges\":true,\"capabilities\":{\"bounding\":[\"CAP_KILL\"]},"
        "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1024,\"hard\":18446744073709551615}]"));
    const struct config_process *process = config->process;
    ck_assert(process->terminal && process->has_console_size);
    ck_assert_uint_eq(process->console_height, 33);
    ck_assert_uint_eq(process->console_width, 77);
    check_strings(&process->args, "/app.hvt;");
    check_strings(&process->env, "A=b;C=;");
    ck_assert_str_eq(process->cwd, "/");
    ck_assert_uint_eq(process->user.uid, 7);
    ck_assert_uint_eq(process->user.gid, 8);
    ck_assert(process->user.has_umask);
    ck_assert_uint_eq(process->user.umask, 022);
    ck_assert_uint_eq(process->user.n_additional_gids, 2);
    ck_assert_uint_eq(process->user.additional_gids[1], UINT32_MAX);
    ck_assert(process->has_oom_score_adj);
    ck_assert_int_eq(process->oom_score_adj, -999);
    ck_assert_uint_eq(process->n_rlimits, 1);
    ck_assert_int_eq(process->rlimits[0].resource, RLIMIT_NOFILE);
    ck_assert_uint_eq(process->rlimits[0].soft, 1024);
    ck_assert(process->rlimits[0].hard == UINT64_MAX);
    ck_assert_uint_eq(config->warnings.n, 0);
}
END_TEST

START_TEST(a_process_without_lists_can_be_executed)
{
    parse(PROCESS(",\"consoleSize\":{\"height\":0,\"width\":0}"));
    check_strings(&config->process->env, "");
    ck_assert(!config->process->has_console_size);
    ck_assert(!config->process->user.has_umask);
    ck_assert(!config->process->has_oom_score_adj);
}
END_TEST

START_TEST(mounts_are_read_in_order)
{
    parse(DOCUMENT(
        ",\"mounts\":["
        "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
        "{\"destination\":\"data\",\"source\":\"/vol\",\"options\":[\"rbind\",\"rw\",\"ro\",\"size=1\"]},"
        "{\"destination\":\"/b\",\"type\":\"bind\",\"source\":\"b\",\"options\":[\"rro\",\"rw\"]}]"));
    ck_assert_uint_eq(config->n_mounts, 3);
    ck_assert_str_eq(config->mounts[0].destination, "/proc");
    ck_assert(!config->mounts[0].is_bind);
    ck_assert_str_eq(config->mounts[1].destination, "/data");
    ck_assert_str_eq(config->mounts[1].source, "/vol");
    ck_assert_ptr_null(config->mounts[1].type);
    ck_assert(config->mounts[1].is_bind && config->mounts[1].is_readonly);
    check_strings(&config->mounts[1].options, "rbind;rw;ro;size=1;");
    ck_assert(config->mounts[2].is_bind && !config->mounts[2].is_readonly);
}
END_TEST

START_TEST(hooks_of_all_kinds_are_read)
{
    parse(
        DOCUMENT(",\"hooks\":{\"prestart\":[{\"path\":\"/p\"}],\"createRuntime\":[{\"path\":\"/cr\"}],"
                 "\"createContainer\":[{\"path\":\"/cc\"}],\"startContainer\":[{\"path\":\"/sc\"}],"
                 "\"poststart\":[{\"path\":\"/ps\",\"args\":[\"ps\",\"-x\"],\"env\":[\"K=V\"],\"timeout\":5},"
                 "{\"path\":\"/ps2\"}],\"poststop\":[{\"path\":\"/pp\"}]}"));
    static const char *const paths[] = {"/p", "/cr", "/cc", "/sc", "/ps", "/pp"};
    static const char *const names[] = {"prestart",       "createRuntime", "createContainer",
                                        "startContainer", "poststart",     "poststop"};
    for (int kind = 0; kind < CONFIG_HOOK_COUNT; kind++) {
        ck_assert_str_eq(config->hooks[kind].items[0].path, paths[kind]);
        ck_assert_str_eq(config_hook_name((enum config_hook_kind)kind), names[kind]);
    }
    const struct config_hooks *poststart = &config->hooks[CONFIG_HOOK_POSTSTART];
    ck_assert_uint_eq(poststart->n, 2);
    check_strings(&poststart->items[0].args, "ps;-x;");
    check_strings(&poststart->items[0].env, "K=V;");
    ck_assert_uint_eq(poststart->items[0].timeout_s, 5);
    ck_assert_uint_eq(poststart->items[1].timeout_s, 0);
    check_strings(&poststart->items[1].args, "");
}
END_TEST

START_TEST(the_linux_section_is_read)
{
    parse(DOCUMENT(",\"hostname\":\"h\",\"domainname\":\"d\",\"linux\":{\"namespaces\":[{\"type\":\"pid\"},"
                   "{\"type\":\"network\",\"path\":\"/run/netns/"
                   "x\"},{\"type\":\"uts\",\"path\":\"\"},{\"type\":\"user\"},"
                   "{\"type\":\"time\"}],"
                   "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1}],"
                   "\"gidMappings\":[{\"containerID\":0,\"hostID\":4294901760,\"size\":65535}],"
                   "\"timeOffsets\":{\"monotonic\":{\"secs\":-5,\"nanosecs\":999999999}},"
                   "\"cgroupsPath\":\"/a/b\",\"sysctl\":{\"net.b\":\"1\",\"net.a\":\"0 0\"},"
                   "\"rootfsPropagation\":\"rslave\",\"maskedPaths\":[\"/proc/kcore\"],"
                   "\"personality\":{\"domain\":\"LINUX\"}}"));
    ck_assert(config->namespaces[CONFIG_NAMESPACE_PID].is_listed);
    ck_assert_ptr_null(config->namespaces[CONFIG_NAMESPACE_PID].path);
    ck_assert_str_eq(config->namespaces[CONFIG_NAMESPACE_NETWORK].path, "/run/netns/x");
    ck_assert_ptr_null(config->namespaces[CONFIG_NAMESPACE_UTS].path);
    ck_assert(!config->namespaces[CONFIG_NAMESPACE_IPC].is_listed);
    ck_assert_uint_eq(config->uid_mappings.items[0].host_id, 1000);
    ck_assert_uint_eq(config->gid_mappings.items[0].size, 65535);
    ck_assert(config->monotonic.is_set && !config->boottime.is_set);
    ck_assert_int_eq(config->monotonic.seconds, -5);
    ck_assert_uint_eq(config->monotonic.nanoseconds, 999999999);
    ck_assert_str_eq(config->cgroups_path, "/a/b");
    ck_assert_str_eq(config->sysctl.pairs[0].key, "net.a");
    ck_assert_str_eq(config_map_find(&config->sysctl, "net.b"), "1");
    ck_assert_int_eq(config->rootfs_propagation, CONFIG_PROPAGATION_SLAVE);
    ck_assert_uint_eq(config->warnings.n, 0);
}
END_TEST

static const char resources[] =
    "\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
    "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":-1,\"access\":\"rw\"}],"
    "\"memory\":{\"limit\":67108864,\"reservation\":-1,\"swap\":9223372036854775807,\"swappiness\":0,"
    "\"disableOOMKiller\":false,\"checkBeforeUpdate\":true},"
    "\"cpu\":{\"shares\":2,\"quota\":-1,\"period\":100000,\"burst\":1,\"realtimeRuntime\":3,"
    "\"realtimePeriod\":4,\"idle\":1,\"cpus\":\"0-1\",\"mems\":\"0\"},"
    "\"pids\":{\"limit\":2048},"
    "\"blockIO\":{\"weight\":10,\"leafWeight\":11,\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":5}],"
    "\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":1,\"rate\":600}],"
    "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":2,\"rate\":7}]},"
    "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}],"
    "\"network\":{\"classID\":1048577,\"priorities\":[{\"name\":\"eth0\",\"priority\":500}]},"
    "\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3},\"a\":{\"hcaObjects\":9}},"
    "\"unified\":{\"memory.high\":\"1\"}";

static void check_resources(const struct config_resources *r)
{
    ck_assert_uint_eq(r->n_devices, 2);
    ck_assert(!r->devices[0].allow && r->devices[0].type == 'a' && !r->devices[0].has_major);
    ck_assert(r->devices[1].allow && r->devices[1].type == 'c' && r->devices[1].has_minor);
    ck_assert_int_eq(r->devices[1].major, 10);
    ck_assert_int_eq(r->devices[1].minor, -1);
    ck_assert_str_eq(r->devices[1].access, "rw");
    ck_assert(r->memory.has_limit && r->memory.limit == 67108864);
    ck_assert(r->memory.has_reservation && r->memory.reservation == -1);
    ck_assert(r->memory.has_swap && r->memory.swap == INT64_MAX);
    ck_assert(r->memory.has_swappiness && r->memory.swappiness == 0);
    ck_assert(r->memory.has_disable_oom_killer && !r->memory.disable_oom_killer);
    ck_assert(r->memory.check_before_update);
    ck_assert(r->cpu.has_shares && r->cpu.shares == 2 && r->cpu.has_quota && r->cpu.quota == -1);
    ck_assert(r->cpu.has_period && r->cpu.period == 100000 && r->cpu.has_burst && r->cpu.burst == 1);
    ck_assert(r->cpu.has_realtime_runtime && r->cpu.realtime_runtime == 3);
    ck_assert(r->cpu.has_realtime_period && r->cpu.realtime_period == 4);
    ck_assert(r->cpu.has_idle && r->cpu.idle == 1);
    ck_assert_str_eq(r->cpu.cpus, "0-1");
    ck_assert_str_eq(r->cpu.mems, "0");
    ck_assert(r->pids.has_limit && r->pids.limit == 2048);
    ck_assert(r->block_io.has_weight && r->block_io.weight == 10 && r->block_io.leaf_weight == 11);
    ck_assert(r->block_io.weight_devices[0].has_weight && !r->block_io.weight_devices[0].has_leaf_weight);
    ck_assert_uint_eq(r->block_io.read_bps.items[0].rate, 600);
    ck_assert_uint_eq(r->block_io.write_bps.n, 0);
    ck_assert_int_eq(r->block_io.write_iops.items[0].minor, 2);
    ck_assert_str_eq(r->hugepage_limits[0].page_size, "2MB");
    ck_assert_uint_eq(r->hugepage_limits[0].limit, 4194304);
    ck_assert(r->network.has_class_id && r->network.class_id == 1048577);
    ck_assert_str_eq(r->network.priorities[0].name, "eth0");
    ck_assert_uint_eq(r->n_rdma, 2);
    ck_assert_str_eq(r->rdma[0].device, "a");
    ck_assert(r->rdma[1].has_hca_handles && r->rdma[1].hca_handles == 3 && !r->rdma[1].has_hca_objects);
    ck_assert_str_eq(config_map_find(&r->unified, "memory.high"), "1");
}

START_TEST(resources_are_read)
{
    char text[4096];
    snprintf(text, sizeof(text), RESOURCES("%s"), resources);
    parse(text);
    check_resources(&config->resources);
}
END_TEST

START_TEST(a_resources_document_is_read)
{
    struct error err = {0};
    char text[4096];
    snprintf(text, sizeof(text), "{%s}", resources);
    ck_assert_ok(config_parse_resources(text, strlen(text), &config, &err), err);
    check_resources(&config->resources);
    ck_assert_ptr_null(config->process);
}
END_TEST

START_TEST(a_process_document_is_read)
{
    struct error err = {0};
    static const char text[] = "{\"cwd\":\"/\",\"args\":[\"sh\"],\"selinuxLabel\":\"x\"}";
    ck_assert_ok(config_parse_process(text, strlen(text), &config, &err), err);
    check_strings(&config->process->args, "sh;");
    ck_assert_uint_eq(config->warnings.n, 1);
    ck_assert_ptr_nonnull(strstr(config->warnings.items[0], "process.selinuxLabel is ignored: "));
}
END_TEST

START_TEST(the_vm_section_is_read)
{
    parse(DOCUMENT(",\"process\":{\"cwd\":\"/\"},\"vm\":{\"hypervisor\":{\"path\":\"/usr/bin/qemu\"},"
                   "\"kernel\":{\"path\":\"/k.hvt\",\"parameters\":[\"a\",\"b c\"]},"
                   "\"image\":{\"path\":\"/disk\",\"format\":\"raw\"},"
                   "\"hwConfig\":{\"vcpus\":1,\"memory\":33554432}}"));
    ck_assert_str_eq(config->vm->kernel_path, "/k.hvt");
    check_strings(&config->vm->kernel_parameters, "a;b c;");
    ck_assert_str_eq(config->vm->image_path, "/disk");
    ck_assert(config->vm->has_memory && config->vm->memory == 33554432);
    ck_assert_uint_eq(config->warnings.n, 1);
    ck_assert_str_eq(config->warnings.items[0], "vm.hypervisor.path is ignored: wherry is the hypervisor");
}
END_TEST

/* --- what is skipped --- */

START_TEST(unknown_properties_are_skipped_in_every_section)
{
    parse(
        "{\"ociVersion\":\"1.9.0\",\"x\":{\"y\":[1]},\"root\":{\"path\":\"r\",\"x\":1},"
        "\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"x\":{},\"user\":{\"x\":\"\"},"
        "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1,\"x\":0}]},"
        "\"mounts\":[{\"destination\":\"/d\",\"x\":null}],\"hooks\":{\"x\":[],\"poststop\":[{\"path\":\"/h\","
        "\"x\":1}]},\"linux\":{\"x\":1,\"namespaces\":[{\"type\":\"pid\",\"x\":1}],"
        "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"x\":1},"
        "\"resources\":{\"x\":1,\"memory\":{\"x\":\"\"},\"rdma\":{\"m\":{\"x\":1}}}},"
        "\"vm\":{\"x\":1,\"kernel\":{\"path\":\"/k\",\"x\":1},\"hwConfig\":{\"x\":1}}}");
    ck_assert_uint_eq(config->warnings.n, 1);
}
END_TEST

START_TEST(a_name_that_looks_like_a_path_is_unknown)
{
    parse(DOCUMENT(",\"linux.namespaces\":[],\"linux.resources.memory\":{\"limit\":1},\"mounts[].type\":1,"
                   "\"linux\":{\"resources.rdma.*\":{},\"resources\":{\"rdma.*\":1}}"));
    ck_assert(!config->resources.memory.has_limit);
}
END_TEST

START_TEST(null_is_the_same_as_nothing)
{
    parse(DOCUMENT(",\"process\":null,\"mounts\":null,\"hooks\":null,\"annotations\":null,\"vm\":null,"
                   "\"linux\":{\"resources\":null,\"intelRdt\":null,\"seccomp\":null,\"cgroupsPath\":null}"));
    ck_assert_ptr_null(config->process);
    ck_assert_ptr_null(config->cgroups_path);
    ck_assert_uint_eq(config->warnings.n, 0);
}
END_TEST

START_TEST(an_empty_value_asks_for_nothing)
{
    parse(
        DOCUMENT(",\"process\":{\"cwd\":\"/\",\"args\":[\"a\"],\"apparmorProfile\":\"\",\"commandLine\":\"\","
                 "\"scheduler\":{}},\"linux\":{\"netDevices\":{},\"devices\":[],\"intelRdt\":{}}"));
    ck_assert_uint_eq(config->warnings.n, 0);
}
END_TEST

static const struct {
    const char *text;
    const char *property;
} ignored[] = {
    {PROCESS(",\"apparmorProfile\":\"docker-default\""), "process.apparmorProfile is ignored: "},
    {PROCESS(",\"selinuxLabel\":\"x:y\""), "process.selinuxLabel is ignored: "},
    {LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
           "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}"),
     "linux.seccomp is ignored: "},
    {LINUX("\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229}]"),
     "linux.devices is ignored: "},
    {LINUX("\"mountLabel\":\"x\""), "linux.mountLabel is ignored: "},
    {RESOURCES("\"memory\":{\"kernel\":1}"), "linux.resources.memory.kernel is ignored: "},
    {RESOURCES("\"memory\":{\"kernelTCP\":1}"), "linux.resources.memory.kernelTCP is ignored: "},
    {RESOURCES("\"memory\":{\"useHierarchy\":true}"), "linux.resources.memory.useHierarchy is ignored: "},
};

START_TEST(an_ignored_property_gives_one_warning)
{
    parse(ignored[_i].text);
    ck_assert_uint_eq(config->warnings.n, 1);
    ck_assert_msg(strncmp(config->warnings.items[0], ignored[_i].property, strlen(ignored[_i].property)) == 0,
                  "%s", config->warnings.items[0]);
}
END_TEST

/* --- what is refused --- */

static const struct {
    const char *text;
    const char *message;
} refused[] = {
    {PROCESS(",\"commandLine\":\"x\""), "process.commandLine: not supported: "},
    {PROCESS(",\"user\":{\"username\":\"x\"}"), "process.user.username: not supported: "},
    {PROCESS(",\"scheduler\":{\"policy\":\"SCHED_FIFO\"}"), "process.scheduler: not supported: "},
    {PROCESS(",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":1}"),
     "process.ioPriority: not supported: "},
    {PROCESS(",\"execCPUAffinity\":{\"initial\":\"0\"}"), "process.execCPUAffinity: not supported: "},
    {DOCUMENT(",\"mounts\":[{\"destination\":\"/a\"},{\"destination\":\"/b\",\"uidMappings\":[{}]}]"),
     "mounts[1].uidMappings: not supported: "},
    {DOCUMENT(",\"mounts\":[{\"destination\":\"/a\",\"options\":[\"ro\",\"idmap\"]}]"),
     "mounts[0]: option 'idmap' is not supported"},
    {LINUX("\"intelRdt\":{\"closID\":\"x\"}"), "linux.intelRdt: not supported: "},
    {LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}"), "linux.memoryPolicy: not supported: "},
    {LINUX("\"netDevices\":{\"eth0\":{}}"), "linux.netDevices: not supported: "},
    {LINUX("\"personality\":{\"domain\":\"LINUX32\"}"),
     "linux.personality: domain 'LINUX32' is not supported"},
    {LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}"),
     "linux.seccomp: SCMP_ACT_NOTIFY is not supported"},
    {LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"action\":\"SCMP_ACT_NOTIFY\"}]"
           "}"),
     "linux.seccomp.syscalls[0]: SCMP_ACT_NOTIFY is not supported"},
    {LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/s\"}"),
     "linux.seccomp.listenerPath: not supported: "},
    {RESOURCES("\"devices\":[{\"allow\":true,\"access\":\"rx\"}]"),
     "linux.resources.devices[0]: access 'rx' has letters other than r, w and m"},
    {VM(",\"hypervisor\":{\"path\":\"/q\",\"parameters\":[\"-x\"]}"),
     "vm.hypervisor.parameters: not supported: "},
    {VM(",\"image\":{\"path\":\"/i\",\"format\":\"qcow2\"}"),
     "vm.image.format: 'qcow2' is not supported, only 'raw'"},
    {VM(",\"hwConfig\":{\"vcpus\":2}"), "vm.hwConfig.vcpus: 2 is not supported: a unikernel has 1"},
    {VM(",\"hwConfig\":{\"irqs\":[1]}"), "vm.hwConfig.irqs: not supported: "},
    {VM(",\"hwconfig\":{\"memory\":1}"),
     "vm.hwconfig: not supported: the name in the specification is hwConfig"},
    {DOCUMENT(",\"vm\":{\"kernel\":{\"path\":\"/k\",\"initrd\":\"/i\"}}"),
     "vm.kernel.initrd: not supported: "},
};

/* The container may be another runtime's, so parsing alone does not refuse. */
START_TEST(what_cannot_be_honoured_is_refused_by_name)
{
    struct error err = {0};
    parse(refused[_i].text);
    ck_assert_fails(config_check_supported(config, &err), err, ERROR_REFUSED, refused[_i].message);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} foreign[] = {
    {"{\"ociVersion\":\"2.0.0\"}", "ociVersion: '2.0.0' is not supported, only 1.x"},
    {"{\"ociVersion\":\"0.9.0\"}", "ociVersion: '0.9.0' is not supported"},
    {"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"freebsd\":{}}",
     "freebsd: a container for this platform"},
    {"{\"ociVersion\":\"1.3.0\",\"windows\":{}}", "windows: a container for this platform"},
};

START_TEST(what_is_for_nobody_here_is_refused_at_once)
{
    struct error err = {0};
    ck_assert_fails(config_parse(foreign[_i].text, strlen(foreign[_i].text), &config, &err), err,
                    ERROR_REFUSED, foreign[_i].message);
    ck_assert_ptr_null(config);
}
END_TEST

START_TEST(the_first_refusal_counts_and_the_rest_is_still_checked)
{
    struct error err = {0};
    static const char two[] = LINUX("\"intelRdt\":{\"closID\":\"x\"},\"netDevices\":{\"e\":{}}");
    static const char wrong_too[] = LINUX("\"intelRdt\":{\"closID\":\"x\"},\"sysctl\":1");
    parse(two);
    ck_assert_fails(config_check_supported(config, &err), err, ERROR_REFUSED,
                    "linux.intelRdt: not supported");
    release();
    ck_assert_fails(config_parse(wrong_too, strlen(wrong_too), &config, &err), err, ERROR_INPUT,
                    "linux.sysctl: must be an object, not a number");
}
END_TEST

START_TEST(a_document_of_its_own_is_refused_at_once)
{
    struct error err = {0};
    static const char text[] = "{\"cwd\":\"/\",\"scheduler\":{\"policy\":\"SCHED_RR\"}}";
    ck_assert_fails(config_parse_process(text, strlen(text), &config, &err), err, ERROR_REFUSED,
                    "process.scheduler: not supported");
    ck_assert_ptr_null(config);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} wrong[] = {
    {"[]", "the document must be an object, not an array"},
    {"{}", "ociVersion is missing"},
    {"{\"ociVersion\":1}", "ociVersion: must be a string, not a number"},
    {"{\"ociVersion\":\"invalid\"}", "ociVersion: 'invalid' is not a version"},
    {"{\"ociVersion\":\"1.0\"}", "ociVersion: '1.0' is not a version"},
    {"{\"ociVersion\":\"1.0.0x\"}", "is not a version"},
    {"{\"ociVersion\":\"1.0.0-\"}", "is not a version"},
    {"{\"ociVersion\":\"1.01.0\"}", "is not a version"},
    {"{\"ociVersion\":\"1.0.0\"}", "root is missing"},
    {"{\"ociVersion\":\"1.0.0\",\"root\":{}}", "root: 'path' is missing"},
    {"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"\"}}", "root.path is empty"},
    {"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\",\"readonly\":\"yes\"}}",
     "root.readonly: must be true or false, not a string"},
    {DOCUMENT(",\"process\":[]"), "process: must be an object, not an array"},
    {DOCUMENT(",\"process\":{\"args\":[\"a\"]}"), "process: 'cwd' is missing"},
    {DOCUMENT(",\"process\":{\"cwd\":\"/\"}"), "process.args is empty"},
    {DOCUMENT(",\"process\":{\"cwd\":\"/\",\"args\":[\"\"]}"), "process.args[0] is empty"},
    {DOCUMENT(",\"process\":{\"cwd\":\"x\",\"args\":[\"a\"]}"), "process: cwd 'x' is not an absolute path"},
    {DOCUMENT(",\"process\":{\"cwd\":\"/\",\"args\":[\"a\",1]}"),
     "process.args[1]: must be a string, not a number"},
    {PROCESS(",\"env\":[\"A=1\",\"B\"]"), "process: env[1] 'B' is not of the form NAME=VALUE"},
    {PROCESS(",\"env\":[\"=1\"]"), "env[0] '=1' is not of the form"},
    {PROCESS(",\"user\":{\"uid\":-1}"),
     "process.user.uid: the value '-1' is not a number of 0 to 4294967295"},
    {PROCESS(",\"user\":{\"uid\":4294967296}"), "process.user.uid: the value '4294967296' is not a number"},
    {PROCESS(",\"user\":{\"uid\":1.0}"), "process.user.uid: the value '1.0' is not a number"},
    {PROCESS(",\"user\":{\"uid\":1e3}"), "process.user.uid: the value '1e3' is not a number"},
    {PROCESS(",\"user\":{\"uid\":\"1\"}"), "process.user.uid: must be a number, not a string"},
    {PROCESS(",\"user\":{\"umask\":512}"), "process.user.umask: the value '512' is not a number of 0 to 511"},
    {PROCESS(",\"user\":{\"additionalGids\":[1,-2]}"), "process.user.additionalGids[1]: the value '-2'"},
    {PROCESS(",\"oomScoreAdj\":1001"),
     "process.oomScoreAdj: the value '1001' is not a number of -1000 to 1000"},
    {PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]"),
     "process.rlimits[0]: unknown resource 'RLIMIT_X'"},
    {PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]"),
     "process.rlimits[0]: the soft limit is above the hard limit"},
    {PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
             "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]"),
     "process: rlimits has 'RLIMIT_CPU' twice"},
    {PROCESS(",\"consoleSize\":{\"height\":1}"), "process.consoleSize: 'width' is missing"},
    {PROCESS(",\"consoleSize\":{\"height\":65536,\"width\":1}"),
     "process.consoleSize.height: the value '65536'"},
    {DOCUMENT(",\"mounts\":[{}]"), "mounts[0]: 'destination' is missing"},
    {DOCUMENT(",\"mounts\":[{\"destination\":\"\"}]"), "mounts[0]: the destination is empty"},
    {DOCUMENT(",\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\"}]"),
     "mounts[0]: a bind mount has no source"},
    {DOCUMENT(",\"hooks\":{\"poststop\":[{}]}"), "hooks.poststop[0]: 'path' is missing"},
    {DOCUMENT(",\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}"),
     "hooks.poststop[0]: 'x' is not an absolute path"},
    {DOCUMENT(",\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}"),
     "hooks.poststop[0].timeout: the value '0' is below 1"},
    {DOCUMENT(",\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":-1}]}"), "timeout: the value '-1'"},
    {DOCUMENT(",\"annotations\":{\"a\":1}"), "annotations.a: must be a string, not a number"},
    {DOCUMENT(",\"hostname\":\"h\""), "hostname needs a uts namespace"},
    {DOCUMENT(",\"domainname\":\"h\""), "domainname needs a uts namespace"},
    {LINUX("\"namespaces\":[{\"type\":\"net\"}]"), "linux.namespaces[0].type: unknown value 'net'"},
    {LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]"),
     "linux.namespaces[1]: a second namespace of type 'pid'"},
    {LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"x\"}]"),
     "linux.namespaces[0]: 'x' is not an absolute path"},
    {LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"), "need a user namespace"},
    {LINUX("\"namespaces\":[{\"type\":\"user\"}]"), "a new user namespace needs linux.uidMappings"},
    {LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":0}]"),
     "linux.uidMappings[0].size: the value '0' is below 1"},
    {LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":4294967295,\"size\":1}]"),
     "linux.uidMappings[0]: the range of ids goes beyond the largest id"},
    {LINUX("\"timeOffsets\":{\"boottime\":{\"secs\":1}}"), "linux.timeOffsets needs a time namespace"},
    {LINUX(
         "\"namespaces\":[{\"type\":\"time\",\"path\":\"/t\"}],\"timeOffsets\":{\"boottime\":{\"secs\":1}}"),
     "needs a new time namespace"},
    {LINUX("\"timeOffsets\":{\"realtime\":{\"secs\":1}}"), "linux.timeOffsets.realtime: unknown"},
    {LINUX("\"rootfsPropagation\":\"rx\""), "linux.rootfsPropagation: unknown value 'rx'"},
    {LINUX("\"seccomp\":{}"), "linux.seccomp: 'defaultAction' is missing"},
    {RESOURCES("\"memory\":{\"limit\":\"64M\"}"),
     "linux.resources.memory.limit: must be a number, not a string"},
    {RESOURCES("\"memory\":{\"limit\":-2}"),
     "linux.resources.memory.limit: the value '-2' is not a number of -1"},
    {RESOURCES("\"memory\":{\"limit\":9223372036854775808}"), "linux.resources.memory.limit: the value"},
    {RESOURCES("\"memory\":{\"swappiness\":101}"), "swappiness: the value '101' is not a number of 0 to 100"},
    {RESOURCES("\"cpu\":{\"idle\":2}"), "linux.resources.cpu.idle: the value '2' is not a number of 0 to 1"},
    {RESOURCES("\"devices\":[{}]"), "linux.resources.devices[0]: 'allow' is missing"},
    {RESOURCES("\"devices\":[{\"allow\":true,\"type\":\"x\"}]"), "devices[0].type: 'x' is not a, b or c"},
    {RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"64kB\",\"limit\":1}]"), "pageSize '64kB' is not a size"},
    {RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"2MB\"}]"), "hugepageLimits[0]: 'limit' is missing"},
    {RESOURCES("\"rdma\":{\"m\":{\"hcaHandles\":\"x\"}}"),
     "linux.resources.rdma.m.hcaHandles: must be a number"},
    {RESOURCES("\"unified\":{\"a/b\":\"1\"}"),
     "linux.resources: unified 'a/b' is not the name of a cgroup file"},
    {RESOURCES("\"unified\":{\"..\":\"1\"}"), "unified '..' is not the name"},
    {DOCUMENT(",\"vm\":{}"), "vm: 'kernel' is missing"},
    {DOCUMENT(",\"vm\":{\"kernel\":{\"path\":\"k\"}}"), "vm: 'k' is not an absolute path"},
    {VM(",\"image\":{\"path\":\"/i\"}"), "vm.image: 'format' is missing"},
    {VM(",\"hwConfig\":{\"memory\":0}"), "vm.hwConfig.memory: the value '0' is below 1"},
    {"{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"a\",\"path\":\"b\"}}",
     "the object has two members 'path'"},
};

START_TEST(what_breaks_a_rule_is_an_error_that_names_it)
{
    struct error err = {0};
    ck_assert_fails(config_parse(wrong[_i].text, strlen(wrong[_i].text), &config, &err), err, ERROR_INPUT,
                    wrong[_i].message);
    ck_assert_ptr_null(config);
}
END_TEST

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof((ARRAY)[0])))

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *t = unit_case(suite, "config");
    tcase_add_checked_fixture(t, NULL, release);
    tcase_add_test(t, the_smallest_document_has_defaults);
    tcase_add_loop_test(t, any_version_1_is_accepted, 0, COUNT(versions));
    tcase_add_test(t, the_process_is_read);
    tcase_add_test(t, a_process_without_lists_can_be_executed);
    tcase_add_test(t, mounts_are_read_in_order);
    tcase_add_test(t, hooks_of_all_kinds_are_read);
    tcase_add_test(t, the_linux_section_is_read);
    tcase_add_test(t, resources_are_read);
    tcase_add_test(t, a_resources_document_is_read);
    tcase_add_test(t, a_process_document_is_read);
    tcase_add_test(t, the_vm_section_is_read);
    tcase_add_test(t, unknown_properties_are_skipped_in_every_section);
    tcase_add_test(t, a_name_that_looks_like_a_path_is_unknown);
    tcase_add_test(t, null_is_the_same_as_nothing);
    tcase_add_test(t, an_empty_value_asks_for_nothing);
    tcase_add_loop_test(t, an_ignored_property_gives_one_warning, 0, COUNT(ignored));
    tcase_add_loop_test(t, what_cannot_be_honoured_is_refused_by_name, 0, COUNT(refused));
    tcase_add_loop_test(t, what_is_for_nobody_here_is_refused_at_once, 0, COUNT(foreign));
    tcase_add_test(t, the_first_refusal_counts_and_the_rest_is_still_checked);
    tcase_add_test(t, a_document_of_its_own_is_refused_at_once);
    tcase_add_loop_test(t, what_breaks_a_rule_is_an_error_that_names_it, 0, COUNT(wrong));
    return unit_run(suite);
}
