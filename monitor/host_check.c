/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: whether a host can run guests depends on more than can be asked for one by one (which KVM, which
 * emulation, which namespaces, a filter that an engine has put on us), so a guest is run. Its ELF file is
 * written here. It runs in a child, because the box cannot be left; what the child has to say comes through
 * its standard error.
 */
#include "host_check.h"

#include "abi/boot.h"
#include "abi/hypercall.h"
#include "abi/note.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "box.h"
#include "image.h"
#include "kvm.h"
#include "run.h"
#include "signals.h"
#include "unikernel.h"
#include "vm.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUEST_BASE   GUEST_MIN_BASE
#define GUEST_MEMORY (2u << 20)
#define CODE_OFFSET  0x1000
#define EXIT_GUEST   42 /* what the guest halts with: no other way out has it */
#define TIME_LIMIT_S 10
#define TEXT_MAX     4096

#define OWN_NAMESPACES \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET)

/* The guest's file: headers and notes, then one page with code and the argument of its only hypercall. */
struct guest_file {
    Elf64_Ehdr header;
    Elf64_Phdr segments[3];
    _Alignas(8) struct {
        struct note_header header;
        struct abi1 abi;
    } abi_note;
    _Alignas(8) struct {
        struct note_header header;
        uint32_t pad;
        struct manifest manifest;
        struct manifest_entry entry;
    } manifest_note;
    _Alignas(CODE_OFFSET) struct {
        uint8_t code[48];
        struct hc_halt halt;
    } text;
};

static struct note_header note_header_of(uint32_t type, size_t desc_size)
{
    return (struct note_header){
        .name_size = NOTE_NAME_SIZE, .desc_size = (uint32_t)desc_size, .type = type, .name = NOTE_NAME};
}

/* mov $halt, %eax; mov $port, %dx; out %eax, %dx; jmp . */
static void write_code(struct guest_file *file)
{
    const uint32_t argument = GUEST_BASE + (uint32_t)(offsetof(struct guest_file, text.halt) - CODE_OFFSET);
    const uint16_t port = HYPERCALL_PORT + HYPERCALL_HALT;
    uint8_t *code = file->text.code;

    *code++ = 0xb8;
    memcpy(code, &argument, sizeof(argument));
    code += sizeof(argument);
    *code++ = 0x66;
    *code++ = 0xba;
    memcpy(code, &port, sizeof(port));
    code += sizeof(port);
    memcpy(code, (const uint8_t[]){0xef, 0xeb, 0xfe}, 3);
    file->text.halt = (struct hc_halt){.exit_status = EXIT_GUEST};
}

static void write_guest(struct guest_file *file)
{
    *file = (struct guest_file){
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_entry = GUEST_BASE,
                   .e_phoff = offsetof(struct guest_file, segments),
                   .e_ehsize = sizeof(file->header),
                   .e_phentsize = sizeof(file->segments[0]),
                   .e_phnum = 3},
        .segments = {{.p_type = PT_LOAD,
                      .p_flags = PF_R | PF_X,
                      .p_offset = CODE_OFFSET,
                      .p_vaddr = GUEST_BASE,
                      .p_paddr = GUEST_BASE,
                      .p_filesz = sizeof(file->text),
                      .p_memsz = sizeof(file->text),
                      .p_align = CODE_OFFSET},
                     {.p_type = PT_NOTE,
                      .p_flags = PF_R,
                      .p_offset = offsetof(struct guest_file, abi_note),
                      .p_filesz = sizeof(file->abi_note),
                      .p_memsz = sizeof(file->abi_note),
                      .p_align = 4},
                     {.p_type = PT_NOTE,
                      .p_flags = PF_R,
                      .p_offset = offsetof(struct guest_file, manifest_note),
                      .p_filesz = sizeof(file->manifest_note),
                      .p_memsz = sizeof(file->manifest_note),
                      .p_align = 4}},
        .abi_note = {.header = note_header_of(NOTE_TYPE_ABI1, sizeof(file->abi_note.abi)),
                     .abi = {.target = ABI_TARGET_HVT, .version = ABI_HVT_VERSION}},
        .manifest_note = {.header = note_header_of(NOTE_TYPE_MFT1,
                                                   sizeof(file->manifest_note) - sizeof(struct note_header)),
                          .manifest = {.version = MANIFEST_VERSION, .n_entries = 1},
                          .entry = {.type = MANIFEST_RESERVED_FIRST}},
    };
    write_code(file);
}

