/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the seeds of this folder's fuzz targets into DIRECTORY/fuzz_*: small valid inputs, and ones that are
 * broken in one place each, as starting points for a fuzzer.
 */
#include "elf_builder.h"
#include "monitor/launch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Room for headers and notes, a little content, a symbol table and its names. */
#define CONTENT_OFF  0x900u
#define SECTIONS_OFF 0xa00u
#define SYMBOLS_OFF  0xb00u
#define NAMES_OFF    0xb90u
#define ELF_SIZE     0xbc0u

/* Of files with functions to replace, which have longer names. */
#define GRAFT_ELF_SIZE 0xc00u
#define FUNCTION_SIZE  16u

static const char *root;

static void save(const char *target, const char *name, const void *bytes, size_t size)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", root, target);
    if (mkdir(path, 0755) < 0 && errno != EEXIST) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
    FILE *f = fopen(path, "we");
    if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* ---- ELF files ---- */

static struct elf_builder b;

/* The builder's file with its segments' contents moved together. */
static void begin_elf(void)
{
    elf_builder_init(&b);
    for (unsigned i = PROGRAM_TEXT; i <= PROGRAM_DATA; i++) {
        b.programs[i].p_offset = CONTENT_OFF;
        b.programs[i].p_filesz = 0x40;
    }
}

static void add_symbols(void)
{
    const Elf64_Shdr sections[3] = {
        [1] = {.sh_type = SHT_SYMTAB,
               .sh_offset = SYMBOLS_OFF,
               .sh_size = 3 * sizeof(Elf64_Sym),
               .sh_entsize = sizeof(Elf64_Sym),
               .sh_link = 2},
        [2] = {.sh_type = SHT_STRTAB, .sh_offset = NAMES_OFF, .sh_size = 16},
    };
    const Elf64_Sym symbols[3] = {
        [1] = {.st_name = 1, .st_info = STT_FUNC, .st_shndx = 1, .st_value = TEXT_VADDR, .st_size = 0x40},
        [2] = {.st_name = 6, .st_info = STT_NOTYPE, .st_shndx = 1, .st_value = TEXT_VADDR + 0x40},
    };
    memcpy(b.bytes + SECTIONS_OFF, sections, sizeof(sections));
    memcpy(b.bytes + SYMBOLS_OFF, symbols, sizeof(symbols));
    memcpy(b.bytes + NAMES_OFF, "\0main\0start", 12);
}

static void save_elf(const char *name)
{
    static const char *const targets[] = {"fuzz_elf", "fuzz_note", "fuzz_manifest", "fuzz_symbols",
                                          "fuzz_inspect"};
    b.header.e_shoff = SECTIONS_OFF;
    b.header.e_shentsize = sizeof(Elf64_Shdr);
    b.header.e_shnum = 3;
    elf_builder_write(&b);
    memset(b.bytes + CONTENT_OFF, 0xf4, 0x40);
    add_symbols();
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        save(targets[i], name, b.bytes, ELF_SIZE);
}

static void make_elf_seeds(void)
{
    begin_elf();
    save_elf("valid");
    begin_elf();
    b.programs[PROGRAM_NOTE_KIT].p_type = PT_NULL;
    save_elf("without-kit");
    begin_elf();
    b.abi.abi.target = ABI_TARGET_SPT;
    save_elf("for-spt");
    begin_elf();
    b.manifest.header.desc_size = 1;
    save_elf("manifest-of-one-byte");
    begin_elf();
    b.programs[PROGRAM_DATA].p_flags |= PF_X;
    save_elf("writable-and-executable");
    begin_elf();
    b.programs[PROGRAM_BSS].p_memsz = UINT64_MAX;
    save_elf("segment-that-wraps");
    begin_elf();
    strcpy(b.entries[2].name, "disk");
    save_elf("two-devices-of-one-name");
}

