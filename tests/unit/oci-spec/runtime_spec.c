/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime_spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEBIAN_FOLDER "/usr/share/gocode/src/github.com/opencontainers/runtime-spec"

bool runtime_spec_path(const char *relative, char path[RUNTIME_SPEC_PATH_MAX])
{
    const char *folder = getenv("WHERRY_RUNTIME_SPEC");
    snprintf(path, RUNTIME_SPEC_PATH_MAX, "%s/%s", folder == NULL ? DEBIAN_FOLDER : folder, relative);
    return access(path, R_OK) == 0;
}

void runtime_spec_skip(const char *relative)
{
    char path[RUNTIME_SPEC_PATH_MAX];
    runtime_spec_path(relative, path);
    printf(
        "skipped: '%s' is not there; set WHERRY_RUNTIME_SPEC to a checkout of opencontainers/runtime-spec\n",
        path);
    exit(77);
}
