/* SPDX-License-Identifier: Apache-2.0 */
#include "pod.h"

#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t pod_pid;
int pod_fd;

void pod_run(const char *fmt, ...)
{
    char command[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(command, sizeof(command), fmt, ap);
    va_end(ap);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
}

bool pod_can(const char *command)
{
    char line[512];
    snprintf(line, sizeof(line), "nsenter -t %d -n sh -c '%s' >/dev/null 2>&1", pod_pid, command);
    return system(line) == 0;
}

void pod_make_namespaces(void)
{
    int ready[2];
    char byte, path[64];
    ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
    ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
    pod_pid = fork();
    if (pod_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) < 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    snprintf(path, sizeof(path), "/proc/%d/ns/net", pod_pid);
    pod_fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(pod_fd, 0);
}

void pod_make(void)
{
    pod_make_namespaces();
    pod_run("ip link set lo up; nsenter -t %d -n ip link set lo up", pod_pid);
    pod_run("ip link add peer0 type veth peer name lan7 netns %d", pod_pid);
    pod_run(
        "ip addr add 10.99.0.1/24 dev peer0; ip -6 addr add fd99::1/64 dev peer0 nodad; ip link set peer0 "
        "up");
    pod_run("nsenter -t %d -n sh -c 'ip link set lan7 address 02:00:00:00:00:07 mtu 1400 up; "
            "ip addr add 10.99.0.7/24 dev lan7; ip -6 addr add fd99::7/64 dev lan7 nodad; "
            "ip route add default via 10.99.0.1; ip -6 route add default via fd99::1'",
            pod_pid);
    pod_run("ip link set peer0 mtu 1400");
}

void pod_drop(void)
{
    kill(pod_pid, SIGKILL);
    waitpid(pod_pid, NULL, 0);
    close(pod_fd);
}
