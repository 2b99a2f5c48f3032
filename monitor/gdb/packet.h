/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of gdb's remote protocol ("Debugging with GDB", appendix E.1): `$`, the payload, `#`, two digits of
 * a checksum. Pure functions over bytes, which come from whoever has connected.
 */
#ifndef GDB_PACKET_H
#define GDB_PACKET_H

#include <stddef.h>
#include <stdint.h>

/* The longest payload, in either direction, as it is before it is escaped. */
#define PACKET_SIZE 4096u

/* The longest packet: every byte escaped, and what is around it. */
#define PACKET_FRAME_SIZE (2 * PACKET_SIZE + 4)

enum packet_event {
    PACKET_PENDING = 0, /* more bytes are needed */
    PACKET_COMPLETE,    /* the payload is in the reader until the next byte is fed */
    PACKET_CORRUPT,     /* wrong checksum, or too long */
    PACKET_REFUSED,     /* `-`: the other side wants the last packet again */
    PACKET_INTERRUPT    /* byte 3, Ctrl-C */
};

enum packet_state { PACKET_OUTSIDE = 0, PACKET_PAYLOAD, PACKET_ESCAPED, PACKET_SUM_HIGH, PACKET_SUM_LOW };

/* Zeroed: between packets. */
struct packet_reader {
    enum packet_state state;
    size_t size;                            /* of the payload; more than PACKET_SIZE: too long, and cut */
    uint8_t sum;                            /* of what came */
    uint8_t expected;                       /* what the packet says of it */
    unsigned char payload[PACKET_SIZE + 1]; /* unescaped, and a NUL behind it */
};

enum packet_event packet_feed(struct packet_reader *reader, uint8_t byte);

/* Makes a packet of size <= PACKET_SIZE bytes. out has PACKET_FRAME_SIZE bytes. Returns the packet's length.
 */
size_t packet_make(const void *payload, size_t size, char *out);

#endif
