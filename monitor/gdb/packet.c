/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/packet.h"

#include "gdb/hex.h"

#include <stdbool.h>

#define ESCAPE      '}'
#define ESCAPE_FLIP 0x20

static void begin(struct packet_reader *r)
{
    r->state = PACKET_PAYLOAD;
    r->size = 0;
    r->sum = 0;
}

static void add(struct packet_reader *r, uint8_t byte)
{
    if (r->size < PACKET_SIZE)
        r->payload[r->size] = byte;
    if (r->size <= PACKET_SIZE)
        r->size++;
}

static enum packet_event finish(struct packet_reader *r, int low)
{
    r->state = PACKET_OUTSIDE;
    if (low < 0 || r->size > PACKET_SIZE || (uint8_t)(r->expected << 4 | low) != r->sum)
        return PACKET_CORRUPT;
    r->payload[r->size] = '\0';
    return PACKET_COMPLETE;
}

static enum packet_event feed_outside(struct packet_reader *r, uint8_t byte)
{
    if (byte == '$')
        begin(r);
    else if (byte == '-')
        return PACKET_REFUSED;
    else if (byte == 3)
        return PACKET_INTERRUPT;
    return PACKET_PENDING;
}

static enum packet_event feed_payload(struct packet_reader *r, uint8_t byte)
{
    if (byte == '#') {
        r->state = PACKET_SUM_HIGH;
        return PACKET_PENDING;
    }
    /* An unescaped `$` in a packet: the rest of the one before it has been lost. */
    if (byte == '$') {
        begin(r);
        return PACKET_PENDING;
    }
    r->sum = (uint8_t)(r->sum + byte);
    if (byte == ESCAPE)
        r->state = PACKET_ESCAPED;
    else
        add(r, byte);
    return PACKET_PENDING;
}

enum packet_event packet_feed(struct packet_reader *reader, uint8_t byte)
{
    switch (reader->state) {
    case PACKET_OUTSIDE:
        return feed_outside(reader, byte);
    case PACKET_PAYLOAD:
        return feed_payload(reader, byte);
    case PACKET_ESCAPED:
        reader->sum = (uint8_t)(reader->sum + byte);
        add(reader, byte ^ ESCAPE_FLIP);
        reader->state = PACKET_PAYLOAD;
        return PACKET_PENDING;
    case PACKET_SUM_HIGH:
        /* A byte that is no digit makes the sum wrong only by chance, so it must not be taken for one. */
        reader->expected = (uint8_t)hex_digit((char)byte);
        if (hex_digit((char)byte) < 0) {
            reader->state = PACKET_OUTSIDE;
            return PACKET_CORRUPT;
        }
        reader->state = PACKET_SUM_LOW;
        return PACKET_PENDING;
    case PACKET_SUM_LOW:
        return finish(reader, hex_digit((char)byte));
    }
    return PACKET_PENDING;
}

/* `*` stands for repetition in what a stub sends. */
static bool must_escape(uint8_t byte)
{
    return byte == '$' || byte == '#' || byte == ESCAPE || byte == '*';
}

size_t packet_make(const void *payload, size_t size, char *out)
{
    const uint8_t *bytes = payload;
    uint8_t sum = 0;
    size_t n = 0;

    out[n++] = '$';
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = bytes[i];
        if (must_escape(byte)) {
            out[n++] = ESCAPE;
            sum += ESCAPE;
            byte ^= ESCAPE_FLIP;
        }
        out[n++] = (char)byte;
        sum = (uint8_t)(sum + byte);
    }
    out[n++] = '#';
    hex_encode(&sum, 1, out + n);
    return n + 2;
}
