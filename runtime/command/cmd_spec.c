/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "oci-spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct spec_command_options {
    const char *bundle;
    bool is_rootless;
};

static const struct cli_option options[] = {
    {"bundle", 'b', CLI_TEXT, offsetof(struct spec_command_options, bundle), "DIR",
     "where config.json is written"},
    {"rootless", 0, CLI_FLAG, offsetof(struct spec_command_options, is_rootless), NULL,
     "for a user without privileges"},
    CLI_END,
};

static int run(const struct cli_invocation *invocation, struct error *err)
{
    const struct spec_command_options *given = invocation->options;
    struct spec_options options_of_spec = {
        .rootless = given->is_rootless, .uid = geteuid(), .gid = getegid()};
    _cleanup_free_ char *text = NULL;
    _cleanup_close_ int dirfd = -1, fd = -1;

    if (spec_format(&options_of_spec, &text, err) < 0)
        return -1;
    if (fd_open(AT_FDCWD, given->bundle != NULL ? given->bundle : ".", O_DIRECTORY | O_RDONLY, 0, &dirfd,
                err) < 0)
        return -1;
    fd = openat(dirfd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return error_set(err, ERROR_STATE, "File config.json exists. Remove it first");
    if (fd < 0)
        return error_errno(err, "make 'config.json'");
    if (fd_write_all(fd, text, strlen(text), "config.json", err) < 0)
        return -1;
    return EXIT_SUCCESS;
}

const struct cli_command cmd_spec = {
    .name = "spec",
    .arguments = "",
    .summary = "write a config.json to start from",
    .options = options,
    .options_size = sizeof(struct spec_command_options),
    .run = run,
};
