/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor.h"
#include "program.h"

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "wherry"

#define DOCKER_SOCKET "/var/run/docker.sock"

/* Asks the engine; false, with a finding, when it does not answer. text is the caller's to free(3). */
static bool ask(const char *engine, char *const argv[], struct program_answer *out, struct findings *findings)
{
    struct error why = {0};
    if (program_ask(argv, true, out, &why) == 0)
        return true;
    findings_add(findings, FINDING_WARNING, engine, NULL, "%s", why.text);
    return false;
}

/* The last line of what an engine printed is the one that says what went wrong. */
static const char *last_line(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '\n')
        text[--n] = '\0';
    const char *newline = strrchr(text, '\n');
    return newline != NULL ? newline + 1 : text;
}

/*
 * How an engine is told of the runtime, as a command: what each has to be told is known to `register`, which
 * is installed in libexec beside our bin. service is what has to be restarted then, or NULL. The caller frees
 * the command.
 */
static char *mend_by_register(const struct doctor_subject *subject, const char *engine, const char *service)
{
    const char *slash = strrchr(subject->wherry, '/');
    int folder_size = slash != NULL ? (int)(slash - subject->wherry) : 0;
    _cleanup_free_ char *installed = NULL;
    char *mend = NULL;
    if (asprintf(&installed, "%.*s/../libexec/wherry/register", folder_size, subject->wherry) < 0)
        return NULL;
    _cleanup_free_ char *real = realpath(installed, NULL);
    if (asprintf(&mend, "%s --wherry %s add %s%s%s", real != NULL ? real : "runtime/package/register",
                 subject->wherry, engine, service != NULL ? "\nsystemctl restart " : "",
                 service != NULL ? service : "") < 0)
        return NULL;
    return mend;
}

static void examine_podman(const struct doctor_subject *subject, struct findings *findings)
{
    char path[PATH_MAX], runtime[] = "--runtime=" NAME, info[] = "info", format[] = "--format",
                         field[] = "{{.Host.OCIRuntime.Path}}";
    char *const argv[] = {path, runtime, info, format, field, NULL};
    _cleanup_free_ char *text = NULL, *mend = NULL;
    struct program_answer answer = {0};

    if (!program_find("podman", path)) {
        findings_add(findings, FINDING_ABSENT, "podman", NULL, "not installed");
        return;
    }
    if (!ask("podman", argv, &answer, findings))
        return;
    text = answer.text;
    if (answer.exit_status == 0) {
        findings_add(findings, FINDING_OK, "podman", NULL, "--runtime=" NAME " is '%s'", last_line(text));
        return;
    }
    mend = mend_by_register(subject, "podman", NULL);
    bool is_unknown = strstr(text, "\"" NAME "\" not found") != NULL;
    findings_add(findings, is_unknown ? FINDING_WARNING : FINDING_MISSING, "podman", is_unknown ? mend : NULL,
                 is_unknown ? "does not know the runtime (--runtime=%s works without)" : "%s",
                 is_unknown ? subject->wherry : last_line(text));
}

static void examine_containerd(const struct doctor_subject *subject, struct findings *findings)
{
    char path[PATH_MAX], shim[PATH_MAX], config[] = "config", dump[] = "dump";
    char *const argv[] = {path, config, dump, NULL};
    _cleanup_free_ char *text = NULL, *mend = NULL;
    struct program_answer answer = {0};

    if (!program_find("containerd", path)) {
        findings_add(findings, FINDING_ABSENT, "containerd", NULL, "not installed");
        return;
    }
    if (!program_find("containerd-shim-runc-v2", shim))
        findings_add(findings, FINDING_MISSING, "containerd", NULL,
                     "containerd-shim-runc-v2, which calls runtimes, is not installed");
    if (!ask("containerd", argv, &answer, findings))
        return;
    text = answer.text;
    if (answer.exit_status != 0) {
        findings_add(findings, FINDING_MISSING, "containerd", NULL, "%s", last_line(text));
        return;
    }
    if (strstr(text, ".containerd.runtimes." NAME "]") != NULL) {
        findings_add(findings, FINDING_OK, "containerd", NULL, "Kubernetes' runtime handler is '" NAME "'");
        return;
    }
    mend = mend_by_register(subject, "containerd", "containerd");
    findings_add(findings, FINDING_WARNING, "containerd", mend,
                 "Kubernetes has no handler '" NAME "' (ctr run --runc-binary=%s works without)",
                 subject->wherry);
}

static void examine_docker(const struct doctor_subject *subject, struct findings *findings)
{
    char path[PATH_MAX], info[] = "info", format[] = "--format",
                         field[] = "{{range $name, $_ := .Runtimes}}{{$name}}\n{{end}}";
    char *const argv[] = {path, info, format, field, NULL};
    _cleanup_free_ char *text = NULL, *mend = NULL;
    struct program_answer answer = {0};

    if (!program_find("dockerd", path)) {
        findings_add(findings, FINDING_ABSENT, "docker", NULL, "not installed");
        return;
    }
    if (!program_find("docker", path) || access(DOCKER_SOCKET, F_OK) < 0) {
        findings_add(findings, FINDING_WARNING, "docker", "systemctl start docker",
                     "cannot be asked: it does not run");
        return;
    }
    if (!ask("docker", argv, &answer, findings))
        return;
    text = answer.text;
    if (answer.exit_status != 0) {
        findings_add(findings, FINDING_WARNING, "docker", NULL, "%s", last_line(text));
        return;
    }
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;)
        if (strcmp(line, NAME) == 0) {
            findings_add(findings, FINDING_OK, "docker", NULL, "--runtime=" NAME " is known");
            return;
        }
    mend = mend_by_register(subject, "docker", "docker");
    findings_add(findings, FINDING_MISSING, "docker", mend, "does not know the runtime '" NAME "'");
}

static void examine_crio(const struct doctor_subject *subject, struct findings *findings)
{
    char path[PATH_MAX], config[] = "config";
    char *const argv[] = {path, config, NULL};
    _cleanup_free_ char *text = NULL, *mend = NULL;
    struct program_answer answer = {0};

    if (!program_find("crio", path)) {
        findings_add(findings, FINDING_ABSENT, "cri-o", NULL, "not installed");
        return;
    }
    if (!ask("cri-o", argv, &answer, findings))
        return;
    text = answer.text;
    if (strstr(text, "[crio.runtime.runtimes." NAME "]") != NULL) {
        findings_add(findings, FINDING_OK, "cri-o", NULL, "Kubernetes' runtime handler is '" NAME "'");
        return;
    }
    mend = mend_by_register(subject, "cri-o", "crio");
    findings_add(findings, FINDING_MISSING, "cri-o", mend, "has no runtime handler '" NAME "'");
}

void doctor_examine_engines(const struct doctor_subject *subject, struct findings *findings)
{
    examine_podman(subject, findings);
    examine_containerd(subject, findings);
    examine_docker(subject, findings);
    examine_crio(subject, findings);
}
