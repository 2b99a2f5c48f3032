/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"
#include "command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A descriptor that is opened later must not become 0, 1 or 2 because the caller had closed them. */
static void ensure_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    ensure_standard_descriptors();
    return cli_main(commands, argc, argv);
}
