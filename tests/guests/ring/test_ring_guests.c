/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network ring between real guests and a real monitor in its box. A pair of sockets takes the tap's
 * place; this program is the network.
 *
 * usage: test_ring_guests MONITOR GUESTS, where GUESTS is the directory of the test guests
 */
#include "launcher.h"
#include "traced_call.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_REFUSED_CALL 159
#define RING_SLOTS        1024
#define FLOOD_ROUNDS      20
#define MANY_FRAMES       5000 /* a few times around the ring */

/* The guest polls once a second. */
#define IDLE_S      5
#define IDLE_NS_MAX 10000000ul
#define IDLE_TRIES  3 /* on a busy machine the last frames have consequences for a while */

static const char *monitor_path, *guests_path;
static struct launched launched;
static int net = -1;

static void start(const char *guest)
{
    static const int room = 8 << 20;
    char path[4096];
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)), 0);
    snprintf(path, sizeof(path), "%s/guest_ring_%s", guests_path, guest);
    launcher_launch(monitor_path, path, &launched);
    launcher_start_net(&launched, pair[1]);
    close(pair[1]);
    net = pair[0];
}

static void end_monitor(void)
{
    close(launched.output_fd);
    close(net);
}

static const char *read_output(void)
{
    static char text[65536];
    size_t size = 0;
    ssize_t n;
    while ((n = read(launched.output_fd, text + size, sizeof(text) - 1 - size)) > 0)
        size += (size_t)n;
    text[size] = '\0';
    return text;
}

static void expect_end(int expected, const char *fragment)
{
    const char *output = read_output();
    int status = launcher_wait(&launched);
    ck_assert_msg(WIFEXITED(status), "died by signal %d: %s", WTERMSIG(status), output);
    ck_assert_msg(WEXITSTATUS(status) == expected, "status %d: %s", WEXITSTATUS(status), output);
    ck_assert_msg(strstr(output, fragment) != NULL, "'%s' lacks '%s'", output, fragment);
    end_monitor();
}

/* The next frame's length; 0 when the guest's side has been closed. */
static ssize_t receive(void *frame, size_t size)
{
    struct pollfd fd = {.fd = net, .events = POLLIN};
    ck_assert_int_eq(poll(&fd, 1, 20000), 1);
    return recv(net, frame, size, 0);
}

static const char *const echoes[] = {"echo", "posted_echo", "kit_echo", "graft_echo"};
#define N_ECHOES     (int)(sizeof(echoes) / sizeof(echoes[0]))
#define FIRST_YIELDS 2 /* and those behind it */

START_TEST(frames_come_back_whole_and_in_order)
{
    unsigned char out[1514], in[2048];

    start(echoes[_i]);
    for (unsigned i = 0; i < 1514; i++) {
        size_t size = 2 + i % 1513;
        memset(out, (int)i, size);
        memcpy(out, &i, size < sizeof(i) ? size : sizeof(i));
        ck_assert_int_eq(send(net, out, size, 0), (ssize_t)size);
        ck_assert_int_eq(receive(in, sizeof(in)), (ssize_t)size);
        ck_assert_mem_eq(in, out, size);
    }
    ck_assert_int_eq(send(net, out, 1, 0), 1);
    expect_end(0, "");
}
END_TEST

/* As many at once as the sockets take. */
START_TEST(many_frames_are_under_way)
{
    uint32_t sent = 0, received = 0;

    start(echoes[_i]);
    while (received < MANY_FRAMES) {
        unsigned char in[2048];
        while (sent < MANY_FRAMES && sent - received < 256 && send(net, &sent, sizeof(sent), 0) > 0)
            sent++;
        ck_assert_int_eq(receive(in, sizeof(in)), sizeof(received));
        ck_assert_mem_eq(in, &received, sizeof(received));
        received++;
    }
    ck_assert_int_eq(send(net, "", 1, 0), 1);
    expect_end(0, "");
}
END_TEST

START_TEST(a_full_ring_loses_nothing)
{
    uint32_t frame, expected = 0;

    start("flood");
    for (unsigned round = 0; round < FLOOD_ROUNDS; round++) {
        for (unsigned i = 0; i < RING_SLOTS; i++) {
            ck_assert_int_eq(receive(&frame, sizeof(frame)), sizeof(frame));
            ck_assert_uint_eq(frame, expected++);
        }
        ck_assert_int_eq(send(net, "", 1, 0), 1);
    }
    expect_end(0, "");
}
END_TEST

