/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor as a container's process, as the process that waits for it sees it: exit statuses, signals, and
 * what happens between create and start.
 *
 * usage: test_container MONITOR GUESTS, where GUESTS is the directory of the test guests
 */
#include "launcher.h"
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *monitor_path, *guests_path;
static struct launched launched;

static void launch(const char *guest)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/guest_%s", guests_path, guest);
    launcher_launch(monitor_path, path, &launched);
}

/* Reads what the monitor and its guest have printed until both are gone. */
static const char *read_output(void)
{
    static char text[65536];
    size_t size = 0;
    ssize_t n;
    while ((n = read(launched.output_fd, text + size, sizeof(text) - 1 - size)) > 0)
        size += (size_t)n;
    text[size] = '\0';
    close(launched.output_fd);
    return text;
}

static int wait_exit_status(void)
{
    int status = launcher_wait(&launched);
    ck_assert_msg(WIFEXITED(status), "died by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static const struct {
    const char *guest;
    int status;
    const char *output;
} endings[] = {
    {"console_line", 7, "one line, and the end"},
    {"own_handler", 0, ""},
    {"abort", 255, "guest abort"},
    {"write_code", 255, "page fault: writing to"},
    {"halt_cpu", 255, "hlt: nothing could wake it"},
    {"invalid_instruction", 255, "invalid instruction"},
    {"pointer_wrapping", 255, "are not the guest's to use"},
};

START_TEST(the_exit_status_says_how_the_guest_ended)
{
    launch(endings[_i].guest);
    launcher_start(&launched);
    const char *output = read_output();
    ck_assert_int_eq(wait_exit_status(), endings[_i].status);
    ck_assert_msg(strstr(output, endings[_i].output) != NULL, "'%s' lacks '%s'", output, endings[_i].output);
}
END_TEST

static const int ending_signals[] = {SIGTERM, SIGINT,  SIGHUP, SIGQUIT, SIGUSR1,
                                     SIGUSR2, SIGALRM, SIGPWR, 34,      64};

static void expect_end_by(int signum)
{
    struct timespec begin, now;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    ck_assert_int_eq(kill(launched.pid, signum), 0);
    ck_assert_int_eq(wait_exit_status(), 128 + signum);
    clock_gettime(CLOCK_MONOTONIC, &now);
    ck_assert_int_le(now.tv_sec - begin.tv_sec, 2);
    close(launched.output_fd);
}

START_TEST(a_signal_ends_a_guest_in_an_endless_loop)
{
    launch("loop");
    launcher_start(&launched);
    expect_end_by(ending_signals[_i]);
}
END_TEST

START_TEST(a_signal_ends_one_that_has_not_been_started)
{
    launch("loop");
    expect_end_by(ending_signals[_i]);
}
END_TEST

/* The kernel shields a namespace's first process from signals with default actions. */
START_TEST(a_signal_ends_the_first_process_of_a_pid_namespace)
{
    if (unshare(CLONE_NEWPID) < 0) {
        printf("not checked: no PID namespace: %s\n", strerror(errno));
        return;
    }
    launch("loop");
    launcher_start(&launched);
    expect_end_by(ending_signals[_i]);
}
END_TEST

START_TEST(signals_that_are_ignored_by_default_do_not_end_it)
{
    launch("loop");
    launcher_start(&launched);
    kill(launched.pid, SIGCHLD);
    kill(launched.pid, SIGURG);
    kill(launched.pid, SIGWINCH);
    kill(launched.pid, SIGCONT);
    kill(launched.pid, SIGPIPE);
    usleep(100000);
    ck_assert_int_eq(waitpid(launched.pid, NULL, WNOHANG), 0);
    expect_end_by(SIGTERM);
}
END_TEST

static int connect_control(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path + 1, launched.control, strlen(launched.control));
    ck_assert_int_eq(connect(sock, (struct sockaddr *)&address, sizeof(address)), 0);
    return sock;
}

START_TEST(one_who_only_looks_does_not_start_it)
{
    launch("console_line");
    for (unsigned i = 0; i < 3; i++)
        close(connect_control());
    launcher_start(&launched);
    ck_assert_ptr_nonnull(strstr(read_output(), "one line"));
    ck_assert_int_eq(wait_exit_status(), 7);
}
END_TEST

START_TEST(a_bad_start_is_answered_and_ends_it)
{
    struct launch_reply reply;

    launch("console_line");
    int sock = connect_control();
    ck_assert_int_eq(send(sock, "start!", 6, 0), 6);
    ck_assert_int_eq(recv(sock, &reply, sizeof(reply), 0), (ssize_t)sizeof(reply));
    close(sock);
    ck_assert_uint_eq(reply.failed, 1);
    ck_assert_msg(strstr(reply.error.text, "start message: 6 bytes") != NULL, "%s", reply.error.text);
    ck_assert_str_eq(read_output(), "");
    ck_assert_int_eq(wait_exit_status(), 125);
}
END_TEST

START_TEST(a_reader_that_is_gone_does_not_end_the_guest)
{
    launch("console_line");
    close(launched.output_fd);
    launcher_start(&launched);
    ck_assert_int_eq(wait_exit_status(), 7);
}
END_TEST

START_TEST(a_reader_that_has_stopped_does_not_stop_the_guest)
{
    launch("console_flood");
    launcher_start(&launched);
    ck_assert_int_eq(wait_exit_status(), 3);
    ck_assert_ptr_nonnull(strstr(read_output(), "xxxxxxxx"));
}
END_TEST

int main(int argc, char **argv)
{
    enum { N_ENDINGS = sizeof(endings) / sizeof(endings[0]) };
    enum { N_SIGNALS = sizeof(ending_signals) / sizeof(ending_signals[0]) };

    if (argc != 3) {
        fprintf(stderr, "usage: test_container MONITOR GUESTS\n");
        return EXIT_FAILURE;
    }
    if (access("/dev/kvm", R_OK | W_OK) < 0) {
        printf("skipped: /dev/kvm: %s\n", strerror(errno));
        return 77;
    }
    monitor_path = argv[1];
    guests_path = argv[2];

    Suite *suite = suite_create("container");
    TCase *t = unit_case(suite, "container");
    tcase_add_loop_test(t, the_exit_status_says_how_the_guest_ended, 0, N_ENDINGS);
    tcase_add_loop_test(t, a_signal_ends_a_guest_in_an_endless_loop, 0, N_SIGNALS);
    tcase_add_loop_test(t, a_signal_ends_one_that_has_not_been_started, 0, N_SIGNALS);
    tcase_add_loop_test(t, a_signal_ends_the_first_process_of_a_pid_namespace, 0, N_SIGNALS);
    tcase_add_test(t, signals_that_are_ignored_by_default_do_not_end_it);
    tcase_add_test(t, one_who_only_looks_does_not_start_it);
    tcase_add_test(t, a_bad_start_is_answered_and_ends_it);
    tcase_add_test(t, a_reader_that_is_gone_does_not_end_the_guest);
    tcase_add_test(t, a_reader_that_has_stopped_does_not_stop_the_guest);
    return unit_run(suite);
}
