/* SPDX-License-Identifier: Apache-2.0 */
#include "running_guest.h"

#include "net.h"
#include "pod.h"
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void *guest_main(void *arg)
{
    struct running_guest *running = arg;
    tap_guest_serve(&running->guest, running->stop[0]);
    return NULL;
}

void running_guest_start(struct running_guest *running, uint16_t port)
{
    struct error err = {0};
    struct net_request request = {.device = "service"};
    memset(running, 0, sizeof(*running));
    ck_assert_ok(net_attach(pod_fd, &request, 1, &running->message, &running->guest.fd, &err), err);
    running->guest.net = &running->message.nets[0];
    running->guest.port = port;
    ck_assert_int_eq(pipe2(running->stop, O_CLOEXEC), 0);
    ck_assert_int_eq(pthread_create(&running->thread, NULL, guest_main, running), 0);
}

void running_guest_stop(struct running_guest *running)
{
    ck_assert_int_eq(write(running->stop[1], "", 1), 1);
    pthread_join(running->thread, NULL);
    close(running->stop[0]);
    close(running->stop[1]);
    close(running->guest.fd);
    ck_assert_uint_gt(running->guest.n_frames, 0);
    ck_assert_uint_eq(running->guest.n_wrong_sums, 0);
    ck_assert_uint_eq(running->guest.n_too_long, 0);
}

static socklen_t make_address(const char *address, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        return sizeof(*in);
    }
    ck_assert_int_eq(inet_pton(AF_INET6, address, &in6->sin6_addr), 1);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    return sizeof(*in6);
}

static _Noreturn void sidecar_main(const struct sockaddr_storage *at, socklen_t at_size, int ready_fd)
{
    struct sockaddr_storage from;
    char data[2000];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (setns(pod_fd, CLONE_NEWNET) < 0)
        _exit(1);
    int udp = socket(at->ss_family, SOCK_DGRAM, 0), tcp = socket(at->ss_family, SOCK_STREAM, 0);
    if (bind(udp, (const struct sockaddr *)at, at_size) < 0 ||
        bind(tcp, (const struct sockaddr *)at, at_size) < 0 || listen(tcp, 8) < 0 ||
        write(ready_fd, "", 1) != 1)
        _exit(1);
    for (;;) {
        socklen_t size = sizeof(from);
        ssize_t n = recvfrom(udp, data, sizeof(data), 0, (struct sockaddr *)&from, &size);
        if (n < 0 || sendto(udp, data, (size_t)n, 0, (struct sockaddr *)&from, size) != n)
            _exit(1);
    }
}

pid_t sidecar_start(const char *address, uint16_t port)
{
    int ready[2];
    char byte;
    struct sockaddr_storage at;
    socklen_t size = make_address(address, port, &at);
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0)
        sidecar_main(&at, size, ready[1]);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

void sidecar_stop(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
