/* SPDX-License-Identifier: Apache-2.0 */
/* Examines this host: what is missing for containers to run, for each engine, and how it is mended. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "findings.h"

#include <stddef.h>

/* What the settings say; all borrowed. */
struct doctor_subject {
    const char *wherry;  /* the path of this program */
    const char *monitor; /* the path of wherry-monitor */
    const char *store;
    const char *const *delegates; /* runtimes for what is no unikernel */
    size_t n_delegates;
};

/* KVM and the box (both by running a guest), interfaces, cgroups, the store, runtimes to delegate to. */
void doctor_examine_host(const struct doctor_subject *subject, struct findings *findings);

/*
 * podman, containerd, docker and CRI-O, as far as they are installed: do they know this runtime? Each engine
 * is asked itself, so that it is its own reading of its configuration that counts.
 */
void doctor_examine_engines(const struct doctor_subject *subject, struct findings *findings);

#endif