START_TEST(every_bell_is_heard)
{
    start("doorbell_race");
    expect_end(0, "");
}
END_TEST

static const struct {
    const char *guest;
    int status;
    const char *output;
} last_words[] = {{"send_and_halt", 0, ""}, {"send_and_trap", 255, "invalid instruction"}};

START_TEST(what_was_submitted_is_sent_before_the_end)
{
    char frame[64];

    start(last_words[_i].guest);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_int_eq(receive(frame, sizeof(frame)), 10);
        ck_assert_mem_eq(frame, "last words", 10);
    }
    ck_assert_int_eq(receive(frame, sizeof(frame)), 0);
    expect_end(last_words[_i].status, last_words[_i].output);
}
END_TEST

static const struct {
    const char *guest;
    int status;
    const char *output;
} endings[] = {
    {"answer", 0, ""},
    {"unknown_entries", 0, ""},
    {"write_manifest", 255, "page fault: writing to 0x11"},
    {"execute_ring", 255, "(the ring)"},
    {"beyond_ring", 255, "(beyond memory)"},
    {"read_into_code", 255, "64 bytes at 0x10"},
    {"write_page_tables_out", 255, "of an entry in the ring, are not the guest's to use"},
    {"entry_in_ring", 255, "of an entry in the ring, are not the guest's to use"},
    {"entry_wrapping", 255, "16 bytes at 0xfffffffffffffff8, of an entry in the ring"},
    {"entry_huge", 255, "4294967295 bytes at 0x"},
    {"index_jumps", 255, "1025 entries submitted to a ring of 1024"},
    {"breach_before_halt", 255, "64 bytes at 0x1000, of an entry in the ring"},
    {"post_into_code", 255, "64 bytes at 0x10"},
    {"too_many_posted", 255, "more than 1024 buffers posted"},
    {"scribble", 255, "guest trap: "},
    {"graft_index_jumps", 255, " entries submitted to a ring of 1024"},
    {"graft_lies", 255, " of the monitor"},
};

START_TEST(a_guest_that_breaks_the_rules_ends_with_a_report)
{
    start(endings[_i].guest);
    expect_end(endings[_i].status, endings[_i].output);
}
END_TEST

/* ---- The box around the thread ---- */

/* KVM adds a thread of its own, which never runs the monitor's code: ours have names. */
static pid_t look_for_thread(const char *name)
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
        if (fgets(comm, sizeof(comm), f) != NULL && strncmp(comm, name, strlen(name)) == 0)
            found = atoi(e->d_name);
        fclose(f);
    }
    closedir(d);
    return found;
}

static pid_t find_thread(const char *name)
{
    pid_t found = look_for_thread(name);
    ck_assert_int_ne(found, 0);
    return found;
}

/* The thread is left alone where it finds no CPU to spare; with a real-time priority it finds one. The guest
 * may have got what it wants, and ended, before it has it. */
static void start_with_priority(const char *guest)
{
    const struct sched_param priority = {.sched_priority = 1};
    start(guest);
    pid_t thread = look_for_thread("wherry-ring");
    if (thread != 0)
        (void)sched_setscheduler(thread, SCHED_RR, &priority);
    (void)sched_setscheduler(launched.pid, SCHED_RR, &priority);
}

START_TEST(the_thread_relieves_a_guest_that_rings_often)
{
    start_with_priority("often");
    expect_end(0, "");
}
END_TEST

START_TEST(a_guest_that_races_the_thread_ends_when_it_breaks_the_rules)
{
    start_with_priority("race");
    const char *output = read_output();
    ck_assert_msg(strncmp(output, "raced\n", 6) == 0, "%s", output);
    ck_assert_msg(strstr(output, "of an entry in the ring, are not the guest's to use") != NULL, "%s",
                  output);
    ck_assert_int_eq(launcher_wait(&launched), 255 << 8);
    end_monitor();
}
END_TEST

