/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "base/cleanup.h"
#include "oci-spec/features.h"

static const struct cli_option options[] = {CLI_END};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    (void)invocation;

    if (features_format(&text, err) < 0)
        return -1;
    fputs(text, stdout);
    return EXIT_SUCCESS;
}

const struct cli_command cmd_features = {
    .name = "features",
    .arguments = "",
    .summary = "print what this runtime can do as JSON",
    .options = options,
    .run = run,
};
