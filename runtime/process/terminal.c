/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int terminal_open(struct terminal *out, uint16_t rows, uint16_t columns, uid_t uid, struct error *err)
{
    _cleanup_(terminal_close) struct terminal terminal = TERMINAL_NONE;
    int unlocked = 0;

    if (fd_open(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY, 0, &terminal.master_fd, err) < 0)
        return error_wrap(err, "make a terminal");
    if (ioctl(terminal.master_fd, TIOCSPTLCK, &unlocked) < 0)
        return error_errno(err, "unlock the terminal");
    /* Through the master, not by name: /dev/pts may be another instance than the one of /dev/ptmx. */
    terminal.slave_fd = ioctl(terminal.master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal.slave_fd < 0)
        return error_errno(err, "open the terminal's other side");
    if (uid != 0 && fchown(terminal.slave_fd, uid, (gid_t)-1) < 0)
        return error_errno(err, "give the terminal to user %u", (unsigned)uid);

    struct winsize size = {.ws_row = rows, .ws_col = columns};
    if (rows > 0 && columns > 0 && ioctl(terminal.master_fd, TIOCSWINSZ, &size) < 0)
        return error_errno(err, "set the size of the terminal");
    *out = terminal;
    terminal = TERMINAL_NONE;
    return 0;
}

int terminal_send(const struct terminal *terminal, const char *path, struct error *err)
{
    _cleanup_close_ int sock = -1, target = -1;
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    /* Engines put the socket below paths that can be longer than sun_path (108 bytes). */
    if (fd_open(AT_FDCWD, path, O_PATH, 0, &target, err) < 0)
        return error_wrap(err, "console socket");
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", target);
    sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return error_errno(err, "console socket '%s'", path);
    if (connect(sock, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return error_errno(err, "connect to the console socket '%s'", path);
    if (fd_send(sock, " ", 1, &terminal->master_fd, 1, err) < 0)
        return error_wrap(err, "console socket '%s'", path);
    return 0;
}

void terminal_close(struct terminal *terminal)
{
    cleanup_close(&terminal->slave_fd);
    cleanup_close(&terminal->master_fd);
    *terminal = TERMINAL_NONE;
}
