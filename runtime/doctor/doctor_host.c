/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"
#include "program.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "cgroup_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STORE_FREE_MIN (1ull << 30)

static void examine_rights(struct findings *findings)
{
    if (geteuid() == 0)
        findings_add(findings, FINDING_OK, "rights", NULL, "running as root");
    else
        findings_add(findings, FINDING_MISSING, "rights", "sudo wherry doctor",
                     "user %u may not make namespaces, cgroups and interfaces; wherry needs root", geteuid());
}

static const char *mend_kvm(void)
{
    if (access("/dev/kvm", F_OK) == 0)
        return NULL;
    return "modprobe kvm_intel || modprobe kvm_amd\n"
           "# nothing? switch virtualization on in the firmware, or nested virtualization in the cloud's "
           "settings";
}

/* "WORD SUBJECT: TEXT", as wherry-monitor(8) describes --check. Any other line is taken as it is. */
static void add_answer_line(char *line, struct findings *findings)
{
    static const struct {
        const char *word;
        enum finding_level level;
    } words[] = {{"ok ", FINDING_OK}, {"warning ", FINDING_WARNING}, {"missing ", FINDING_MISSING}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char *subject = line + strlen(words[i].word), *colon = strstr(line, ": ");
        if (strncmp(line, words[i].word, strlen(words[i].word)) != 0 || colon == NULL)
            continue;
        *colon = '\0';
        findings_add(findings, words[i].level, subject, strcmp(subject, "kvm") == 0 ? mend_kvm() : NULL, "%s",
                     colon + 2);
        return;
    }
    if (line[0] != '\0')
        findings_add(findings, FINDING_WARNING, "monitor", NULL, "%s", line);
}

static void examine_monitor(const char *monitor, struct findings *findings)
{
    char path[PATH_MAX], option[] = "--check";
    char *const argv[] = {path, option, NULL};
    _cleanup_free_ char *text = NULL;
    struct program_answer answer = {0};
    struct error why = {0};

    snprintf(path, sizeof(path), "%s", monitor);
    if (program_ask(argv, true, &answer, &why) < 0) {
        findings_add(findings, FINDING_MISSING, "monitor", NULL, "%s", why.text);
        return;
    }
    text = answer.text;
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;)
        add_answer_line(line, findings);
    if (answer.exit_status > 1)
        findings_add(findings, FINDING_MISSING, "monitor", NULL, "'%s' ended with exit status %d", monitor,
                     answer.exit_status);
}

static void examine_taps(struct findings *findings)
{
    _cleanup_close_ int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd >= 0)
        findings_add(findings, FINDING_OK, "network", NULL, "/dev/net/tun");
    else
        findings_add(findings, FINDING_WARNING, "network", errno == ENOENT ? "modprobe tun" : NULL,
                     "unikernels with network devices cannot start: /dev/net/tun: %s", strerror(errno));
}

static void examine_cgroups(struct findings *findings)
{
    static const enum cgroup_controller wanted[] = {CGROUP_CPU, CGROUP_MEMORY, CGROUP_PIDS};
    _cleanup_(cgroup_layout_release) struct cgroup_layout layout = {.n = 0};
    unsigned int controllers = 0;
    bool has_v1 = false, has_v2 = false;
    struct error why = {0};

    if (cgroup_layout_read(0, &layout, &why) < 0) {
        findings_add(findings, FINDING_MISSING, "cgroups", "mount -t cgroup2 none /sys/fs/cgroup", "%s",
                     why.text);
        return;
    }
    for (size_t i = 0; i < layout.n; i++) {
        controllers |= layout.hierarchies[i].controllers;
        has_v1 |= !layout.hierarchies[i].is_v2;
        has_v2 |= layout.hierarchies[i].is_v2;
    }
    const char *kind = has_v1 && has_v2 ? "v1 and v2" : has_v2 ? "v2" : "v1";
    findings_add(findings, FINDING_OK, "cgroups", NULL, "%s", kind);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if ((controllers & 1u << wanted[i]) == 0)
            findings_add(findings, FINDING_WARNING, "cgroups", NULL,
                         "no %s controller: containers with such a limit are refused",
                         cgroup_controller_name(wanted[i], false));
}

/* The nearest directory that is there: the store itself is made when it is first needed. */
static int stat_store(const char *store, struct statvfs *out)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s", store);
    while (statvfs(path, out) < 0) {
        char *slash = strrchr(path, '/');
        if (errno != ENOENT || slash == NULL || slash == path)
            return -1;
        *slash = '\0';
    }
    return 0;
}

static void examine_store(const char *store, struct findings *findings)
{
    struct statvfs fs;
    if (stat_store(store, &fs) < 0) {
        findings_add(findings, FINDING_MISSING, "store", NULL, "'%s': %s", store, strerror(errno));
        return;
    }
    unsigned long long available = (unsigned long long)fs.f_bavail * fs.f_frsize;
    if ((fs.f_flag & ST_RDONLY) != 0)
        findings_add(findings, FINDING_MISSING, "store", "echo 'store = PATH' >> /etc/wherry/wherry.conf",
                     "'%s' is on a read-only file system", store);
    else if (available < STORE_FREE_MIN)
        findings_add(findings, FINDING_WARNING, "store", "wherry image gc",
                     "'%s' has %llu MiB left; images are kept there", store, available >> 20);
    else
        findings_add(findings, FINDING_OK, "store", NULL, "'%s', %llu GiB free", store, available >> 30);
}

static void examine_delegates(const struct doctor_subject *subject, struct findings *findings)
{
    for (size_t i = 0; i < subject->n_delegates; i++)
        if (access(subject->delegates[i], X_OK) == 0) {
            findings_add(findings, FINDING_OK, "delegate", NULL, "'%s' takes what is no unikernel",
                         subject->delegates[i]);
            return;
        }
    findings_add(
        findings, FINDING_WARNING, "delegate", "apt-get install crun",
        "no crun or runc: containers that are no unikernels, such as a pod's pause container, cannot "
        "run");
}

void doctor_examine_host(const struct doctor_subject *subject, struct findings *findings)
{
    examine_rights(findings);
    examine_monitor(subject->monitor, findings);
    examine_taps(findings);
    examine_cgroups(findings);
    examine_store(subject->store, findings);
    examine_delegates(subject, findings);
}