static int open_guest(struct image *out, struct error *err)
{
    static struct guest_file file;
    _cleanup_close_ int fd = memfd_create("guest", MFD_CLOEXEC);

    if (fd < 0)
        return error_errno(err, "make the guest's file");
    write_guest(&file);
    if (fd_write_all(fd, &file, sizeof(file), "the guest's file", err) < 0)
        return -1;
    return image_map(fd, out, err);
}

/* Runs the guest and does not return. */
static _Noreturn void run_child(int kvm_fd, int report_fd)
{
    static struct image image;
    static struct unikernel unikernel;
    static struct guest guest;
    static struct vm vm;
    static struct status status;
    const struct boot_parameters parameters = {.cmdline = ""};
    const struct run_options options = {
        .names = {.label = "the guest of the check", .elf = &unikernel.elf, .symbols = &unikernel.symbols},
        .breach_status = 1};
    struct run_end end = {0};
    struct error err = {0};

    alarm(TIME_LIMIT_S);
    dup2(report_fd, STDERR_FILENO);
    guest.status = &status;
    console_init(&guest.console, STDERR_FILENO);
    if (open_guest(&image, &err) < 0 || unikernel_parse(image.bytes, image.size, &unikernel, &err) < 0 ||
        vm_open(kvm_fd, GUEST_MEMORY, &vm, &err) < 0 ||
        vm_load(&vm, &guest, &unikernel, &image, GUEST_MEMORY, &err) < 0 ||
        vm_boot(&vm, &guest, &parameters, &err) < 0 || signals_end_tender(&err) < 0 ||
        box_enter(OWN_NAMESPACES, &err) < 0 || box_seal(&vm, &guest, &options, -1, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        _exit(1);
    }
    run_guest(&vm, &guest, &options, &end);
    _exit(end.exit_status);
}

/* The first line of text, without what warnings begin with. */
static void print_finding(const char *word, const char *subject, const char *text)
{
    static const char *const beginnings[] = {"wherry-monitor: ", "warning: "};
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
            text += strlen(beginnings[i]);
    printf("%s %s: %.*s\n", word, subject, (int)strcspn(text, "\n"), text);
}

static int check_guest(int kvm_fd, struct error *err)
{
    _cleanup_free_ char *report = NULL;
    const uint64_t start_ns = clock_monotonic_ns();
    int pair[2], status;
    size_t size;

    if (pipe2(pair, O_CLOEXEC) < 0)
        return error_errno(err, "check the host");
    _cleanup_close_ int reader = pair[0], writer = pair[1];
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(err, "check the host");
    if (pid == 0)
        run_child(kvm_fd, writer);
    close(take_fd(&writer));
    int result = fd_read_all(reader, TEXT_MAX, &report, &size, "what the guest's monitor says", err);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (result < 0)
        return -1;

    bool is_run = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_GUEST;
    if (!is_run) {
        const char *silent = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "it did not end in time"
                                                                                : "it ended without a word";
        print_finding("missing", "guest", size > 0 ? report : silent);
        return 1;
    }
    printf("ok guest: ran in %.1f ms\n", (double)(clock_monotonic_ns() - start_ns) / 1e6);
    print_finding(size > 0 ? "warning" : "ok", "box", size > 0 ? report : "every stage holds");
    return 0;
}

int host_check_main(struct error *err)
{
    _cleanup_close_ int kvm_fd = -1;
    struct error why = {0};

    if (kvm_open(&kvm_fd, &why) < 0) {
        print_finding("missing", "kvm", why.text);
        return 1;
    }
    printf("ok kvm: /dev/kvm, API version %d\n", KVM_API_VERSION);
    return check_guest(kvm_fd, err);
}