/* Sends a frame for each that comes back, until the guest ends. */
START_TEST(the_thread_relieves_a_guest_that_polls_often)
{
    const struct sched_param priority = {.sched_priority = 1}, none = {0};
    char frame[2048];

    start_with_priority("relieved");
    ck_assert_int_eq(sched_setscheduler(0, SCHED_RR, &priority), 0);
    do
        (void)!send(net, "frame", 5, MSG_NOSIGNAL);
    while (receive(frame, sizeof(frame)) > 0);
    ck_assert_int_eq(sched_setscheduler(0, SCHED_OTHER, &none), 0);
    expect_end(0, "");
}
END_TEST

static bool thread_has(pid_t thread, const char *field, const char *value)
{
    char path[64], line[256];
    bool has = false;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", launched.pid, thread);
    FILE *f = fopen(path, "re");
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':') {
            line[strcspn(line, "\n")] = '\0';
            has = strcmp(line + strlen(field) + 2, value) == 0;
        }
    fclose(f);
    return has;
}

static void given_a_sleeping_guest(void)
{
    char line[16] = {0};
    start("sleep");
    ck_assert_int_eq(read(launched.output_fd, line, sizeof(line) - 1), 6);
    ck_assert_str_eq(line, "ready\n");
    /* Longer than the thread's patience. */
    usleep(20000);
}

static void end_sleeping_guest(void)
{
    kill(launched.pid, SIGKILL);
    waitpid(launched.pid, NULL, 0);
    end_monitor();
}

START_TEST(two_threads_without_rights)
{
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};

    const pid_t threads[2] = {launched.pid, find_thread("wherry-ring")};
    for (unsigned i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof(sets) / sizeof(sets[0]); k++)
            ck_assert(thread_has(threads[i], sets[k], "0000000000000000"));
        ck_assert(thread_has(threads[i], "NoNewPrivs", "1"));
        ck_assert(thread_has(threads[i], "Seccomp", "2"));
        ck_assert(thread_has(threads[i], "Seccomp_filters", "2"));
    }
}
END_TEST

/* Nanoseconds that the monitor's threads have run; KVM's own thread is not its. */
static unsigned long time_run(void)
{
    const pid_t threads[2] = {launched.pid, find_thread("wherry-ring")};
    unsigned long sum = 0;

    for (int i = 0; i < 2; i++) {
        char path[64], text[512] = {0};
        snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", launched.pid, threads[i]);
        FILE *f = fopen(path, "re");
        ck_assert_ptr_nonnull(f);
        ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
        sum += strtoul(text, NULL, 10);
        fclose(f);
    }
    return sum;
}

/* Sooner or later: on a busy machine it takes its time to fall asleep. */
START_TEST(a_sleeping_ring_takes_no_time)
{
    unsigned long before = 0, after = time_run();
    for (unsigned i = 0; i < 50 && after != before; i++) {
        before = after;
        usleep(20000);
        after = time_run();
    }
    usleep(100000);
    ck_assert_uint_eq(time_run(), before);
}
END_TEST

/* It looks for frames while they come one after the other, and not any more when they have ceased. */
START_TEST(a_guest_without_frames_takes_no_time)
{
    char frame[2048];

    start(echoes[_i]);
    for (unsigned i = 0; i < 2000; i++) {
        ck_assert_int_eq(send(net, "frame", 5, 0), 5);
        ck_assert_int_eq(receive(frame, sizeof(frame)), 5);
    }
    usleep(100000);
    unsigned long spent = IDLE_NS_MAX;
    for (unsigned i = 0; i < IDLE_TRIES && spent >= IDLE_NS_MAX; i++) {
        unsigned long before = time_run();
        usleep(IDLE_S * 1000000);
        spent = time_run() - before;
    }
    ck_assert_msg(spent < IDLE_NS_MAX, "%lu ns in %d s", spent, IDLE_S);
    ck_assert_int_eq(send(net, "", 1, 0), 1);
    expect_end(0, "");
}
END_TEST

