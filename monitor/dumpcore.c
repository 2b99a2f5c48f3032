/* SPDX-License-Identifier: Apache-2.0 */
#include "dumpcore.h"

#include "abi/boot.h"
#include "base/cleanup.h"
#include "base/fd.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/user.h>

#define NOTE_NAME_CORE "CORE"

/* How much is asked about, and written, at a time. */
#define CHUNK_PAGES 256u

struct note {
    Elf64_Nhdr header;
    char name[8];
    struct elf_prstatus status;
} __attribute__((packed));

/* The file's head; memory follows at the next page. */
struct head {
    Elf64_Ehdr elf;
    Elf64_Phdr programs[2]; /* the note, the memory */
    struct note note;
};

static struct elf_prstatus prstatus_of(const struct kvm_regs *regs)
{
    struct elf_prstatus status = {.pr_pid = 1};
    const struct user_regs_struct user = {
        .r15 = regs->r15,
        .r14 = regs->r14,
        .r13 = regs->r13,
        .r12 = regs->r12,
        .rbp = regs->rbp,
        .rbx = regs->rbx,
        .r11 = regs->r11,
        .r10 = regs->r10,
        .r9 = regs->r9,
        .r8 = regs->r8,
        .rax = regs->rax,
        .rcx = regs->rcx,
        .rdx = regs->rdx,
        .rsi = regs->rsi,
        .rdi = regs->rdi,
        .rip = regs->rip,
        .eflags = regs->rflags,
        .rsp = regs->rsp,
    };
    _Static_assert(sizeof(user) == sizeof(status.pr_reg), "one register set");
    memcpy(&status.pr_reg, &user, sizeof(user));
    return status;
}

static struct head head_of(const struct guest_mem *mem, const struct kvm_regs *regs)
{
    struct head head = {
        .elf = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                .e_type = ET_CORE,
                .e_machine = EM_X86_64,
                .e_version = EV_CURRENT,
                .e_phoff = offsetof(struct head, programs),
                .e_ehsize = sizeof(Elf64_Ehdr),
                .e_phentsize = sizeof(Elf64_Phdr),
                .e_phnum = 2},
        .note = {.header = {sizeof(NOTE_NAME_CORE), sizeof(struct elf_prstatus), NT_PRSTATUS},
                 .name = NOTE_NAME_CORE,
                 .status = prstatus_of(regs)},
    };
    head.programs[0] = (Elf64_Phdr){
        .p_type = PT_NOTE, .p_offset = offsetof(struct head, note), .p_filesz = sizeof(struct note)};
    head.programs[1] = (Elf64_Phdr){.p_type = PT_LOAD,
                                    .p_flags = PF_R | PF_W | PF_X,
                                    .p_offset = GUEST_PAGE_SIZE,
                                    .p_vaddr = GUEST_MIN_BASE,
                                    .p_filesz = mem->size - GUEST_MIN_BASE,
                                    .p_memsz = mem->size - GUEST_MIN_BASE,
                                    .p_align = GUEST_PAGE_SIZE};
    return head;
}
_Static_assert(sizeof(struct head) <= GUEST_PAGE_SIZE, "memory begins at the next page");

/* Writes the pages of [addr, addr + bytes) that are in memory. */
static int write_chunk(int fd, const struct guest_mem *mem, uint64_t addr, size_t bytes, struct error *err)
{
    unsigned char is_resident[CHUNK_PAGES];
    char *from = guest_mem_at(mem, addr, bytes);

    if (mincore(from, bytes, is_resident) < 0)
        return error_errno(err, "examine guest memory");
    for (size_t page = 0; page < bytes / GUEST_PAGE_SIZE; page++)
        if ((is_resident[page] & 1) != 0 &&
            fd_write_all_at(fd, from + page * GUEST_PAGE_SIZE, GUEST_PAGE_SIZE,
                            GUEST_PAGE_SIZE + (addr - GUEST_MIN_BASE) + page * GUEST_PAGE_SIZE,
                            "the core file", err) < 0)
            return -1;
    return 0;
}

int dumpcore_write(const char *directory, const struct guest_mem *mem, const struct kvm_regs *regs,
                   struct error *err)
{
    char path[PATH_MAX];
    _cleanup_close_ int fd = -1;
    const struct head head = head_of(mem, regs);

    snprintf(path, sizeof(path), "%s/core.solo5-hvt.%d", directory, (int)getpid());
    if (fd_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, err) < 0)
        return -1;
    if (ftruncate(fd, (off_t)(GUEST_PAGE_SIZE + mem->size - GUEST_MIN_BASE)) < 0)
        return error_errno(err, "make '%s' as large as memory", path);
    if (fd_write_all_at(fd, &head, sizeof(head), 0, "the core file", err) < 0)
        return -1;
    for (uint64_t addr = GUEST_MIN_BASE; addr < mem->size; addr += CHUNK_PAGES * GUEST_PAGE_SIZE) {
        uint64_t rest = mem->size - addr;
        size_t bytes = rest < CHUNK_PAGES * GUEST_PAGE_SIZE ? rest : CHUNK_PAGES * GUEST_PAGE_SIZE;
        if (write_chunk(fd, mem, addr, bytes, err) < 0)
            return -1;
    }
    return 0;
}
