/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher.h"

#include "base/fd.h"
#include "monitor/status.h"
#include "unit.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become_monitor(const char *monitor, int sock, int output_fd)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    if (syscall(SYS_capset, &header, none) < 0)
        _exit(1);
    if (dup2(output_fd, STDOUT_FILENO) < 0 || dup2(output_fd, STDERR_FILENO) < 0 ||
        dup2(sock, LAUNCH_SOCKET_FD) < 0)
        _exit(1);
    execl(monitor, "wherry-monitor", "--launch", (char *)NULL);
    _exit(1);
}

static struct sockaddr_un address_of(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, name, strlen(name));
    return address;
}

static void expect_success(int sock)
{
    struct launch_reply reply;
    ck_assert_int_eq(recv(sock, &reply, sizeof(reply), 0), (ssize_t)sizeof(reply));
    ck_assert_msg(reply.failed == 0, "%s", reply.error.text);
}

static int open_or_fail(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    ck_assert_msg(fd >= 0, "open %s", path);
    return fd;
}

static int listen_at(const char *name)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = address_of(name);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    return fd;
}

static void send_launch(int sock, const char *guest, const char *control, uint32_t flags)
{
    static const struct launch_fd roles[] = {
        {LAUNCH_FD_KVM, 0}, {LAUNCH_FD_GUEST, 0}, {LAUNCH_FD_CONTROL, 0}, {LAUNCH_FD_STATUS, 0}};
    static struct launch_message message;
    struct error err = {0};

    message = (struct launch_message){.magic = LAUNCH_MAGIC,
                                      .version = LAUNCH_VERSION,
                                      .size = sizeof(message),
                                      .memory_bytes = 16 << 20,
                                      .flags = LAUNCH_OWN_USER_NS | LAUNCH_OWN_MOUNT_NS | LAUNCH_OWN_IPC_NS |
                                               LAUNCH_OWN_UTS_NS | LAUNCH_OWN_CGROUP_NS | flags,
                                      .n_fds = 4,
                                      .label = "box"};
    memcpy(message.fds, roles, sizeof(roles));
    int status = memfd_create("status", MFD_CLOEXEC);
    ck_assert_int_eq(ftruncate(status, STATUS_SIZE), 0);
    int fds[4] = {open_or_fail("/dev/kvm", O_RDWR), open_or_fail(guest, O_RDONLY), listen_at(control),
                  status};
    ck_assert_ok(fd_send(sock, &message, sizeof(message), fds, 4, &err), err);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

void launcher_launch(const char *monitor, const char *guest, struct launched *out)
{
    launcher_launch_with(monitor, guest, 0, out);
}

void launcher_launch_with(const char *monitor, const char *guest, uint32_t flags, struct launched *out)
{
    int sockets[2], output[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
    ck_assert_int_eq(pipe2(output, O_CLOEXEC), 0);
    out->pid = fork();
    ck_assert_int_ge(out->pid, 0);
    if (out->pid == 0)
        become_monitor(monitor, sockets[1], output[1]);
    close(sockets[1]);
    close(output[1]);
    out->output_fd = output[0];

    snprintf(out->control, sizeof(out->control), "wherry-box-%d", out->pid);
    send_launch(sockets[0], guest, out->control, flags);
    expect_success(sockets[0]);
    close(sockets[0]);
}

static void start(const struct launched *launched, const int *taps, uint32_t n_taps)
{
    static struct start_message message;
    struct sockaddr_un address = address_of(launched->control);
    struct error err = {0};
    int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    message = (struct start_message){.magic = START_MAGIC,
                                     .version = LAUNCH_VERSION,
                                     .size = sizeof(message),
                                     .n_nets = n_taps,
                                     .nets = {{.name = "net", .mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500},
                                              {.name = "other", .mac = {2, 0, 0, 0, 0, 2}, .mtu = 1500}}};
    ck_assert_int_eq(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_ok(fd_send(sock, &message, sizeof(message), taps, n_taps, &err), err);
    expect_success(sock);
    close(sock);
}

void launcher_start(const struct launched *launched)
{
    start(launched, NULL, 0);
}

void launcher_start_net(const struct launched *launched, int tap_fd)
{
    start(launched, &tap_fd, 1);
}

void launcher_start_nets(const struct launched *launched, const int tap_fds[2])
{
    start(launched, tap_fds, 2);
}

int launcher_wait(struct launched *launched)
{
    int status = 0;
    ck_assert_int_eq(waitpid(launched->pid, &status, 0), launched->pid);
    return status;
}
