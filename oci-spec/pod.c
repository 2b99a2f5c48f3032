/* SPDX-License-Identifier: Apache-2.0 */
#include "pod.h"

#include <string.h>

/* containerd's, CRI-O's, and what the kubelet labels its containers with. */
static const char *const type_keys[] = {"io.kubernetes.cri.container-type",
                                        "io.kubernetes.cri-o.ContainerType"};
static const char *const name_keys[] = {"io.kubernetes.cri.container-name", "io.kubernetes.container.name"};

static const char *find_first(const struct config_map *annotations, const char *const keys[2])
{
    const char *value = config_map_find(annotations, keys[0]);
    return value != NULL ? value : config_map_find(annotations, keys[1]);
}

static bool is_listed(const char *list, const char *name)
{
    static const char separators[] = ", ";
    for (list += strspn(list, separators); *list != '\0'; list += strspn(list, separators)) {
        size_t length = strcspn(list, separators);
        if (length == strlen(name) && strncmp(list, name, length) == 0)
            return true;
        list += length;
    }
    return false;
}

bool pod_means_container(const struct config_map *annotations)
{
    const char *type = find_first(annotations, type_keys);
    const char *name = find_first(annotations, name_keys);
    const char *list = config_map_find(annotations, POD_CONTAINERS);

    if (type != NULL && strcmp(type, "sandbox") == 0)
        return false;
    return list == NULL || name == NULL || is_listed(list, name);
}
