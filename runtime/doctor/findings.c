/* SPDX-License-Identifier: Apache-2.0 */
#include "findings.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void release_one(struct finding *finding)
{
    free(finding->subject);
    free(finding->text);
    free(finding->mend);
}

void findings_add(struct findings *findings, enum finding_level level, const char *subject, const char *mend,
                  const char *format, ...)
{
    struct finding finding = {.level = level, .subject = strdup(subject)};
    struct finding *items = reallocarray(findings->items, findings->n + 1, sizeof(items[0]));
    va_list arguments;

    if (items != NULL)
        findings->items = items;
    va_start(arguments, format);
    if (vasprintf(&finding.text, format, arguments) < 0)
        finding.text = NULL;
    va_end(arguments);
    if (mend != NULL)
        finding.mend = strdup(mend);
    if (items == NULL || finding.subject == NULL || finding.text == NULL) {
        release_one(&finding);
        return;
    }
    items[findings->n++] = finding;
}

void findings_release(struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++)
        release_one(&findings->items[i]);
    free(findings->items);
    *findings = (struct findings){0};
}
