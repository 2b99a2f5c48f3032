/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/connection.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(uint16_t port, struct sockaddr_in *address, struct error *err)
{
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof(*address);
    const int yes = 1;

    *address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    if (fd < 0)
        return error_errno(err, "make a socket for the debugger");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
        bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 || listen(fd, 1) < 0 ||
        getsockname(fd, (struct sockaddr *)address, &size) < 0)
        return error_errno(err, "listen for a debugger on port %u", port);
    return take_fd(&fd);
}

int connection_open(uint16_t port, struct connection *out, struct error *err)
{
    struct sockaddr_in address;
    const int yes = 1;
    _cleanup_close_ int listening = listen_on(port, &address, err);

    if (listening < 0)
        return -1;
    fprintf(stderr,
            "wherry-monitor-debug: Waiting for a debugger. Connect to it like this:\n"
            "wherry-monitor-debug:     gdb --ex=\"target remote localhost:%u\" UNIKERNEL\n",
            ntohs(address.sin_port));
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "wait for a debugger");
    /* Commands are short, and each waits for its answer. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    *out = (struct connection){.fd = fd};
    return 0;
}

static void send_bytes(const struct connection *c, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(c->fd, bytes, size, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        bytes += n;
        size -= (size_t)n;
    }
}

void connection_send(struct connection *connection, const void *payload, size_t size)
{
    connection->last_size = packet_make(payload, size, connection->last);
    send_bytes(connection, connection->last, connection->last_size);
}

/* What a byte means for the connection. CONNECTION_CLOSED here: nothing yet. */
static enum connection_event feed(struct connection *c, uint8_t byte)
{
    switch (packet_feed(&c->reader, byte)) {
    case PACKET_COMPLETE:
        if (!c->has_no_acks)
            send_bytes(c, "+", 1);
        return CONNECTION_PACKET;
    case PACKET_CORRUPT:
        if (!c->has_no_acks)
            send_bytes(c, "-", 1);
        break;
    case PACKET_REFUSED:
        if (!c->has_no_acks)
            send_bytes(c, c->last, c->last_size);
        break;
    case PACKET_INTERRUPT:
        return CONNECTION_INTERRUPT;
    case PACKET_PENDING:
        break;
    }
    return CONNECTION_CLOSED;
}

/* One byte at a time: what follows a packet stays in the socket until it is asked for. */
enum connection_event connection_receive(struct connection *connection)
{
    for (;;) {
        uint8_t byte;
        ssize_t n = recv(connection->fd, &byte, sizeof(byte), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return CONNECTION_CLOSED;
        enum connection_event event = feed(connection, byte);
        if (event != CONNECTION_CLOSED)
            return event;
    }
}

/* Only Ctrl-C and acknowledgements are sent to a guest that runs; everything else waits until it stands. */
enum connection_event connection_look(struct connection *connection)
{
    for (;;) {
        uint8_t byte;
        ssize_t n = recv(connection->fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_PEEK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return CONNECTION_PACKET;
        if (n <= 0)
            return CONNECTION_CLOSED;
        if (byte == '$')
            return CONNECTION_PACKET;
        (void)!recv(connection->fd, &byte, sizeof(byte), MSG_DONTWAIT);
        if (feed(connection, byte) == CONNECTION_INTERRUPT)
            return CONNECTION_INTERRUPT;
    }
}

int connection_call_on_input(const struct connection *connection, struct error *err)
{
    const struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = gettid()};
    int flags = fcntl(connection->fd, F_GETFL);

    if (fcntl(connection->fd, F_SETOWN_EX, &owner) < 0 || flags < 0 ||
        fcntl(connection->fd, F_SETFL, flags | O_ASYNC) < 0)
        return error_errno(err, "watch the debugger's connection");
    return 0;
}

void connection_close(struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
}
