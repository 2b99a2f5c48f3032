/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file is mapped, not read: so only the pages that hold its headers and notes are ever fetched, however
 * large it is, and the box needs no call to read it. What remains is writing, to 1 and 2 only, and
 * exit_group. A file that shrinks meanwhile ends the process with a message instead of SIGBUS.
 */
#include "inspect.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "syscall_filter.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEXT_SIZE 16384

static void describe_devices(const struct manifest_table *manifest, struct inspect_answer *out)
{
    for (uint32_t i = 1; i < manifest->n_entries && out->n_devices < INSPECT_DEVICES_MAX; i++) {
        const struct manifest_entry *entry = &manifest->entries[i];
        if (!manifest_is_device(entry))
            continue;
        struct inspect_device *device = &out->devices[out->n_devices++];
        memcpy(device->name, entry->name, sizeof(device->name));
        device->type = entry->type == MANIFEST_BLOCK ? INSPECT_DEVICE_BLOCK : INSPECT_DEVICE_NET;
    }
}

static const char *const built_with[] = {[INSPECT_KIND_PLAIN] = "",
                                         [INSPECT_KIND_KIT] = ", built with wherry's kit",
                                         [INSPECT_KIND_MIRAGE] = ", built with MirageOS",
                                         [INSPECT_KIND_RUMPRUN] = ", built with rumprun"};

void inspect_bytes(const void *bytes, size_t size, struct unikernel *unikernel, struct inspect_answer *out)
{
    struct error err = {0};
    int result = unikernel_parse(bytes, size, unikernel, &err);

    memset(out, 0, sizeof(*out));
    out->version = INSPECT_VERSION;
    out->verdict = unikernel->verdict;
    out->abi_target = unikernel->abi.target;
    out->abi_version = unikernel->abi.version;
    if (result < 0) {
        snprintf(out->text, sizeof(out->text), "%.*s", (int)sizeof(out->text) - 1, err.text);
        return;
    }
    out->kind = unikernel_find_kind(unikernel);
    out->memory_min = unikernel->elf.end;
    out->entry = unikernel->elf.entry;
    describe_devices(&unikernel->manifest, out);
    snprintf(out->text, sizeof(out->text), "a Solo5 unikernel for target 'hvt', version %u%s",
             out->abi_version, built_with[out->kind]);
}

__attribute__((format(printf, 4, 5))) static void append(char *text, size_t size, size_t *used,
                                                         const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text + *used, size - *used, fmt, args);
    va_end(args);
    *used = n < 0 ? *used : *used + (size_t)n < size ? *used + (size_t)n : size - 1;
}

size_t inspect_format(const char *name, const struct inspect_answer *answer, char *text, size_t size)
{
    size_t used = 0;

    append(text, size, &used, "%s: %s\n", name, answer->text);
    if (answer->verdict != INSPECT_UNIKERNEL)
        return used;
    append(text, size, &used, "memory needed to load it: %llu KiB\n",
           (unsigned long long)(answer->memory_min / 1024));
    append(text, size, &used, "entry point: 0x%llx\n", (unsigned long long)answer->entry);
    append(text, size, &used, "devices:%s\n", answer->n_devices == 0 ? " none" : "");
    for (uint32_t i = 0; i < answer->n_devices; i++)
        append(text, size, &used, "  %-5s %s\n",
               answer->devices[i].type == INSPECT_DEVICE_BLOCK ? "block" : "net", answer->devices[i].name);
    return used;
}

/* ---- The process ---- */

static void on_fault(int signum)
{
    static const char text[] = "wherry-monitor: inspect: the file became shorter or cannot be read\n";
    (void)signum;
    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(EXIT_FAILURE);
}

/* After this the process can write to 1 and 2, and exit. */
static int confine(struct error *err)
{
    struct syscall_filter filter = {0};
    const struct sigaction action = {.sa_handler = on_fault};

    if (sigaction(SIGBUS, &action, NULL) < 0)
        return error_errno(err, "catch SIGBUS");
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        syscall_filter_add(&filter,
                           &(struct syscall_rule){.number = SYS_write,
                                                  .n_matches = 1,
                                                  .matches = {{.argument = 0, .value = (uint64_t)fd}}});
    syscall_filter_add(&filter, &(struct syscall_rule){.number = SYS_pwritev2,
                                                       .n_matches = 1,
                                                       .matches = {{.argument = 0, .value = STDERR_FILENO}}});
    syscall_filter_add(&filter, &(struct syscall_rule){.number = SYS_exit_group});
    if (syscall_filter_catch(err) < 0)
        return -1;
    return syscall_filter_load(&filter, err);
}

/* Maps the whole file and closes its descriptor, fd. *out_bytes is NULL for an empty file. */
static int map_file(int fd, const char *name, void **out_bytes, size_t *out_size, struct error *err)
{
    _cleanup_close_ int owned = fd;
    struct stat st;

    if (fstat(owned, &st) < 0)
        return error_errno(err, "examine '%s'", name);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERROR_NOT_EXEC, "'%s' is no regular file", name);
    *out_bytes = NULL;
    *out_size = (size_t)st.st_size;
    if (st.st_size == 0)
        return 0;
    void *bytes = mmap(NULL, *out_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return error_errno(err, "map '%s'", name);
    *out_bytes = bytes;
    return 0;
}

int inspect_main(const char *path, struct error *err)
{
    static struct unikernel unikernel;
    static struct inspect_answer answer;
    static char text[TEXT_SIZE];
    const char *name = path != NULL ? path : "standard input";
    void *bytes = NULL;
    size_t size = 0;
    int fd = STDIN_FILENO;

    if (path != NULL && fd_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, &fd, err) < 0)
        return -1;
    if (map_file(fd, name, &bytes, &size, err) < 0 || confine(err) < 0)
        return error_wrap(err, "inspect");

    inspect_bytes(bytes != NULL ? bytes : "", size, &unikernel, &answer);
    if (path == NULL)
        return fd_write_all(STDOUT_FILENO, &answer, sizeof(answer), "the answer", err);
    size_t length = inspect_format(name, &answer, text, sizeof(text));
    if (fd_write_all(STDOUT_FILENO, text, length, "the answer", err) < 0)
        return -1;
    return answer.verdict == INSPECT_UNIKERNEL ? 0 : 1;
}
