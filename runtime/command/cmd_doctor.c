/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"
#include "doctor.h"
#include "settings.h"

#include "base/cleanup.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {CLI_END};

static const char *word_of(enum finding_level level)
{
    static const char *const words[] = {[FINDING_OK] = "ok",
                                        [FINDING_ABSENT] = "-",
                                        [FINDING_WARNING] = "warning",
                                        [FINDING_MISSING] = "missing"};
    return words[level];
}

/* The commands stand below what they mend, further in, so that they can be copied as a block. */
static void print_mend(const char *mend)
{
    while (*mend != '\0') {
        size_t length = strcspn(mend, "\n");
        printf("                     %.*s\n", (int)length, mend);
        mend += length + (mend[length] == '\n');
    }
}

static int print_findings(const struct findings *findings)
{
    size_t n_missing = 0, n_warnings = 0;
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->items[i];
        n_missing += finding->level == FINDING_MISSING;
        n_warnings += finding->level == FINDING_WARNING;
        printf("%-8s %-11s %s\n", word_of(finding->level), finding->subject, finding->text);
        if (finding->mend != NULL)
            print_mend(finding->mend);
    }
    if (n_missing + n_warnings == 0)
        printf("Nothing is missing.\n");
    else
        printf("%zu missing, %zu warnings\n", n_missing, n_warnings);
    return n_missing == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(const struct cli_invocation *invocation, struct error *err)
{
    _cleanup_(settings_release) struct settings settings = {0};
    _cleanup_(findings_release) struct findings findings = {0};
    char self[PATH_MAX];

    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0)
        return error_errno(err, "find this program: read '/proc/self/exe'");
    self[n] = '\0';
    if (settings_load(invocation->global->settings, &settings, err) < 0)
        return -1;
    const struct doctor_subject subject = {.wherry = self,
                                           .monitor = settings.monitor,
                                           .store = settings.store,
                                           .delegates = (const char *const *)settings.delegates,
                                           .n_delegates = settings.n_delegates};
    doctor_examine_host(&subject, &findings);
    doctor_examine_engines(&subject, &findings);
    return print_findings(&findings);
}

const struct cli_command cmd_doctor = {
    .name = "doctor",
    .arguments = "",
    .summary = "say what this host lacks, for each engine, and how to mend it",
    .options = options,
    .run = run,
};
