/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.h and console_ring.h: what was gathered comes out whole, once and in order, before what is written
 * otherwise, and a guest that breaks the rules is found out.
 */
#include "console.h"
#include "unit.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct graft_console shared;
static struct console console;
static _Atomic uint64_t ring_bytes;
static int fds[2];
static char text[GRAFT_CONSOLE_BYTES];

static void given_a_console(void)
{
    memset(&shared, 0, sizeof(shared));
    ring_bytes = 0;
    ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
    console_init(&console, fds[1]);
    console_attach(&console, &shared, &ring_bytes);
}

static void close_console(void)
{
    close(fds[0]);
    close(fds[1]);
}

/* As a guest does, one byte after the other. */
static void gather(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        shared.bytes[(shared.tail + i) % GRAFT_CONSOLE_BYTES] = (unsigned char)bytes[i];
    shared.tail = shared.tail + size;
}

static size_t read_all(char *out, size_t size)
{
    ssize_t n = read(fds[0], out, size);
    return n > 0 ? (size_t)n : 0;
}

START_TEST(what_was_gathered_comes_out_first)
{
    char out[64] = {0};
    gather("one, ", 5);
    gather("two, ", 5);
    console_write(&console, "three", 5);
    gather(", four", 6);
    ck_assert(console_flush(&console));
    ck_assert_uint_eq(read_all(out, sizeof(out)), 21);
    ck_assert_str_eq(out, "one, two, three, four");
    ck_assert_uint_eq(shared.head, 16);
    ck_assert_uint_eq(ring_bytes, 16);
}
END_TEST

START_TEST(nothing_comes_out_twice)
{
    char out[8];
    gather("once", 4);
    ck_assert(console_flush(&console));
    ck_assert(console_flush(&console));
    ck_assert_uint_eq(read_all(out, sizeof(out)), 4);
    ck_assert(!console_ring_has_more(&console.ring));
}
END_TEST

START_TEST(a_full_ring_comes_out_whole_wherever_it_begins)
{
    static char out[GRAFT_CONSOLE_BYTES];
    const uint64_t starts[] = {0, 1, GRAFT_CONSOLE_BYTES - 1, 7 * GRAFT_CONSOLE_BYTES + 5000,
                               UINT64_MAX - 100};

    shared.tail = shared.head = starts[_i];
    atomic_store(&console.ring.head, starts[_i]);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 71 == 70 ? '\n' : (char)('a' + i % 26);
    gather(text, sizeof(text));
    ck_assert(console_flush(&console));
    ck_assert_uint_eq(read_all(out, sizeof(out)), sizeof(out));
    ck_assert_mem_eq(out, text, sizeof(text));
}
END_TEST

START_TEST(pieces_end_where_lines_do)
{
    char out[16];
    gather("a line\nanother line\n", 20);
    ck_assert_uint_eq(console_ring_peek(&console.ring, out, 10), 7);
    ck_assert_uint_eq(console_ring_peek(&console.ring, out, 6), 6); /* no line is so short */
    console_ring_drop(&console.ring, 7);
    ck_assert_uint_eq(console_ring_peek(&console.ring, out, 16), 13);
    ck_assert_mem_eq(out, "another line\n", 13);
}
END_TEST

START_TEST(more_than_there_is_room_for_is_refused)
{
    const uint64_t tails[] = {GRAFT_CONSOLE_BYTES + 1, UINT64_MAX, 1ull << 63};
    char out[8];
    shared.tail = tails[_i];
    ck_assert(!console_flush(&console));
    ck_assert_uint_eq(console_ring_peek(&console.ring, out, sizeof(out)), SIZE_MAX);
    ck_assert_uint_eq(read_all(out, sizeof(out)), 0);
}
END_TEST

START_TEST(the_guest_s_word_for_what_was_taken_is_not_believed)
{
    char out[8] = {0};
    gather("abc", 3);
    shared.head = 2;
    ck_assert(console_flush(&console));
    ck_assert_uint_eq(read_all(out, sizeof(out)), 3);
    ck_assert_uint_eq(shared.head, 3);
}
END_TEST

/* Two threads at one console: lines do not mix, as the ring's and the others each come in one piece. */
static void *write_lines(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 2000; i++)
        console_write(&console, "by the other thread\n", 20);
    return NULL;
}

static void *count_lines(void *arg)
{
    unsigned *counts = arg;
    char line[64];
    FILE *f = fdopen(dup(fds[0]), "r");

    while (fgets(line, sizeof(line), f) != NULL)
        counts[strcmp(line, "by the other thread\n") == 0 ? 0 : strcmp(line, "gathered\n") == 0 ? 1 : 2]++;
    fclose(f);
    return NULL;
}

START_TEST(two_threads_do_not_mix_lines)
{
    pthread_t writer, reader;
    unsigned counts[3] = {0};

    fcntl(fds[0], F_SETFL, 0);
    ck_assert_int_eq(pthread_create(&reader, NULL, count_lines, counts), 0);
    ck_assert_int_eq(pthread_create(&writer, NULL, write_lines, NULL), 0);
    for (unsigned i = 0; i < 2000; i++) {
        gather("gathered\n", 9);
        ck_assert(console_flush(&console));
    }
    pthread_join(writer, NULL);
    close(fds[1]);
    pthread_join(reader, NULL);
    fds[1] = -1;
    ck_assert_uint_eq(counts[0], 2000);
    ck_assert_uint_eq(counts[1], 2000);
    ck_assert_uint_eq(counts[2], 0);
}
END_TEST

START_TEST(a_console_without_a_ring_has_nothing_gathered)
{
    console_attach(&console, NULL, NULL);
    ck_assert(console_flush(&console));
    ck_assert(!console_ring_has_more(&console.ring));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("console");
    TCase *t = unit_case(suite, "console");
    tcase_add_checked_fixture(t, given_a_console, close_console);
    tcase_add_test(t, what_was_gathered_comes_out_first);
    tcase_add_test(t, nothing_comes_out_twice);
    tcase_add_loop_test(t, a_full_ring_comes_out_whole_wherever_it_begins, 0, 4);
    tcase_add_test(t, pieces_end_where_lines_do);
    tcase_add_loop_test(t, more_than_there_is_room_for_is_refused, 0, 3);
    tcase_add_test(t, the_guest_s_word_for_what_was_taken_is_not_believed);
    tcase_add_test(t, two_threads_do_not_mix_lines);
    tcase_add_test(t, a_console_without_a_ring_has_nothing_gathered);
    return unit_run(suite);
}