/* A unikernel with functions that the monitor has replacements for: their names and what their code is. */
struct graft_seed {
    const char *names; /* each with a NUL before it; NULL: no symbols */
    size_t names_size;
    unsigned n;
    const unsigned char (*code)[FUNCTION_SIZE]; /* of each */
};

static void add_symbols_of(const struct graft_seed *seed)
{
    const Elf64_Shdr sections[3] = {
        [1] = {.sh_type = SHT_SYMTAB,
               .sh_offset = SYMBOLS_OFF,
               .sh_size = (seed->n + 1) * sizeof(Elf64_Sym),
               .sh_entsize = sizeof(Elf64_Sym),
               .sh_link = 2},
        [2] = {.sh_type = SHT_STRTAB, .sh_offset = NAMES_OFF, .sh_size = seed->names_size},
    };
    size_t name = 1;

    memcpy(b.bytes + SECTIONS_OFF, sections, sizeof(sections));
    for (unsigned i = 0; i < seed->n; i++) {
        const Elf64_Sym symbol = {.st_name = (Elf64_Word)name,
                                  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                                  .st_shndx = 1,
                                  .st_value = TEXT_VADDR + i * FUNCTION_SIZE,
                                  .st_size = FUNCTION_SIZE};
        memcpy(b.bytes + SYMBOLS_OFF + (i + 1) * sizeof(symbol), &symbol, sizeof(symbol));
        name += strlen(seed->names + name) + 1;
    }
    memcpy(b.bytes + NAMES_OFF, seed->names, seed->names_size);
}

static void save_graft(const char *name, const struct graft_seed *seed)
{
    begin_elf();
    b.programs[PROGRAM_NOTE_KIT].p_type = PT_NULL;
    if (seed->names != NULL) {
        b.header.e_shoff = SECTIONS_OFF;
        b.header.e_shentsize = sizeof(Elf64_Shdr);
        b.header.e_shnum = 3;
    }
    elf_builder_write(&b);
    memcpy(b.bytes + CONTENT_OFF, seed->code, seed->n * FUNCTION_SIZE);
    if (seed->names != NULL)
        add_symbols_of(seed);
    save("fuzz_graft", name, b.bytes, GRAFT_ELF_SIZE);
}

static void make_graft_seeds(void)
{
    static const char block[] = "\0solo5_block_read",
                      net[] = "\0solo5_net_read\0solo5_net_write\0solo5_yield\0solo5_clock_monotonic";
    /* mov $port,%edx; out %eax,(%dx) */
    static const unsigned char code[][FUNCTION_SIZE] = {
        {0xba, 0x07, 0x05, 0, 0, 0xef}, {0xba, 0x06, 0x05, 0, 0, 0xef}, {0xba, 0x03, 0x05, 0, 0, 0xef}, {0}};
    /* mov $port,%dx; out %eax,(%dx), too */
    static const unsigned char calls[][FUNCTION_SIZE] = {
        {0xba, 0x01, 0x05, 0, 0, 0xef}, {0x66, 0xba, 0x02, 0x05, 0xef}, {0xba, 0x03, 0x05, 0, 0, 0xef},
        {0x66, 0xba, 0x04, 0x05, 0xef}, {0xba, 0x05, 0x05, 0, 0, 0xef}, {0x66, 0xba, 0x06, 0x05, 0xef},
        {0xba, 0x07, 0x05, 0, 0, 0xef}, {0x66, 0xba, 0x08, 0x05, 0xef}};

    save_graft("block-read", &(struct graft_seed){block, sizeof(block), 1, code});
    save_graft("net", &(struct graft_seed){net, sizeof(net), 4, code});
    save_graft("calls", &(struct graft_seed){NULL, 0, 8, calls});
}

/* ---- Messages ---- */

struct launch_seed {
    char head[offsetof(struct launch_message, blocks)];
    struct launch_block blocks[3];
    struct launch_fd fds[12];
};