/* Descriptors: the tap is found by what it is, a socket; the start's is closed at the other end. */
static const struct {
    const char *what;
    long number;
    uint64_t arguments[6];
} refused[] = {
    {"getpid", SYS_getpid, {0}},
    {"openat", SYS_openat, {(uint64_t)-100, 0, 0}},
    {"socket", SYS_socket, {2, 1, 0}},
    {"clone", SYS_clone, {SIGCHLD}},
    {"executable memory", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull, 0}},
    {"KVM_RUN", SYS_ioctl, {4, 0xae80, 0}},
    {"waiting for three descriptors", SYS_ppoll, {0, 3, 0, 0}},
    {"moving another thread", SYS_sched_setaffinity, {1, 128, 0}},
    {"the clock", SYS_clock_gettime, {0, 0}},
    {"the guest's console", SYS_pwritev2, {1, 0, 1, ~0ull, ~0ull, 0}},
    {"two buffers at once", SYS_pwritev2, {2, 0, 2, ~0ull, ~0ull, 0}},
    {"reading from standard input", SYS_read, {0, 0, 1}},
    {"a thread's end", SYS_exit, {0}},
    {"a futex", SYS_futex, {0, 0, 0}},
    {"a status of more than a byte", SYS_exit_group, {256}},
};

START_TEST(a_call_that_the_ring_does_not_need_ends_the_process_with_a_report)
{
    char expected[64];

    given_a_sleeping_guest();
    pid_t thread = find_thread("wherry-ring");
    ck_assert_msg(traced_call_inject(thread, refused[_i].number, refused[_i].arguments) == 0, "%s: %s",
                  refused[_i].what, strerror(errno));
    snprintf(expected, sizeof(expected), "seccomp: system call %ld ", refused[_i].number);
    expect_end(EXIT_REFUSED_CALL, expected);
}
END_TEST

START_TEST(a_signal_ends_both_threads)
{
    given_a_sleeping_guest();
    kill(launched.pid, SIGTERM);
    expect_end(128 + SIGTERM, "");
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: test_ring_guests MONITOR GUESTS\n");
        return EXIT_FAILURE;
    }
    monitor_path = argv[1];
    guests_path = argv[2];
    if (geteuid() != 0 || access("/dev/kvm", R_OK | W_OK) < 0) {
        printf("skipped: needs root and /dev/kvm\n");
        return 77;
    }

    Suite *suite = suite_create("ring_guests");
    TCase *traffic = unit_case(suite, "traffic");
    tcase_set_timeout(traffic, 60);
    tcase_add_loop_test(traffic, frames_come_back_whole_and_in_order, 0, N_ECHOES);
    tcase_add_loop_test(traffic, many_frames_are_under_way, 0, N_ECHOES);
    tcase_add_test(traffic, a_full_ring_loses_nothing);
    tcase_add_test(traffic, every_bell_is_heard);
    tcase_add_loop_test(traffic, a_guest_without_frames_takes_no_time, FIRST_YIELDS, N_ECHOES);
    tcase_add_loop_test(traffic, what_was_submitted_is_sent_before_the_end, 0,
                        sizeof(last_words) / sizeof(last_words[0]));
    TCase *rules = unit_case(suite, "rules");
    tcase_set_timeout(rules, 60);
    tcase_add_loop_test(rules, a_guest_that_breaks_the_rules_ends_with_a_report, 0,
                        sizeof(endings) / sizeof(endings[0]));
    TCase *two_cpus = tcase_create("two_cpus");
    tcase_set_timeout(two_cpus, 60);
    tcase_add_test(two_cpus, the_thread_relieves_a_guest_that_rings_often);
    tcase_add_test(two_cpus, the_thread_relieves_a_guest_that_polls_often);
    tcase_add_test(two_cpus, a_guest_that_races_the_thread_ends_when_it_breaks_the_rules);
    if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
        suite_add_tcase(suite, two_cpus);
    else
        printf("left out: guest and thread at the same time need a second CPU\n");
    TCase *sleeping = unit_case(suite, "sleeping");
    tcase_add_checked_fixture(sleeping, given_a_sleeping_guest, end_sleeping_guest);
    tcase_add_test(sleeping, two_threads_without_rights);
    tcase_add_test(sleeping, a_sleeping_ring_takes_no_time);
    TCase *box = unit_case(suite, "box");
    tcase_add_loop_test(box, a_call_that_the_ring_does_not_need_ends_the_process_with_a_report, 0,
                        sizeof(refused) / sizeof(refused[0]));
    tcase_add_test(box, a_signal_ends_both_threads);
    return unit_run(suite);
}
