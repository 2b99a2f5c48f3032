/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: the parser asks this table about every member of every object, so it is sorted and searched in
 * halves. Sections that the specification repeats word for word (hooks, throttled devices) are written once,
 * as a macro.
 */
#include "oci-spec/support.h"

#include <stdlib.h>
#include <string.h>

#define HONOURED(path, why)             \
    {                                   \
        (path), SUPPORT_HONOURED, (why) \
    }
#define MONITOR(path, why)             \
    {                                  \
        (path), SUPPORT_MONITOR, (why) \
    }
#define REFUSED(path, why)             \
    {                                  \
        (path), SUPPORT_REFUSED, (why) \
    }
#define IGNORED(path, why)             \
    {                                  \
        (path), SUPPORT_IGNORED, (why) \
    }
#define MEANINGLESS(path, why)             \
    {                                      \
        (path), SUPPORT_MEANINGLESS, (why) \
    }

#define HOOK(kind, why)                                                                       \
    HONOURED("hooks." kind, why), HONOURED("hooks." kind "[].args", "the hook's whole argv"), \
        HONOURED("hooks." kind "[].env", "the hook's whole environment"),                     \
        HONOURED("hooks." kind "[].path", "an absolute path"),                                \
        HONOURED("hooks." kind "[].timeout", "in seconds, then the hook is killed and failed")

#define THROTTLE(kind, why)                                                               \
    MONITOR("linux.resources.blockIO." kind, why),                                        \
        MONITOR("linux.resources.blockIO." kind "[].major", "the device's major number"), \
        MONITOR("linux.resources.blockIO." kind "[].minor", "the device's minor number"), \
        MONITOR("linux.resources.blockIO." kind "[].rate", "bytes or operations a second")

#define ID_MAPPING(path, why)                                              \
    MONITOR(path, why), MONITOR(path "[].containerID", "first id inside"), \
        MONITOR(path "[].hostID", "first id outside"), MONITOR(path "[].size", "how many ids")

static const char idmapped[] = "files reach the guest in an image, whose owners are not mapped";
static const char other_platform[] = "for another platform; a container of it alone is refused";

