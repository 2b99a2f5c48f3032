/* SPDX-License-Identifier: Apache-2.0 */
#include "decompressor.h"

#include "base/cleanup.h"

#include <archive.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIBRARY      "libarchive.so.13"
#define BUFFER_SIZE  (256 << 10)
#define PIPE_SIZE    (1 << 20)
#define MESSAGE_SIZE 256

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#endif

#define FUNCTIONS(X)                    \
    X(archive_read_new)                 \
    X(archive_read_support_filter_gzip) \
    X(archive_read_support_filter_zstd) \
    X(archive_read_support_format_raw)  \
    X(archive_read_open)                \
    X(archive_read_next_header)         \
    X(archive_read_data)                \
    X(archive_error_string)

/* The library's functions under their own names. */
struct library {
#define DECLARE(name) __typeof__(&(name)) name;
    FUNCTIONS(DECLARE)
#undef DECLARE
};

/* What the child works with. */
struct child {
    struct library lib;
    enum decompressor_kind kind;
    int in_fd, out_fd, error_fd;
    uint64_t left; /* of the file */
    char *in, *out;
};

__attribute__((noreturn)) static void fail(const struct child *child, const char *text)
{
    size_t size = strnlen(text, MESSAGE_SIZE - 1);
    ssize_t ignored = write(child->error_fd, text, size);
    (void)ignored;
    _exit(1);
}

static void load_library(struct child *child)
{
    void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        fail(child, dlerror());
    const struct {
        const char *name;
        void *function; /* where its address goes */
    } symbols[] = {
#define ENTRY(name) {#name, &child->lib.name},
        FUNCTIONS(ENTRY)
#undef ENTRY
    };
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *address = dlsym(handle, symbols[i].name);
        if (address == NULL)
            fail(child, dlerror());
        memcpy(symbols[i].function, &address, sizeof(address));
    }
}

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define ALLOW       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
/* The arguments that matter are all smaller than 4 GiB: descriptors, and protections. */
#define ALLOW_CALL(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), ALLOW
#define ALLOW_ON(call, fd)                                            \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4), LOAD(args[0]), \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(fd), 0, 1), ALLOW, LOAD(nr)
#define ALLOW_NO_CODE(call)                                           \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 4), LOAD(args[2]), \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0), ALLOW, LOAD(nr)

static void lock_in(const struct child *child)
{
    struct sock_filter code[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0),
        KILL,
        LOAD(nr),
        ALLOW_ON(SYS_read, child->in_fd),
        ALLOW_ON(SYS_write, child->out_fd),
        ALLOW_ON(SYS_write, child->error_fd),
        ALLOW_NO_CODE(SYS_mmap),
        ALLOW_NO_CODE(SYS_mprotect),
        ALLOW_CALL(SYS_munmap),
        ALLOW_CALL(SYS_mremap),
        ALLOW_CALL(SYS_madvise),
        ALLOW_CALL(SYS_brk),
        ALLOW_CALL(SYS_futex),
        /* AddressSanitizer asks for it before each function that does not return. */
        ALLOW_CALL(SYS_sigaltstack),
        ALLOW_CALL(SYS_exit_group),
        KILL,
    };
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        fail(child, "the process that decompresses cannot give up its rights");
}

static la_ssize_t read_input(struct archive *archive, void *context, const void **out)
{
    struct child *child = context;
    size_t size = child->left < BUFFER_SIZE ? (size_t)child->left : BUFFER_SIZE;
    (void)archive;
    if (size == 0)
        return 0;
    ssize_t n = read(child->in_fd, child->in, size);
    if (n <= 0)
        fail(child, n < 0 ? "it cannot be read" : "it ends early");
    child->left -= (uint64_t)n;
    *out = child->in;
    return n;
}

static void write_output(const struct child *child, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(child->out_fd, child->out + done, size - done);
        if (n < 0)
            fail(child, "the pipe is gone");
        done += (size_t)n;
    }
}

