/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of gdb/packet.h and gdb/hex.h. */
#include "gdb/hex.h"
#include "gdb/packet.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct packet_reader reader;

/* Feeds all of text, and returns the last event. */
static enum packet_event feed(const char *text, size_t size)
{
    enum packet_event event = PACKET_PENDING;
    for (size_t i = 0; i < size; i++)
        event = packet_feed(&reader, (uint8_t)text[i]);
    return event;
}

static enum packet_event feed_text(const char *text)
{
    return feed(text, strlen(text));
}

static void given_a_fresh_reader(void)
{
    reader = (struct packet_reader){0};
}

START_TEST(a_packet_is_found_between_other_bytes)
{
    ck_assert_int_eq(feed_text("+++$qC#b4"), PACKET_COMPLETE);
    ck_assert_str_eq((const char *)reader.payload, "qC");
    ck_assert_uint_eq(reader.size, 2);
    ck_assert_int_eq(feed_text("$#00"), PACKET_COMPLETE);
    ck_assert_uint_eq(reader.size, 0);
}
END_TEST

START_TEST(a_wrong_checksum_is_noticed)
{
    ck_assert_int_eq(feed_text("$qC#b5"), PACKET_CORRUPT);
    ck_assert_int_eq(feed_text("$qC#x"), PACKET_CORRUPT);
    ck_assert_int_eq(feed_text("$qC#bx"), PACKET_CORRUPT);
    ck_assert_int_eq(feed_text("$qC#b4"), PACKET_COMPLETE);
}
END_TEST

START_TEST(a_packet_that_begins_in_another_replaces_it)
{
    ck_assert_int_eq(feed_text("$lost$qC#b4"), PACKET_COMPLETE);
    ck_assert_str_eq((const char *)reader.payload, "qC");
}
END_TEST

START_TEST(escaped_bytes_come_back)
{
    /* '#', '$', '}' in the payload; the sum is that of the bytes as they are sent */
    ck_assert_int_eq(feed_text("$}\x03}\x04}]#db"), PACKET_COMPLETE);
    ck_assert_uint_eq(reader.size, 3);
    ck_assert_int_eq(memcmp(reader.payload, "#$}", 3), 0);
}
END_TEST

START_TEST(what_is_made_is_read_back)
{
    static char framed[PACKET_FRAME_SIZE];
    unsigned char payload[256];

    for (unsigned i = 0; i < sizeof(payload); i++)
        payload[i] = (unsigned char)i;
    size_t size = packet_make(payload, sizeof(payload), framed);
    ck_assert_int_eq(feed(framed, size), PACKET_COMPLETE);
    ck_assert_uint_eq(reader.size, sizeof(payload));
    ck_assert_int_eq(memcmp(reader.payload, payload, sizeof(payload)), 0);
}
END_TEST

START_TEST(the_longest_packet_passes_and_a_longer_one_does_not)
{
    static char payload[PACKET_SIZE], framed[PACKET_FRAME_SIZE + 1];

    memset(payload, '#', sizeof(payload));
    size_t size = packet_make(payload, sizeof(payload), framed);
    ck_assert_uint_eq(size, PACKET_FRAME_SIZE);
    ck_assert_int_eq(feed(framed, size), PACKET_COMPLETE);
    ck_assert_uint_eq(reader.size, PACKET_SIZE);

    feed_text("$");
    for (unsigned i = 0; i < 3 * PACKET_SIZE; i++)
        ck_assert_int_eq(feed_text("x"), PACKET_PENDING);
    ck_assert_int_eq(feed_text("#00"), PACKET_CORRUPT);
}
END_TEST

START_TEST(an_interrupt_and_a_refusal_stand_alone)
{
    ck_assert_int_eq(feed_text("\x03"), PACKET_INTERRUPT);
    ck_assert_int_eq(feed_text("-"), PACKET_REFUSED);
    ck_assert_int_eq(feed_text("+"), PACKET_PENDING);
    ck_assert_int_eq(feed_text("$-\x03#30"), PACKET_COMPLETE);
}
END_TEST

START_TEST(numbers_end_where_digits_do_and_have_64_bits)
{
    const char *text = "fFffffffFFFFffff,1";
    uint64_t value;

    ck_assert(hex_scan(&text, &value));
    ck_assert_uint_eq(value, UINT64_MAX);
    ck_assert_str_eq(text, ",1");
    ck_assert(!hex_scan(&text, &value));
    text = "10000000000000000";
    ck_assert(!hex_scan(&text, &value));
}
END_TEST

START_TEST(digits_become_bytes_or_nothing)
{
    uint8_t bytes[2];

    ck_assert(hex_decode("1aF0", bytes, 2));
    ck_assert_uint_eq(bytes[0], 0x1a);
    ck_assert_uint_eq(bytes[1], 0xf0);
    ck_assert(!hex_decode("1", bytes, 1));
    ck_assert(!hex_decode("g0", bytes, 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gdb_packet");
    TCase *packet = unit_case(suite, "packet");
    tcase_add_checked_fixture(packet, given_a_fresh_reader, NULL);
    tcase_add_test(packet, a_packet_is_found_between_other_bytes);
    tcase_add_test(packet, a_wrong_checksum_is_noticed);
    tcase_add_test(packet, a_packet_that_begins_in_another_replaces_it);
    tcase_add_test(packet, escaped_bytes_come_back);
    tcase_add_test(packet, what_is_made_is_read_back);
    tcase_add_test(packet, the_longest_packet_passes_and_a_longer_one_does_not);
    tcase_add_test(packet, an_interrupt_and_a_refusal_stand_alone);
    TCase *hex = unit_case(suite, "hex");
    tcase_add_test(hex, numbers_end_where_digits_do_and_have_64_bits);
    tcase_add_test(hex, digits_become_bytes_or_nothing);
    return unit_run(suite);
}