/* In strcmp(3) order of path: "." and "[" come before letters, capital letters before small ones. */
static const struct support_entry table[] = {
    HONOURED("annotations", "the keys of annotations.md; others are only kept in the state"),
    MONITOR("domainname", "set in the container's uts namespace"),
    MEANINGLESS("freebsd", other_platform),
    HONOURED("hooks", "run in the specification's order, with the state on stdin"),
    HOOK("createContainer", "run by create in the monitor's namespaces"),
    HOOK("createRuntime", "run by create in the runtime's namespaces"),
    HOOK("poststart", "run by start, once the guest runs"),
    HOOK("poststop", "run by delete; a failure is only logged"),
    HOOK("prestart", "run by create, before createRuntime"),
    HOOK("startContainer", "run by start in the monitor's namespaces"),
    MONITOR("hostname", "set in the container's uts namespace"),
    HONOURED("linux", "the platform that wherry runs on"),
    MONITOR("linux.cgroupsPath", "where the monitor's cgroup is"),
    IGNORED("linux.devices", "a guest has no device nodes"),
    ID_MAPPING("linux.gidMappings", "group ids of the monitor's user namespace"),
    REFUSED("linux.intelRdt", "wherry does not control cache or memory bandwidth"),
    MEANINGLESS("linux.maskedPaths", "a guest sees no path of the host"),
    REFUSED("linux.memoryPolicy", "wherry does not choose memory nodes; linux.resources.cpu.mems does"),
    IGNORED("linux.mountLabel", "files reach the guest in an image, which has no labels"),
    MONITOR("linux.namespaces", "made or joined by the monitor"),
    MONITOR("linux.namespaces[].path", "the namespace to join"),
    MONITOR("linux.namespaces[].type", "cgroup, ipc, mount, network, pid, time, user or uts"),
    REFUSED("linux.netDevices", "put the device into a network namespace and give that one's path"),
    MEANINGLESS("linux.personality", "a guest makes no Linux system calls"),
    MEANINGLESS("linux.personality.domain", "LINUX; LINUX32 is refused"),
    MEANINGLESS("linux.readonlyPaths", "a guest sees no path of the host"),
    MONITOR("linux.resources", "limits of the monitor's cgroup"),
    MONITOR("linux.resources.blockIO", "the blkio or io controller"),
    MONITOR("linux.resources.blockIO.leafWeight", "weight against child cgroups"),
    THROTTLE("throttleReadBpsDevice", "bytes read a second"),
    THROTTLE("throttleReadIOPSDevice", "reads a second"),
    THROTTLE("throttleWriteBpsDevice", "bytes written a second"),
    THROTTLE("throttleWriteIOPSDevice", "writes a second"),
    MONITOR("linux.resources.blockIO.weight", "weight of the cgroup"),
    MONITOR("linux.resources.blockIO.weightDevice", "weights of single devices"),
    MONITOR("linux.resources.blockIO.weightDevice[].leafWeight", "weight against child cgroups"),
    MONITOR("linux.resources.blockIO.weightDevice[].major", "the device's major number"),
    MONITOR("linux.resources.blockIO.weightDevice[].minor", "the device's minor number"),
    MONITOR("linux.resources.blockIO.weightDevice[].weight", "weight of the cgroup"),
    MONITOR("linux.resources.cpu", "the cpu and cpuset controllers"),
    MONITOR("linux.resources.cpu.burst", "in microseconds"),
    MONITOR("linux.resources.cpu.cpus", "the processors that the guest may run on"),
    MONITOR("linux.resources.cpu.idle", "0 or 1"),
    MONITOR("linux.resources.cpu.mems", "the memory nodes that guest memory may come from"),
    MONITOR("linux.resources.cpu.period", "in microseconds"),
    MONITOR("linux.resources.cpu.quota", "in microseconds a period"),
    MONITOR("linux.resources.cpu.realtimePeriod", "in microseconds"),
    MONITOR("linux.resources.cpu.realtimeRuntime", "in microseconds"),
    MONITOR("linux.resources.cpu.shares", "relative weight"),
    MONITOR("linux.resources.devices", "rules for the monitor, which opens its devices before they count"),
    MONITOR("linux.resources.devices[].access", "letters of rwm"),
    MONITOR("linux.resources.devices[].allow", "whether the rule allows or denies"),
    MONITOR("linux.resources.devices[].major", "not given: any"),
    MONITOR("linux.resources.devices[].minor", "not given: any"),
    MONITOR("linux.resources.devices[].type", "a, b or c; not given: a"),
    MONITOR("linux.resources.hugepageLimits", "the hugetlb controller"),
    MONITOR("linux.resources.hugepageLimits[].limit", "in bytes"),
    MONITOR("linux.resources.hugepageLimits[].pageSize", "such as 2MB"),
    HONOURED("linux.resources.memory", "the memory controller, and the size of the guest"),
    MONITOR("linux.resources.memory.checkBeforeUpdate", "update refuses a limit below the usage"),
    MONITOR("linux.resources.memory.disableOOMKiller", "cgroup v1 only"),
    IGNORED("linux.resources.memory.kernel", "obsolete, and gone from Linux 6"),
    IGNORED("linux.resources.memory.kernelTCP", "obsolete, and gone from cgroup v2"),
    HONOURED("linux.resources.memory.limit", "covers guest memory and monitor"),
    MONITOR("linux.resources.memory.reservation", "soft limit in bytes"),
    MONITOR("linux.resources.memory.swap", "limit of memory and swap together, in bytes"),
    MONITOR("linux.resources.memory.swappiness", "0 to 100, cgroup v1 only"),
    IGNORED("linux.resources.memory.useHierarchy", "obsolete: always so since Linux 5.11"),
    MONITOR("linux.resources.network", "the net_cls and net_prio controllers"),
    MONITOR("linux.resources.network.classID", "class of the monitor's packets"),
    MONITOR("linux.resources.network.priorities", "priorities of the monitor's packets"),
    MONITOR("linux.resources.network.priorities[].name", "the interface"),
    MONITOR("linux.resources.network.priorities[].priority", "on that interface"),
    MONITOR("linux.resources.pids", "the pids controller"),
    MONITOR("linux.resources.pids.limit", "counts the monitor's threads, not the guest's"),
    MONITOR("linux.resources.rdma", "the rdma controller"),
    MONITOR("linux.resources.rdma.*", "limits of one device"),
    MONITOR("linux.resources.rdma.*.hcaHandles", "open handles"),
    MONITOR("linux.resources.rdma.*.hcaObjects", "objects"),
    MONITOR("linux.resources.unified", "files of cgroup v2; an error on v1"),
    MONITOR("linux.rootfsPropagation", "of the monitor's mount namespace"),
    IGNORED("linux.seccomp",
            "the profile is for a Linux program; the monitor has a stricter filter of its own"),
    MEANINGLESS("linux.seccomp.defaultAction", "part of the profile; SCMP_ACT_NOTIFY is refused"),
    REFUSED("linux.seccomp.listenerMetadata", "the monitor's filter notifies nobody"),
    REFUSED("linux.seccomp.listenerPath", "the monitor's filter notifies nobody"),
    MEANINGLESS("linux.seccomp.syscalls", "part of the profile"),
    MEANINGLESS("linux.seccomp.syscalls[].action", "part of the profile; SCMP_ACT_NOTIFY is refused"),
    MONITOR("linux.sysctl", "written inside the container's own namespaces; others are refused"),
    MONITOR("linux.timeOffsets", "clocks of the monitor's time namespace"),
    MONITOR("linux.timeOffsets.boottime", "offset of CLOCK_BOOTTIME"),
    MONITOR("linux.timeOffsets.boottime.nanosecs", "added to secs"),
    MONITOR("linux.timeOffsets.boottime.secs", "in seconds"),
    MONITOR("linux.timeOffsets.monotonic", "offset of CLOCK_MONOTONIC"),
    MONITOR("linux.timeOffsets.monotonic.nanosecs", "added to secs"),
    MONITOR("linux.timeOffsets.monotonic.secs", "in seconds"),
    ID_MAPPING("linux.uidMappings", "user ids of the monitor's user namespace"),
    HONOURED("mounts", "small files appear in the guest's image; others can be its block devices"),
    HONOURED("mounts[].destination", "where the guest finds it; relative paths are relative to /"),
    REFUSED("mounts[].gidMappings", idmapped),
    HONOURED("mounts[].options", "bind, rbind, ro, rw; idmap and ridmap are refused"),
    HONOURED("mounts[].source", "relative paths are relative to the bundle"),
    HONOURED("mounts[].type", "bind; pseudo file systems are skipped"),
    REFUSED("mounts[].uidMappings", idmapped),
    HONOURED("ociVersion", "any 1.x"),
    HONOURED("process", "the guest, and the monitor that runs it"),
    IGNORED("process.apparmorProfile", "the profile is for a Linux program; the monitor confines itself"),
    HONOURED("process.args",
             "the unikernel's file, then the guest's arguments; an init that the engine mounts is left out"),
    MEANINGLESS("process.capabilities", "the monitor has none, whatever is listed"),
    REFUSED("process.commandLine", "for Windows"),
    HONOURED("process.consoleSize", "of the terminal"),
    HONOURED("process.consoleSize.height", "in rows"),
    HONOURED("process.consoleSize.width", "in columns"),
    HONOURED("process.cwd", "where a relative args[0] is looked for"),
    HONOURED("process.env",
             "guests of the kit and rumprun get it, others have none; PATH is where args[0] is looked for"),
    REFUSED("process.execCPUAffinity", "a unikernel has no second process; linux.resources.cpu.cpus pins it"),
    REFUSED("process.ioPriority", "wherry leaves priorities to linux.resources.blockIO"),
    MEANINGLESS("process.noNewPrivileges", "always set for the monitor"),
    MONITOR("process.oomScoreAdj", "written before privileges are dropped"),
    MONITOR("process.rlimits", "set before privileges are dropped"),
    MONITOR("process.rlimits[].hard", "not below soft"),
    MONITOR("process.rlimits[].soft", "not above hard"),
    MONITOR("process.rlimits[].type", "a RLIMIT_ name of setrlimit(2)"),
    REFUSED("process.scheduler", "wherry leaves scheduling to linux.resources.cpu"),
    IGNORED("process.selinuxLabel", "the label is for a Linux program; the monitor confines itself"),
    HONOURED("process.terminal", "the guest's console is a terminal"),
    MONITOR("process.user", "whom the monitor runs as"),
    MONITOR("process.user.additionalGids", "its supplementary groups"),
    MONITOR("process.user.gid", "its group"),
    MONITOR("process.user.uid", "its user"),
    MONITOR("process.user.umask", "its umask"),
    REFUSED("process.user.username", "for Windows"),
    HONOURED("root", "where the unikernel and its files are"),
    HONOURED("root.path", "relative paths are relative to the bundle"),
    HONOURED("root.readonly", "the guest's writes to its image fail"),
    MEANINGLESS("solaris", other_platform),
    HONOURED("vm", "a unikernel that is on the host, not in the root file system"),
    HONOURED("vm.hwConfig", "the size of the guest"),
    REFUSED("vm.hwConfig.deviceTree", "a unikernel has none"),
    REFUSED("vm.hwConfig.dtdevs", "no device of the host is passed through"),
    REFUSED("vm.hwConfig.iomems", "no device of the host is passed through"),
    REFUSED("vm.hwConfig.irqs", "no device of the host is passed through"),
    HONOURED("vm.hwConfig.memory", "guest memory in bytes"),
    HONOURED("vm.hwConfig.vcpus", "1; a unikernel has one"),
    REFUSED("vm.hwconfig", "the name in the specification is hwConfig"),
    HONOURED("vm.hypervisor", "its properties"),
    REFUSED("vm.hypervisor.parameters", "wherry is the hypervisor and takes none"),
    IGNORED("vm.hypervisor.path", "wherry is the hypervisor"),
    HONOURED("vm.image", "a block image on the host"),
    HONOURED("vm.image.format", "raw; others are refused"),
    HONOURED("vm.image.path", "takes the place of the root file system's image"),
    HONOURED("vm.kernel", "the unikernel"),
    REFUSED("vm.kernel.initrd", "a unikernel has none"),
    HONOURED("vm.kernel.parameters", "the guest's arguments, in the place of process.args[1..]"),
    HONOURED("vm.kernel.path", "takes the place of process.args[0]"),
    MEANINGLESS("windows", other_platform),
    MEANINGLESS("zos", other_platform),
};

const struct support_entry *support_table(size_t *out_n)
{
    *out_n = sizeof(table) / sizeof(table[0]);
    return table;
}

static int compare_path_with_entry(const void *path, const void *entry)
{
    return strcmp(path, ((const struct support_entry *)entry)->path);
}

const struct support_entry *support_find(const char *path)
{
    return bsearch(path, table, sizeof(table) / sizeof(table[0]), sizeof(table[0]), compare_path_with_entry);
}

const char *support_action_name(enum support_action action)
{
    static const char *const names[] = {"honoured", "monitor", "refused", "ignored", "meaningless"};
    return names[action];
}