static void save_launch(const char *name, const struct launch_message *message)
{
    struct launch_seed seed;
    memcpy(seed.head, message, sizeof(seed.head));
    memcpy(seed.blocks, message->blocks, sizeof(seed.blocks));
    memcpy(seed.fds, message->fds, sizeof(seed.fds));
    save("fuzz_launch", name, &seed, sizeof(seed));
}

static void make_launch_seeds(void)
{
    static struct launch_message message;
    static const struct launch_fd fds[] = {
        {LAUNCH_FD_KVM, 0},    {LAUNCH_FD_GUEST, 0},   {LAUNCH_FD_CONTROL, 0},
        {LAUNCH_FD_STATUS, 0}, {LAUNCH_FD_EXTENTS, 0}, {LAUNCH_FD_PATCHES, 0},
        {LAUNCH_FD_DATA, 0},   {LAUNCH_FD_EXTENTS, 1}, {LAUNCH_FD_DATA, 1}};

    message = (struct launch_message){.magic = LAUNCH_MAGIC,
                                      .version = LAUNCH_VERSION,
                                      .size = sizeof(message),
                                      .memory_bytes = 64 << 20,
                                      .flags = LAUNCH_OWN_USER_NS | LAUNCH_NET_CONFIG,
                                      .n_fds = 4,
                                      .label = "c1"};
    memcpy(message.fds, fds, sizeof(fds));
    save_launch("without-blocks", &message);
    message.n_fds = 9;
    message.n_blocks = 2;
    message.blocks[0] = (struct launch_block){.name = "disk", .block_size = 512, .capacity = 1 << 20};
    message.blocks[1] = (struct launch_block){
        .name = "data", .flags = LAUNCH_BLOCK_WRITE_THROUGH, .block_size = 4096, .capacity = 1 << 20};
    save_launch("two-blocks", &message);
    message.fds[8].device = 2;
    save_launch("data-of-no-device", &message);
}

struct start_seed {
    char head[offsetof(struct start_message, cmdline)];
    struct start_net nets[3];
    uint32_t n_addresses, n_routes;
    struct start_address addresses[3];
    struct start_route routes[3];
    uint32_t env_bytes;
    char cmdline[16];
};

static void save_start(const char *name, const struct start_message *message)
{
    struct start_seed seed;
    memcpy(seed.head, message, sizeof(seed.head));
    memcpy(seed.nets, message->nets, sizeof(seed.nets));
    seed.n_addresses = message->n_addresses;
    seed.n_routes = message->n_routes;
    memcpy(seed.addresses, message->addresses, sizeof(seed.addresses));
    memcpy(seed.routes, message->routes, sizeof(seed.routes));
    seed.env_bytes = message->env_bytes;
    memcpy(seed.cmdline, message->cmdline, sizeof(seed.cmdline));
    save("fuzz_start", name, &seed, sizeof(seed));
}

static void make_start_seeds(void)
{
    static struct start_message message;

    message =
        (struct start_message){.magic = START_MAGIC, .version = LAUNCH_VERSION, .size = sizeof(message)};
    save_start("without-nets", &message);
    message.cmdline_bytes = 5;
    memcpy(message.cmdline, "hello", 6);
    message.n_nets = 2;
    message.nets[0] = (struct start_net){.name = "service", .mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500};
    message.nets[1] = (struct start_net){.name = "other", .mac = {2, 0, 0, 0, 0, 2}, .mtu = 9000};
    save_start("two-nets", &message);
    message.n_addresses = message.n_routes = 1;
    message.addresses[0] = (struct start_address){.net = 1, .family = 6, .prefix = 64};
    message.routes[0] = (struct start_route){.net = 0, .family = 4, .prefix = 16};
    message.env_bytes = 6;
    save_start("routes-and-environment", &message);
    message.cmdline[2] = '\0';
    save_start("nul-in-cmdline", &message);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds DIRECTORY\n");
        return EXIT_FAILURE;
    }
    root = argv[1];
    make_elf_seeds();
    make_graft_seeds();
    make_launch_seeds();
    make_start_seeds();
    return EXIT_SUCCESS;
}
