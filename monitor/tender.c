/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory: nothing of the unikernel's file is looked at before the monitor is in its box, and in the box
 * nothing can be opened. So everything that options name is opened first, and only then compared with what
 * the unikernel's manifest declares.
 */
#include "tender.h"

#include "abi/boot.h"
#include "attach.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/num.h"
#include "box.h"
#include "image.h"
#include "kvm.h"
#include "run.h"
#include "signals.h"
#include "tap.h"
#include "vm.h"
#include "window.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_MIB_DEFAULT 512u

/* Programs begin at 1 MiB, so with 1 MiB there is none. solo5-hvt, too, gives 2 instead. */
#define MEMORY_MIN (2ull << 20)

#define BLOCK_SIZE_DEFAULT 512u

/* Nobody has made any namespace for a monitor that is run by hand. Its taps stay in theirs. */
#define OWN_NAMESPACES \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWNET)

/* What a guest that did what it must not exits with. solo5-hvt has the same. */
#define EXIT_BREACH 1

/* What the options say about one device. */
struct option_device {
    char name[MANIFEST_NAME_SIZE];
    uint32_t type;
    const char *source; /* a file or an interface; NULL: not attached */
    uint32_t block_size;
    uint8_t mac[6];
    bool has_mac;
    int fd; /* of the source */
    uint16_t mtu;
};

struct options {
    const struct debugger *debugger; /* NULL: none */
    uint64_t memory_bytes;
    bool has_no_graft;
    size_t n_devices;
    struct option_device devices[MANIFEST_ENTRIES_MAX];
};

/* ---- options ---- */

static int parse_memory(const char *value, struct options *options, struct error *err)
{
    uint64_t mib;
    if (num_parse_u64(value, GUEST_MEM_MAX >> 20, &mib, "--mem", err) < 0)
        return error_wrap_as(err, ERROR_USAGE, "Malformed argument to --mem");
    if (mib == 0)
        return error_set(err, ERROR_USAGE, "Malformed argument to --mem: 0 MiB");
    options->memory_bytes = mib << 20;
    if (options->memory_bytes < MEMORY_MIN)
        options->memory_bytes = MEMORY_MIN;
    return 0;
}

static int parse_block_size(const char *value, struct option_device *device, struct error *err)
{
    uint64_t size;
    if (num_parse_u64(value, UINT16_MAX, &size, "--block-sector-size", err) < 0)
        return error_wrap_as(err, ERROR_USAGE, "--block-sector-size");
    if (size < BLOCK_SIZE_DEFAULT || (size & (size - 1)) != 0)
        return error_set(err, ERROR_USAGE, "Block size must be a multiple of 2 greater than or equal 512");
    device->block_size = (uint32_t)size;
    return 0;
}

static int parse_mac(const char *value, struct option_device *device, struct error *err)
{
    uint8_t *m = device->mac;
    int used = 0;
    if (sscanf(value, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5],
               &used) != 6 ||
        value[used] != '\0')
        return error_set(err, ERROR_USAGE, "'%s' is no network address", value);
    device->has_mac = true;
    return 0;
}

static int parse_source(const char *value, struct option_device *device, struct error *err)
{
    if (value[0] == '\0')
        return error_set(err, ERROR_USAGE, "a device needs a file or an interface");
    device->source = value;
    return 0;
}

static const struct {
    const char *prefix;
    uint32_t type;
    int (*parse)(const char *value, struct option_device *device, struct error *err);
} device_options[] = {
    {"--net:", MANIFEST_NET, parse_source},
    {"--net-mac:", MANIFEST_NET, parse_mac},
    {"--block:", MANIFEST_BLOCK, parse_source},
    {"--block-sector-size:", MANIFEST_BLOCK, parse_block_size},
};

/* The device of this name and type, which may be a new one. NULL when there are too many. */
static struct option_device *ensure_device(struct options *options, const char *name, uint32_t type)
{
    for (size_t i = 0; i < options->n_devices; i++)
        if (options->devices[i].type == type && strcmp(options->devices[i].name, name) == 0)
            return &options->devices[i];
    if (options->n_devices == MANIFEST_ENTRIES_MAX)
        return NULL;
    struct option_device *device = &options->devices[options->n_devices++];
    *device = (struct option_device){.type = type, .fd = -1};
    snprintf(device->name, sizeof(device->name), "%s", name);
    return device;
}

/* "NAME=VALUE" of an option for a device. */
static int parse_device_option(size_t which, const char *argument, struct options *options, struct error *err)
{
    char name[MANIFEST_NAME_SIZE];
    const char *equals = strchr(argument, '=');
    size_t size = equals != NULL ? (size_t)(equals - argument) : 0;

    if (size == 0 || size >= sizeof(name))
        return error_set(err, ERROR_USAGE, "Invalid option: '%s%s'", device_options[which].prefix, argument);
    memcpy(name, argument, size);
    name[size] = '\0';
    struct option_device *device = ensure_device(options, name, device_options[which].type);
    if (device == NULL)
        return error_set(err, ERROR_USAGE, "'%s%s': no manifest has so many devices",
                         device_options[which].prefix, argument);
    return device_options[which].parse(equals + 1, device, err);
}

