/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger's connection: TCP on the loopback interface only, as whoever connects owns the guest. Packets in
 * and out, acknowledged as long as both sides want that.
 *
 * While the guest runs nobody reads: the kernel tells by SIGIO that something has come
 * (connection_call_on_input()).
 */
#ifndef GDB_CONNECTION_H
#define GDB_CONNECTION_H

#include "base/error.h"
#include "gdb/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum connection_event {
    CONNECTION_CLOSED = 0,
    CONNECTION_PACKET,   /* its payload is in reader */
    CONNECTION_INTERRUPT /* Ctrl-C */
};

struct connection {
    int fd;
    bool has_no_acks;
    struct packet_reader reader;
    size_t last_size; /* the last packet that was sent, to be sent again on demand */
    char last[PACKET_FRAME_SIZE];
};

/* Listens on a port (0: any that is free), says on stderr how to connect, and waits for who does. */
int connection_open(uint16_t port, struct connection *out, struct error *err);

/* Waits for the next event. */
enum connection_event connection_receive(struct connection *connection);

/*
 * Whether, while the guest ran, Ctrl-C was pressed or the debugger has gone: without waiting.
 * CONNECTION_PACKET when there is nothing of the kind.
 */
enum connection_event connection_look(struct connection *connection);

/* Sends size <= PACKET_SIZE bytes as a packet. A connection that breaks is noticed when it is read. */
void connection_send(struct connection *connection, const void *payload, size_t size);

/* Lets input raise SIGIO in the calling thread. */
int connection_call_on_input(const struct connection *connection, struct error *err);

void connection_close(struct connection *connection);

#endif