__attribute__((noreturn)) static void run(struct child *child)
{
    struct archive_entry *entry;
    la_ssize_t n = 0;

    load_library(child);
    child->in = malloc(BUFFER_SIZE);
    child->out = malloc(BUFFER_SIZE);
    struct archive *archive = child->lib.archive_read_new();
    if (archive == NULL || child->in == NULL || child->out == NULL)
        fail(child, "no memory");
    /* The answer of these is a warning when a program would be called instead. */
    int result = child->kind == DECOMPRESSOR_GZIP ? child->lib.archive_read_support_filter_gzip(archive)
                                                  : child->lib.archive_read_support_filter_zstd(archive);
    if (result != ARCHIVE_OK || child->lib.archive_read_support_format_raw(archive) != ARCHIVE_OK)
        fail(child, "libarchive cannot read its compression");
    lock_in(child);
    if (child->lib.archive_read_open(archive, child, NULL, read_input, NULL) != ARCHIVE_OK ||
        child->lib.archive_read_next_header(archive, &entry) != ARCHIVE_OK)
        fail(child, child->lib.archive_error_string(archive));
    while ((n = child->lib.archive_read_data(archive, child->out, BUFFER_SIZE)) > 0)
        write_output(child, (size_t)n);
    if (n < 0)
        fail(child, child->lib.archive_error_string(archive));
    _exit(0);
}

int decompressor_start(struct decompressor *out, enum decompressor_kind kind, int in_fd, uint64_t size,
                       struct error *err)
{
    int data[2], errors[2];
    if (pipe2(data, O_CLOEXEC) != 0)
        return error_errno(err, "decompress it");
    _cleanup_close_ int data_in = data[0], data_out = data[1];
    if (pipe2(errors, O_CLOEXEC) != 0)
        return error_errno(err, "decompress it");
    _cleanup_close_ int errors_in = errors[0], errors_out = errors[1];
    /* A small pipe works too. */
    (void)fcntl(data_in, F_SETPIPE_SZ, PIPE_SIZE);

    pid_t pid = fork();
    if (pid < 0)
        return error_errno(err, "decompress it");
    if (pid == 0) {
        struct child child = {
            .kind = kind, .in_fd = in_fd, .out_fd = data_out, .error_fd = errors_out, .left = size};
        close(data_in);
        close(errors_in);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_DFL);
        run(&child);
    }
    *out = (struct decompressor){.pid = pid, .fd = take_fd(&data_in), .error_fd = take_fd(&errors_in)};
    return 0;
}

/* Learns how the process ended. */
static int finish(struct decompressor *d, struct error *err)
{
    char text[MESSAGE_SIZE];
    int status = 0;
    ssize_t n = read(d->error_fd, text, sizeof(text));
    while (waitpid(d->pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_errno(err, "wait for the process that decompresses");
    d->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (n > 0)
        return error_set(err, ERROR_INPUT, "decompress it: %.*s", (int)n, text);
    return error_set(err, ERROR_INPUT, "decompress it: the process that does it was killed by signal %d",
                     WTERMSIG(status));
}

int decompressor_read(struct decompressor *decompressor, void *buf, size_t size, size_t *out_n,
                      struct error *err)
{
    ssize_t n;
    *out_n = 0;
    if (decompressor->pid == 0)
        return 0;
    while ((n = read(decompressor->fd, buf, size)) < 0)
        if (errno != EINTR)
            return error_errno(err, "decompress it");
    *out_n = (size_t)n;
    return n > 0 ? 0 : finish(decompressor, err);
}

void decompressor_release(struct decompressor *decompressor)
{
    if (decompressor->pid > 0) {
        kill(decompressor->pid, SIGKILL);
        while (waitpid(decompressor->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    cleanup_close(&decompressor->fd);
    cleanup_close(&decompressor->error_fd);
    *decompressor = DECOMPRESSOR_NONE;
}