static int parse_option(const char *option, struct options *options, struct error *err)
{
    bool is_debuggers = false;

    if (options->debugger != NULL && options->debugger->parse_option(option, &is_debuggers, err) < 0)
        return -1;
    if (is_debuggers)
        return 0;
    if (strncmp(option, "--mem=", 6) == 0)
        return parse_memory(option + 6, options, err);
    if (strcmp(option, "--no-graft") == 0) {
        options->has_no_graft = true;
        return 0;
    }
    for (size_t i = 0; i < sizeof(device_options) / sizeof(device_options[0]); i++) {
        size_t size = strlen(device_options[i].prefix);
        if (strncmp(option, device_options[i].prefix, size) == 0)
            return parse_device_option(i, option + size, options, err);
    }
    return error_set(err, ERROR_USAGE, "Invalid option: '%s'", option);
}

/* The index of the first argument that is no option: the unikernel's file. */
static int find_operand(int argc, char **argv)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++)
        if (strcmp(argv[i], "--") == 0)
            return i + 1;
    return i;
}

/* Joins the arguments with spaces. */
static int format_cmdline(char **arguments, char *out, size_t size, struct error *err)
{
    size_t used = 0;
    out[0] = '\0';
    for (char **a = arguments; *a != NULL; a++) {
        int n = snprintf(out + used, size - used, "%s%s", a == arguments ? "" : " ", *a);
        if (n < 0 || (size_t)n >= size - used)
            return error_set(err, ERROR_USAGE, "Guest command line too long (max=%zu characters)", size - 1);
        used += (size_t)n;
    }
    return 0;
}

/* ---- devices ---- */

