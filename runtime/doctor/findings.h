/* SPDX-License-Identifier: Apache-2.0 */
/* What an examination of the host has found: a list, in the order of the examination. */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <stddef.h>

enum finding_level {
    FINDING_OK,
    FINDING_ABSENT,  /* not there, and that is all right: an engine that is not installed */
    FINDING_WARNING, /* containers run, but not as well as they could, or not all of them */
    FINDING_MISSING  /* no container runs here, or none under this engine */
};

struct finding {
    enum finding_level level;
    char *subject; /* "kvm", "podman" */
    char *text;    /* one line, in words */
    char *mend;    /* shell commands that mend it, a line each; NULL: none */
};

struct findings {
    struct finding *items;
    size_t n;
};

/*
 * Appends one; format and what follows give the text. mend is copied; NULL for none. What there is no memory
 * for is left out.
 */
__attribute__((format(printf, 5, 6))) void findings_add(struct findings *findings, enum finding_level level,
                                                        const char *subject, const char *mend,
                                                        const char *format, ...);

/* Accepts a zeroed struct. */
void findings_release(struct findings *findings);

#endif
