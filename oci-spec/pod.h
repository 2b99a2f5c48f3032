/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes has annotations for pods and none for containers: engines copy a pod's to each of its
 * containers, and to the sandbox that holds the pod's namespaces.
 */
#ifndef OCI_SPEC_POD_H
#define OCI_SPEC_POD_H

#include "oci-spec/config.h"

#include <stdbool.h>

/* Names of containers, separated by commas: those that a pod's annotations about unikernels are meant for. */
#define POD_CONTAINERS "dev.wherry.containers"

/*
 * Whether annotations about unikernels are meant for the container that has them: never for a sandbox; and if
 * POD_CONTAINERS is there, and an engine says what the container is called, only for one that is listed.
 */
bool pod_means_container(const struct config_map *annotations);

#endif
