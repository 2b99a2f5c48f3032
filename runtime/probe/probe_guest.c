/* SPDX-License-Identifier: Apache-2.0 */
#include "probe_guest.h"

#include "http_status.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct target {
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4;
        struct sockaddr_in6 ipv6;
    } address;
    socklen_t size;
    char text[INET6_ADDRSTRLEN + 8]; /* "10.0.0.2:80", "[fd00::2]:80" */
    uint64_t deadline_ns;
};

static int find_target(const struct probe *probe, const struct net_interface *interface, struct target *out,
                       struct error *err)
{
    static const uint8_t none[16];
    char text[INET6_ADDRSTRLEN];

    memset(out, 0, sizeof(*out));
    out->deadline_ns = clock_monotonic_ns() + probe->timeout_s * UINT64_C(1000000000);
    if (memcmp(interface->ipv4, none, sizeof(interface->ipv4)) != 0) {
        out->address.ipv4.sin_family = AF_INET;
        out->address.ipv4.sin_port = htons(probe->port);
        memcpy(&out->address.ipv4.sin_addr, interface->ipv4, sizeof(interface->ipv4));
        out->size = sizeof(out->address.ipv4);
        inet_ntop(AF_INET, interface->ipv4, text, sizeof(text));
        snprintf(out->text, sizeof(out->text), "%s:%u", text, probe->port);
        return 0;
    }
    if (memcmp(interface->ipv6, none, sizeof(interface->ipv6)) == 0)
        return error_set(err, ERROR_REFUSED, "the guest's interface '%s' has no address", interface->name);
    out->address.ipv6.sin6_family = AF_INET6;
    out->address.ipv6.sin6_port = htons(probe->port);
    memcpy(&out->address.ipv6.sin6_addr, interface->ipv6, sizeof(interface->ipv6));
    out->size = sizeof(out->address.ipv6);
    inet_ntop(AF_INET6, interface->ipv6, text, sizeof(text));
    snprintf(out->text, sizeof(out->text), "[%s]:%u", text, probe->port);
    return 0;
}

static int wait_for(const struct target *target, int fd, short events, const char *what, struct error *err)
{
    struct pollfd poller = {.fd = fd, .events = events};
    for (;;) {
        uint64_t now = clock_monotonic_ns();
        uint64_t left_ms = now < target->deadline_ns ? (target->deadline_ns - now) / 1000000 + 1 : 0;
        int n = poll(&poller, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
        if (n > 0)
            return 0;
        if (n == 0)
            return error_set(err, ERROR_SYSTEM, "%s %s: no answer in time", what, target->text);
        if (errno != EINTR)
            return error_errno(err, "%s %s", what, target->text);
    }
}

static int connect_to(const struct target *target, int *out_fd, struct error *err)
{
    _cleanup_close_ int fd =
        socket(target->address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int result = 0;
    socklen_t size = sizeof(result);

    if (fd < 0)
        return error_errno(err, "make a socket");
    if (connect(fd, &target->address.any, target->size) < 0) {
        if (errno != EINPROGRESS)
            return error_errno(err, "connect to %s", target->text);
        if (wait_for(target, fd, POLLOUT, "connect to", err) < 0)
            return -1;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) < 0)
            return error_errno(err, "connect to %s", target->text);
        if (result != 0)
            return error_number(err, result, "connect to %s", target->text);
    }
    *out_fd = take_fd(&fd);
    return 0;
}

/* The request is small enough for an empty socket buffer to take it whole. */
static int ask(const struct probe *probe, const struct target *target, int fd, struct error *err)
{
    char request[PROBE_PATH_SIZE + 128];
    int n =
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: " PROBE_COMMAND "\r\nConnection: close\r\n\r\n",
                 probe->path, target->text);
    if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
        return error_errno(err, "send a request to %s", target->text);
    return 0;
}

static int read_status(const struct target *target, int fd, int *out_status, struct error *err)
{
    char answer[HTTP_STATUS_BYTES];
    size_t size = 0;

    for (;;) {
        *out_status = http_status_parse(answer, size);
        if (*out_status == HTTP_STATUS_INVALID)
            return error_set(err, ERROR_INPUT, "%s does not answer in HTTP/1", target->text);
        if (*out_status != HTTP_STATUS_MORE)
            return 0;
        if (wait_for(target, fd, POLLIN, "read the answer of", err) < 0)
            return -1;
        ssize_t n = recv(fd, answer + size, sizeof(answer) - size, 0);
        if (n == 0)
            return error_set(err, ERROR_INPUT, "%s ends the connection without an answer", target->text);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return error_errno(err, "read the answer of %s", target->text);
        size += n > 0 ? (size_t)n : 0;
    }
}

int probe_guest(const struct probe *probe, const struct net_interface *interface, struct error *err)
{
    _cleanup_close_ int fd = -1;
    struct target target;
    int status;

    if (find_target(probe, interface, &target, err) < 0 || connect_to(&target, &fd, err) < 0)
        return -1;
    if (probe->kind == PROBE_TCP)
        return 0;
    if (ask(probe, &target, fd, err) < 0 || read_status(&target, fd, &status, err) < 0)
        return -1;
    if (status < 200 || status >= 400)
        return error_set(err, ERROR_STATE, "%s answers GET %s with status %d", target.text, probe->path,
                         status);
    return 0;
}
