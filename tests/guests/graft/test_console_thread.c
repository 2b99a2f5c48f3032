/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that writes what a guest gathers, in a monitor as the runtime launches it: what it may do, that
 * it sleeps when there is nothing to do, and that it takes the signals.
 *
 * usage: test_console_thread MONITOR GUEST, where GUEST writes "last words" in a line and does not exit again
 */
#include "launcher.h"
#include "traced_call.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREAD_NAME       "wherry-console"
#define LAST_WORDS        "last words\n"
#define EXIT_REFUSED_CALL 159

static const char *monitor_path, *guest_path;
static struct launched launched;
static char output[4096];
static size_t output_size;

static bool ends_with(const char *text)
{
    size_t size = strlen(text);
    return output_size >= size && memcmp(output + output_size - size, text, size) == 0;
}

/* Until the text comes; false when nothing more does. */
static bool read_to(const char *text)
{
    ssize_t n;
    while (!ends_with(text) &&
           (n = read(launched.output_fd, output + output_size, sizeof(output) - 1 - output_size)) > 0)
        output_size += (size_t)n;
    output[output_size] = '\0';
    return ends_with(text);
}

static void given_a_guest_that_never_exits(void)
{
    output_size = 0;
    launcher_launch(monitor_path, guest_path, &launched);
    launcher_start(&launched);
    ck_assert(read_to(LAST_WORDS));
}

static void end_guest(void)
{
    kill(launched.pid, SIGKILL);
    waitpid(launched.pid, NULL, 0);
    close(launched.output_fd);
}

static void expect_end(int status)
{
    int got = launcher_wait(&launched);
    ck_assert(WIFEXITED(got));
    ck_assert_int_eq(WEXITSTATUS(got), status);
}

static pid_t find_thread(void)
{
    char path[64], comm[32];
    pid_t found = 0;

    snprintf(path, sizeof(path), "/proc/%d/task", launched.pid);
    DIR *d = opendir(path);
    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/comm", launched.pid, e->d_name);
        FILE *f = fopen(path, "re");
        if (f == NULL)
            continue;
        if (fgets(comm, sizeof(comm), f) != NULL && strcmp(comm, THREAD_NAME "\n") == 0)
            found = atoi(e->d_name);
        fclose(f);
    }
    closedir(d);
    ck_assert_int_ne(found, 0);
    return found;
}

/* A file of the thread's in /proc. */
static void read_file(const char *name, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", launched.pid, find_thread(), name);
    FILE *f = fopen(path, "re");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(out, 1, size - 1, f);
    out[n] = '\0';
    fclose(f);
}

START_TEST(it_has_no_rights)
{
    static const char *const lines[] = {"CapInh:\t0000000000000000\n",
                                        "CapPrm:\t0000000000000000\n",
                                        "CapEff:\t0000000000000000\n",
                                        "CapBnd:\t0000000000000000\n",
                                        "CapAmb:\t0000000000000000\n",
                                        "NoNewPrivs:\t1\n",
                                        "Seccomp:\t2\n",
                                        "Seccomp_filters:\t2\n"};
    char status[8192];
    read_file("status", status, sizeof(status));
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        ck_assert_msg(strstr(status, lines[i]) != NULL, "not %s", lines[i]);
}
END_TEST

/* Sooner or later: on a busy machine its looks take their time. */
START_TEST(it_sleeps_while_the_guest_is_silent)
{
    char before[256] = "", after[256];
    for (unsigned i = 0; i < 50; i++) {
        usleep(20000);
        read_file("schedstat", after, sizeof(after));
        if (strcmp(before, after) == 0)
            break;
        strcpy(before, after);
    }
    usleep(200000);
    read_file("schedstat", after, sizeof(after));
    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(signals_end_the_container)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGALRM, 34, 64};
    kill(launched.pid, signals[_i]);
    expect_end(128 + signals[_i]);
    ck_assert(!read_to("anything more"));
}
END_TEST

/* Right after the start, while the guest still writes and the thread watches. */
START_TEST(a_signal_at_any_moment_loses_nothing)
{
    output_size = 0;
    launcher_launch(monitor_path, guest_path, &launched);
    launcher_start(&launched);
    usleep(1u << _i);
    kill(launched.pid, SIGTERM);
    expect_end(128 + SIGTERM);
    read_to("more");
    /* Whole writes: of 20 times "words", and the last. */
    char expected[256] = "";
    for (unsigned i = 0; i < 20; i++)
        strcat(expected, "words\n");
    strcat(expected, LAST_WORDS);
    ck_assert_msg(strncmp(expected, output, output_size) == 0, "%s", output);
    ck_assert(output_size == 0 || output[output_size - 1] == '\n');
    close(launched.output_fd);
}
END_TEST

static const struct {
    const char *what;
    long number;
    uint64_t arguments[6];
} refused[] = {
    {"getpid", SYS_getpid, {0}},
    {"openat", SYS_openat, {(uint64_t)-100, 0, 0}},
    {"clone", SYS_clone, {SIGCHLD}},
    {"executable memory", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull, 0}},
    {"KVM_RUN", SYS_ioctl, {4, 0xae80, 0}},
    {"waiting for two descriptors", SYS_ppoll, {0, 2, 0, 0}},
    {"another signal mask", SYS_ppoll, {0, 1, 0, 8}},
    {"the clock", SYS_clock_gettime, {0, 0}},
    {"writing to standard input", SYS_pwritev2, {0, 0, 1, ~0ull, ~0ull, 0}},
    {"two buffers at once", SYS_pwritev2, {1, 0, 2, ~0ull, ~0ull, 0}},
    {"reading from standard input", SYS_read, {0, 0, 1}},
    {"a thread's end", SYS_exit, {0}},
    {"a futex", SYS_futex, {0, 0, 0}},
    {"a signal's return", SYS_rt_sigreturn, {0}},
    {"a status of more than a byte", SYS_exit_group, {256}},
};

START_TEST(a_call_that_it_does_not_need_ends_the_process_with_a_report)
{
    char expected[96];

    ck_assert_msg(traced_call_inject(find_thread(), refused[_i].number, refused[_i].arguments) == 0, "%s: %s",
                  refused[_i].what, strerror(errno));
    snprintf(expected, sizeof(expected), "seccomp: system call %ld with", refused[_i].number);
    expect_end(EXIT_REFUSED_CALL);
    read_to("of this process\n");
    ck_assert_msg(strstr(output, expected) != NULL, "%s: %s", refused[_i].what, output);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: test_console_thread MONITOR GUEST\n");
        return EXIT_FAILURE;
    }
    monitor_path = argv[1];
    guest_path = argv[2];
    if (geteuid() != 0 || access("/dev/kvm", R_OK | W_OK) < 0) {
        printf("skipped: needs root and /dev/kvm\n");
        return 77;
    }

    Suite *suite = suite_create("console_thread");
    TCase *t = unit_case(suite, "a guest that never exits");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, given_a_guest_that_never_exits, end_guest);
    tcase_add_test(t, it_has_no_rights);
    tcase_add_test(t, it_sleeps_while_the_guest_is_silent);
    tcase_add_loop_test(t, signals_end_the_container, 0, 7);
    tcase_add_loop_test(t, a_call_that_it_does_not_need_ends_the_process_with_a_report, 0,
                        sizeof(refused) / sizeof(refused[0]));
    TCase *start = unit_case(suite, "a guest that starts");
    tcase_set_timeout(start, 30);
    tcase_add_loop_test(start, a_signal_at_any_moment_loses_nothing, 0, 16);
    return unit_run(suite);
}
