/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network's functions of Solo5's interface, by the monitor's code and by a library of Solo5's kind: the
 * same guest says the same, and the network sees the same. This program is the network.
 *
 * usage: test_graft_net MONITOR GUEST, where GUEST is graft_net.c
 */
#include "launcher.h"
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_SIZE    (1u << 20)
#define PATIENCE_MS 20000

/* Of graft_net.c. */
#define STATUS 6
#define NET    1

static const char *monitor_path, *guest_path;

/* What the guest says and what it sends, in one run. */
struct run {
    struct launched launched;
    int nets[2];
    size_t output_size;
    size_t sent_size[2];
    char output[LOG_SIZE];
    char sent[2][LOG_SIZE];
};

static struct run grafted, plain;

static void start(struct run *run, uint32_t flags)
{
    static const int room = 8 << 20;
    int taps[2];

    for (int i = 0; i < 2; i++) {
        int pair[2];
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
        for (int k = 0; k < 2; k++)
            ck_assert_int_eq(setsockopt(pair[k], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)), 0);
        run->nets[i] = pair[0];
        taps[i] = pair[1];
    }
    launcher_launch_with(monitor_path, guest_path, flags, &run->launched);
    launcher_start_nets(&run->launched, taps);
    close(taps[0]);
    close(taps[1]);
}

static void add(char *log, size_t *size, const void *bytes, size_t n)
{
    ck_assert_uint_lt(*size + n, LOG_SIZE);
    memcpy(log + *size, bytes, n);
    *size += n;
    log[*size] = '\0';
}

/* As asked for by ask_for(). */
static void answer(const struct run *run, const unsigned char *question)
{
    unsigned char frame[2048];
    uint16_t n, size;

    memcpy(&n, question + 2, sizeof(n));
    memcpy(&size, question + 4, sizeof(size));
    for (unsigned i = 0; i < n; i++) {
        memset(frame, (int)i, sizeof(frame));
        ck_assert_msg(send(run->nets[question[1] - NET], frame, size + i, MSG_NOSIGNAL) ==
                          (ssize_t)(size + i),
                      "%u of %u frames: %s: %s", i, n, strerror(errno), run->output);
    }
}

/* One frame of the guest's. False when there will be no more. */
static bool receive(struct run *run, int net)
{
    unsigned char frame[4096] = {0};
    char line[64];
    ssize_t n = recv(run->nets[net], frame, sizeof(frame), 0);

    if (n <= 0)
        return n < 0 && errno == EAGAIN;
    int size = snprintf(line, sizeof(line), "%zd %02x %02x %02x\n", n, frame[0], frame[1], frame[2]);
    add(run->sent[net], &run->sent_size[net], line, (size_t)size);
    if (frame[0] == '?')
        answer(run, frame);
    return true;
}

static bool read_output(struct run *run)
{
    char text[4096];
    ssize_t n = read(run->launched.output_fd, text, sizeof(text));

    if (n > 0)
        add(run->output, &run->output_size, text, (size_t)n);
    return n > 0;
}

static void play(struct run *run, uint32_t flags)
{
    struct pollfd fds[3];

    start(run, flags);
    for (int i = 0; i < 2; i++)
        fds[i] = (struct pollfd){.fd = run->nets[i], .events = POLLIN};
    fds[2] = (struct pollfd){.fd = run->launched.output_fd, .events = POLLIN};
    while (fds[0].fd >= 0 || fds[1].fd >= 0 || fds[2].fd >= 0) {
        ck_assert_msg(poll(fds, 3, PATIENCE_MS) > 0, "the guest waits: %s", run->output);
        for (int i = 0; i < 2; i++)
            if (fds[i].revents != 0 && !receive(run, i))
                fds[i].fd = -1;
        if (fds[2].revents != 0 && !read_output(run))
            fds[2].fd = -1;
    }
    close(run->nets[0]);
    close(run->nets[1]);
    close(run->launched.output_fd);
    int status = launcher_wait(&run->launched);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == STATUS, "status %x: %s", (unsigned)status,
                  run->output);
}

/* Fails with the lines around the first difference: all would be too long for a message. */
static void expect_same(const char *what, const char *left, const char *right)
{
    size_t at = 0;

    while (left[at] != '\0' && left[at] == right[at])
        at++;
    size_t from = at > 100 ? at - 100 : 0;
    ck_assert_msg(left[at] == right[at], "%s differs at byte %zu: '%.200s', not '%.200s'", what, at,
                  left + from, right + from);
}

START_TEST(nothing_differs)
{
    static const char first[] = "grafted\nalike: 1\n", first_plain[] = "as it is\nalike: 1\n";

    play(&grafted, 0);
    play(&plain, LAUNCH_NO_GRAFT);
    ck_assert_msg(strncmp(grafted.output, first, sizeof(first) - 1) == 0, "%s", grafted.output);
    ck_assert_msg(strncmp(plain.output, first_plain, sizeof(first_plain) - 1) == 0, "%s", plain.output);
    expect_same("output", grafted.output + sizeof(first) - 1, plain.output + sizeof(first_plain) - 1);
    expect_same("what \"net\" sends", grafted.sent[0], plain.sent[0]);
    expect_same("what \"other\" sends", grafted.sent[1], plain.sent[1]);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: test_graft_net MONITOR GUEST\n");
        return EXIT_FAILURE;
    }
    monitor_path = argv[1];
    guest_path = argv[2];
    if (geteuid() != 0 || access("/dev/kvm", R_OK | W_OK) < 0) {
        printf("skipped: needs root and /dev/kvm\n");
        return 77;
    }
    Suite *suite = suite_create("graft_net");
    TCase *tests = unit_case(suite, "graft_net");
    tcase_set_timeout(tests, 100);
    tcase_add_test(tests, nothing_differs);
    return unit_run(suite);
}