/* A file of one extent over the whole device, as overlay_open() takes it. */
static int make_extents(uint64_t capacity, struct error *err)
{
    struct extent extent = {.len = (capacity + EXTENT_ALIGN - 1) & ~(uint64_t)(EXTENT_ALIGN - 1)};
    _cleanup_close_ int fd = memfd_create("extents", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(err, "make a file in memory");
    if (fd_write_all(fd, &extent, sizeof(extent), "extents", err) < 0)
        return -1;
    return take_fd(&fd);
}

static int open_sources(struct options *options, struct error *err)
{
    for (size_t i = 0; i < options->n_devices; i++) {
        struct option_device *device = &options->devices[i];
        if (device->source == NULL)
            continue;
        if (device->type == MANIFEST_BLOCK) {
            if (fd_open(AT_FDCWD, device->source, O_RDWR, 0, &device->fd, err) < 0)
                return error_wrap(err, "Could not open block device");
        } else if (tap_attach(device->source, &device->fd, &device->mtu, err) < 0)
            return error_wrap(err, "Could not attach interface: %s", device->source);
    }
    return 0;
}

static int attach_file(struct guest *guest, struct manifest_entry *entry, struct option_device *device,
                       struct error *err)
{
    uint32_t block_size = device->block_size != 0 ? device->block_size : BLOCK_SIZE_DEFAULT;
    _cleanup_close_ int fd = take_fd(&device->fd);
    _cleanup_close_ int extents_fd = -1;
    _cleanup_(overlay_release) struct overlay overlay = {0};

    off_t capacity = lseek(fd, 0, SEEK_END);
    if (capacity < 0)
        return error_errno(err, "%s: Could not determine capacity", device->source);
    if ((uint64_t)capacity % block_size != 0)
        return error_set(err, ERROR_INPUT, "%s: Backing storage size must be block aligned (%u bytes)",
                         entry->name, block_size);
    if ((uint64_t)capacity < block_size)
        return error_set(err, ERROR_INPUT, "%s: Backing storage must be at least 1 block (%u bytes) in size",
                         entry->name, block_size);
    extents_fd = make_extents((uint64_t)capacity, err);
    if (extents_fd < 0)
        return -1;

    struct overlay_parts parts = {.capacity = (uint64_t)capacity,
                                  .mode = OVERLAY_WRITE_THROUGH,
                                  .extents_fd = extents_fd,
                                  .n_extents = 1,
                                  .patches_fd = -1,
                                  .data_fds = &fd,
                                  .n_data_fds = 1};
    if (overlay_open(&parts, &overlay, err) < 0)
        return error_wrap(err, "block device '%s'", entry->name);
    return attach_block(guest, entry, &overlay, block_size, err);
}

static int attach_tap(struct guest *guest, struct manifest_entry *entry, struct option_device *device,
                      struct error *err)
{
    if (!device->has_mac && tap_make_mac(device->mac, err) < 0)
        return -1;
    if (attach_net(guest, entry, device->fd, device->mac, device->mtu, err) < 0)
        return -1;
    (void)take_fd(&device->fd);
    return 0;
}

/* Compares the options with the manifest. */
static int attach_devices(struct guest *guest, struct options *options, struct error *err)
{
    for (size_t i = 0; i < options->n_devices; i++) {
        struct option_device *device = &options->devices[i];
        struct manifest_entry *entry = manifest_find(&guest->manifest, device->name, device->type);
        if (entry == NULL)
            return error_set(err, ERROR_USAGE, "Resource not declared in manifest: '%s'", device->name);
        if (device->source == NULL)
            continue;
        int result = device->type == MANIFEST_BLOCK ? attach_file(guest, entry, device, err)
                                                    : attach_tap(guest, entry, device, err);
        if (result < 0)
            return -1;
    }
    if (attach_check(guest, MANIFEST_BLOCK, err) < 0 || attach_check(guest, MANIFEST_NET, err) < 0)
        return -1;
    return 0;
}

/* ---- running ---- */

/* From here on the file may be as hostile as it likes. */
static int load(const char *path, int image_fd, struct unikernel *unikernel, struct image *image,
                struct error *err)
{
    if (image_map(image_fd, image, err) < 0 || unikernel_parse(image->bytes, image->size, unikernel, err) < 0)
        return error_wrap(err, "%s", path);
    return 0;
}

static int run(const char *path, int image_fd, struct options *options, const char *cmdline,
               struct error *err)
{
    static struct unikernel unikernel;
    static struct image image;
    static struct guest guest;
    static struct vm vm;
    static struct status status;
    struct boot_parameters parameters = {.cmdline = cmdline};
    struct run_options run_options = {
        .names = {.label = path, .elf = &unikernel.elf, .symbols = &unikernel.symbols},
        .breach_status = EXIT_BREACH,
        .debugger = options->debugger};
    struct run_end end = {0};
    _cleanup_close_ int kvm_fd = -1;

    if (kvm_open(&kvm_fd, err) < 0 || open_sources(options, err) < 0 || signals_end_tender(err) < 0 ||
        signals_end_at_cut_file(EXIT_BREACH, err) < 0 ||
        (options->debugger == NULL && box_enter(OWN_NAMESPACES, err) < 0) ||
        load(path, image_fd, &unikernel, &image, err) < 0)
        return -1;
    guest.status = &status;
    guest.manifest = unikernel.manifest;
    console_init(&guest.console, STDOUT_FILENO);
    vm.can_graft =
        !options->has_no_graft && (options->debugger == NULL || !options->debugger->wants_own_code());
    if (vm_open(kvm_fd, options->memory_bytes, &vm, err) < 0 || attach_devices(&guest, options, err) < 0 ||
        vm_load(&vm, &guest, &unikernel, &image, options->memory_bytes, err) < 0 ||
        window_open(&guest.mem, vm.fd, err) < 0 || vm_boot(&vm, &guest, &parameters, err) < 0)
        return -1;
    if (options->debugger != NULL ? options->debugger->on_boot(&vm, &guest, err) < 0
                                  : box_seal(&vm, &guest, &run_options, -1, err) < 0)
        return -1;

    run_guest(&vm, &guest, &run_options, &end);
    _exit(end.exit_status);
}

void tender_print_usage(const struct debugger *debugger)
{
    printf(
        "usage: wherry-monitor [OPTIONS] [--] UNIKERNEL [ARGUMENTS]\n"
        "\n"
        "Runs a Solo5 hvt unikernel, with the options of solo5-hvt:\n"
        "  --mem=MIB                         guest memory in MiB (512)\n"
        "  --net:NAME=IFACE | @FD            attach the tap interface IFACE, or descriptor FD, as network "
        "NAME\n"
        "  --net-mac:NAME=ADDRESS            the guest's address on network NAME (random)\n"
        "  --block:NAME=PATH                 attach the file or block device PATH as block device NAME\n"
        "  --block-sector-size:NAME=BYTES    its block size: a power of two, at least 512 (512)\n"
        "  --no-graft                        run Solo5's functions in the guest as they are, however slow\n"
        "%s"
        "  --help, --version\n"
        "\n"
        "Other uses:\n"
        "  wherry-monitor --inspect FILE     say what a file declares\n"
        "  wherry-monitor --check            say whether this host can run guests\n"
        "  wherry-monitor --launch           run one container for wherry (a socket is descriptor 3)\n",
        debugger != NULL ? debugger->usage : "");
}

int tender_main(int argc, char **argv, const struct debugger *debugger, struct error *err)
{
    static struct options options = {.memory_bytes = (uint64_t)MEMORY_MIB_DEFAULT << 20};
    static char cmdline[BOOT_CMDLINE_SIZE];
    _cleanup_close_ int image_fd = -1;

    options.debugger = debugger;
    int operand = find_operand(argc, argv);
    if (operand >= argc)
        return error_set(err, ERROR_USAGE, "Missing KERNEL operand");
    const char *path = argv[operand];
    if (fd_open(AT_FDCWD, path, O_RDONLY, 0, &image_fd, err) < 0)
        return error_wrap(err, "%s: Could not open", path);
    for (int i = 1; i < operand; i++)
        if (strcmp(argv[i], "--") != 0 && parse_option(argv[i], &options, err) < 0)
            return -1;
    if (format_cmdline(argv + operand + 1, cmdline, sizeof(cmdline), err) < 0)
        return -1;
    return run(path, image_fd, &options, cmdline, err);
}
