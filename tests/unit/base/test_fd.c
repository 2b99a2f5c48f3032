/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2];

static void make_pair(int type)
{
    ck_assert_int_eq(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
}

static void close_pair(void)
{
    close(pair[0]);
    close(pair[1]);
}

START_TEST(exact_read_reports_a_short_source)
{
    struct error err = {0};
    char buf[8];
    make_pair(SOCK_STREAM);
    ck_assert_ok(fd_write_all(pair[0], "abc", 3, "pair", &err), err);
    shutdown(pair[0], SHUT_WR);
    ck_assert_fails(fd_read_exactly(pair[1], buf, sizeof(buf), "the pair", &err), err, ERROR_INPUT,
                    "read the pair: ends after 3 of 8 bytes");
    close_pair();
}
END_TEST

START_TEST(read_all_stops_at_the_limit)
{
    struct error err = {0};
    char *data = NULL;
    size_t size = 0;
    make_pair(SOCK_STREAM);
    ck_assert_ok(fd_write_all(pair[0], "0123456789", 10, "pair", &err), err);
    shutdown(pair[0], SHUT_WR);
    ck_assert_fails(fd_read_all(pair[1], 9, &data, &size, "it", &err), err, ERROR_INPUT,
                    "longer than 9 bytes");
    ck_assert_ptr_null(data);
    close_pair();
}
END_TEST

START_TEST(read_all_terminates_what_it_read)
{
    struct error err = {0};
    char *data = NULL;
    size_t size = 0;
    make_pair(SOCK_STREAM);
    ck_assert_ok(fd_write_all(pair[0], "0123456789", 10, "pair", &err), err);
    shutdown(pair[0], SHUT_WR);
    ck_assert_ok(fd_read_all(pair[1], 10, &data, &size, "it", &err), err);
    ck_assert_uint_eq(size, 10);
    ck_assert_str_eq(data, "0123456789");
    free(data);
    close_pair();
}
END_TEST

START_TEST(offsets_of_a_file_are_read_and_written_whole)
{
    struct error err = {0};
    char buf[4];
    int fd = memfd_create("file", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_ok(fd_write_all_at(fd, "456789", 6, 4, "it", &err), err);
    ck_assert_ok(fd_write_all_at(fd, "0123", 4, 0, "it", &err), err);
    ck_assert_ok(fd_read_exactly_at(fd, buf, 4, 6, "it", &err), err);
    ck_assert_mem_eq(buf, "6789", 4);
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
    ck_assert_fails(fd_read_exactly_at(fd, buf, 4, 7, "it", &err), err, ERROR_INPUT,
                    "read it: ends after 3 of 4 bytes");
    close(fd);
    ck_assert_fails(fd_read_exactly_at(fd, buf, 4, 0, "it", &err), err, ERROR_SYSTEM, "read it: ");
    ck_assert_fails(fd_write_all_at(fd, buf, 4, 0, "it", &err), err, ERROR_SYSTEM, "write it: ");
}
END_TEST

START_TEST(descriptors_travel_with_a_message)
{
    struct error err = {0};
    char buf[16];
    int got[2] = {-1, -1};
    size_t size = 0, n = 0;
    make_pair(SOCK_SEQPACKET);
    int sent[2] = {pair[0], pair[1]};
    ck_assert_ok(fd_send(pair[0], "hi", 2, sent, 2, &err), err);
    ck_assert_ok(fd_receive(pair[1], buf, sizeof(buf), &size, got, 2, &n, &err), err);
    ck_assert_uint_eq(size, 2);
    ck_assert_uint_eq(n, 2);
    ck_assert_int_ne(fcntl(got[0], F_GETFD) & FD_CLOEXEC, 0);
    close(got[0]);
    close(got[1]);
    close_pair();
}
END_TEST

START_TEST(too_many_descriptors_are_refused_and_closed)
{
    struct error err = {0};
    char buf[16];
    int got[1];
    size_t size = 0, n = 0;
    make_pair(SOCK_SEQPACKET);
    int sent[2] = {pair[0], pair[1]};
    ck_assert_ok(fd_send(pair[0], "hi", 2, sent, 2, &err), err);
    ck_assert_fails(fd_receive(pair[1], buf, sizeof(buf), &size, got, 1, &n, &err), err, ERROR_INPUT,
                    "more than 1 descriptors");
    close_pair();
}
END_TEST

START_TEST(a_long_message_is_refused)
{
    struct error err = {0};
    char buf[2];
    size_t size = 0, n = 0;
    make_pair(SOCK_SEQPACKET);
    ck_assert_ok(fd_send(pair[0], "long", 4, NULL, 0, &err), err);
    ck_assert_fails(fd_receive(pair[1], buf, sizeof(buf), &size, NULL, 0, &n, &err), err, ERROR_INPUT,
                    "longer than 2 bytes");
    close_pair();
}
END_TEST

START_TEST(a_closed_socket_reads_as_an_empty_message)
{
    struct error err = {0};
    char buf[2];
    size_t size = 7, n = 7;
    make_pair(SOCK_SEQPACKET);
    shutdown(pair[0], SHUT_WR);
    ck_assert_ok(fd_receive(pair[1], buf, sizeof(buf), &size, NULL, 0, &n, &err), err);
    ck_assert_uint_eq(size, 0);
    close_pair();
}
END_TEST

START_TEST(holes_are_measured)
{
    struct error err = {0};
    const uint64_t mib = 1u << 20;
    int fd = memfd_create("holes", MFD_CLOEXEC);
    ck_assert_int_eq(ftruncate(fd, (off_t)(8 * mib)), 0);
    ck_assert_ok(fd_write_all_at(fd, "x", 1, 4 * mib, "file", &err), err);
    ck_assert_uint_eq(fd_hole_size(fd, 0, 8 * mib), 4 * mib);
    ck_assert_uint_eq(fd_hole_size(fd, mib, 8 * mib), 3 * mib);
    ck_assert_uint_eq(fd_hole_size(fd, 0, mib), mib);
    ck_assert_uint_eq(fd_hole_size(fd, 4 * mib, mib), 0);
    ck_assert_uint_eq(fd_hole_size(fd, 7 * mib, 8 * mib), mib); /* to its end */
    ck_assert_uint_eq(fd_hole_size(fd, 8 * mib, mib), 0);
    close(fd);
    make_pair(SOCK_STREAM);
    ck_assert_uint_eq(fd_hole_size(pair[0], 0, mib), 0);
    close_pair();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fd");
    TCase *t = unit_case(suite, "fd");
    tcase_add_test(t, exact_read_reports_a_short_source);
    tcase_add_test(t, read_all_stops_at_the_limit);
    tcase_add_test(t, read_all_terminates_what_it_read);
    tcase_add_test(t, offsets_of_a_file_are_read_and_written_whole);
    tcase_add_test(t, holes_are_measured);
    tcase_add_test(t, descriptors_travel_with_a_message);
    tcase_add_test(t, too_many_descriptors_are_refused_and_closed);
    tcase_add_test(t, a_long_message_is_refused);
    tcase_add_test(t, a_closed_socket_reads_as_an_empty_message);
    return unit_run(suite);
}
