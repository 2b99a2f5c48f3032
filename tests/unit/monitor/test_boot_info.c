/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of boot_info.h: what a guest finds, by the addresses that it is given, and that it may read it. */
#include "boot_info.h"

#include "unit.h"

#include <string.h>

static struct guest guest;

static void make_guest(void)
{
    struct error err = {0};
    guest.manifest = (struct manifest_table){
        .version = 1,
        .n_entries = 2,
        .entries = {{.type = MANIFEST_RESERVED_FIRST}, {.name = "net", .type = MANIFEST_NET, .attached = 1}}};
    ck_assert_ok(guest_mem_init(&guest.mem, GUEST_MEM_MIN, 0, &err), err);
}

static struct boot_info write_info(const struct boot_parameters *parameters)
{
    struct error err = {0};
    struct boot_info info;
    uint64_t address = 0;

    ck_assert_ok(boot_info_write(&guest, parameters, &address, &err), err);
    ck_assert(guest_mem_copy_in(&guest.mem, (struct gpa){address}, &info, sizeof(info)));
    return info;
}

START_TEST(the_guest_finds_what_it_was_promised)
{
    static const struct boot_net_config config = {.name = "net", .ipv4 = {10, 0, 0, 2}};
    const struct boot_parameters parameters = {.kernel_end = 0x123000,
                                               .tsc_hz = 2300000000,
                                               .cmdline = "a 'b c'",
                                               .net_config = &config,
                                               .n_net_config = 1};
    struct manifest_table manifest;
    struct boot_net_config found;
    char cmdline[8];

    make_guest();
    struct boot_info info = write_info(&parameters);
    ck_assert_uint_eq(info.mem_size, GUEST_MEM_MIN);
    ck_assert_uint_eq(info.kernel_end, 0x123000);
    ck_assert_uint_eq(info.cpu_cycle_freq, 2300000000);
    ck_assert_uint_eq(info.host_features, BOOT_FEATURE_NET_CONFIG | BOOT_FEATURE_NET_ROUTES);
    ck_assert_uint_eq(info.net_ring.value, 0);
    ck_assert(guest_mem_copy_in(&guest.mem, info.cmdline, cmdline, sizeof(cmdline)));
    ck_assert_str_eq(cmdline, "a 'b c'");
    ck_assert(guest_mem_copy_in(&guest.mem, info.mft, &manifest, manifest_size(&guest.manifest)));
    ck_assert_str_eq(manifest.entries[1].name, "net");
    ck_assert_uint_eq(manifest.entries[1].attached, 1);
    ck_assert_uint_eq(info.n_net_config, 1);
    ck_assert(guest_mem_copy_in(&guest.mem, info.net_config, &found, sizeof(found)));
    ck_assert_uint_eq(found.ipv4[3], 2);
    guest_mem_release(&guest.mem);
}
END_TEST

START_TEST(a_guest_finds_routes_and_environment)
{
    static const struct boot_net_config config = {.name = "net"};
    static const struct boot_net_address address = {.family = 6, .prefix = 48};
    static const struct boot_net_route routes[] = {{.family = 4, .prefix = 16, .gateway = {10, 0, 0, 1}},
                                                   {.family = 6, .prefix = 64}};
    static const char env[] = "A=B\0C=";
    const struct boot_parameters parameters = {.cmdline = "",
                                               .net_config = &config,
                                               .n_net_config = 1,
                                               .net_addresses = &address,
                                               .n_net_addresses = 1,
                                               .net_routes = routes,
                                               .n_net_routes = 2,
                                               .env = env,
                                               .env_bytes = sizeof(env)};
    struct boot_net_address found_address;
    struct boot_net_route found_routes[2];
    char found_env[sizeof(env)];

    make_guest();
    struct boot_info info = write_info(&parameters);
    ck_assert_uint_eq(info.host_features,
                      BOOT_FEATURE_NET_CONFIG | BOOT_FEATURE_NET_ROUTES | BOOT_FEATURE_ENV);
    ck_assert_uint_eq(info.n_net_addresses, 1);
    ck_assert(guest_mem_copy_in(&guest.mem, info.net_addresses, &found_address, sizeof(found_address)));
    ck_assert_uint_eq(found_address.prefix, 48);
    ck_assert_uint_eq(info.n_net_routes, 2);
    ck_assert(guest_mem_copy_in(&guest.mem, info.net_routes, found_routes, sizeof(found_routes)));
    ck_assert_uint_eq(found_routes[0].gateway[3], 1);
    ck_assert_uint_eq(found_routes[1].prefix, 64);
    ck_assert_uint_eq(info.env_bytes, sizeof(env));
    ck_assert(guest_mem_copy_in(&guest.mem, info.env, found_env, sizeof(found_env)));
    ck_assert_mem_eq(found_env, env, sizeof(env));
    guest_mem_release(&guest.mem);
}
END_TEST

START_TEST(a_guest_finds_its_windows)
{
    static const struct guest_window windows[] = {
        {.start = 0x200000000, .end = 0x200003000, .handle = 1, .is_constant = true},
        {.start = 0x200400000, .end = 0x200401000, .handle = 5}};
    const struct boot_parameters parameters = {.cmdline = ""};
    struct boot_window found[2];

    make_guest();
    guest_mem_set_windows(&guest.mem, windows, 2);
    struct boot_info info = write_info(&parameters);
    ck_assert_uint_eq(info.host_features, BOOT_FEATURE_WINDOWS);
    ck_assert_uint_eq(info.n_windows, 2);
    ck_assert(guest_mem_copy_in(&guest.mem, info.windows, found, sizeof(found)));
    ck_assert_uint_eq(found[0].start.value, 0x200000000);
    ck_assert_uint_eq(found[0].len, 0x3000);
    ck_assert_uint_eq(found[0].offset, 0);
    ck_assert_uint_eq(found[0].type, BOOT_WINDOW_BLOCK);
    ck_assert_uint_eq(found[0].handle, 1);
    ck_assert_uint_eq(found[0].flags, BOOT_WINDOW_CONSTANT);
    ck_assert_uint_eq(found[1].handle, 5);
    ck_assert_uint_eq(found[1].flags, 0);
    guest_mem_release(&guest.mem);
}
END_TEST

START_TEST(a_guest_with_a_ring_is_told_where)
{
    const struct boot_parameters parameters = {.cmdline = "ring"};
    struct error err = {0};
    struct manifest_table manifest;
    char cmdline[5];

    make_guest();
    guest_mem_release(&guest.mem);
    ck_assert_ok(guest_mem_init(&guest.mem, GUEST_MEM_MIN, RING_BYTES, &err), err);
    ring_init(&guest.ring, guest_mem_at(&guest.mem, GUEST_MEM_MIN, RING_BYTES), false);
    struct boot_info info = write_info(&parameters);
    ck_assert_uint_eq(info.host_features, BOOT_FEATURE_NET_RING);
    ck_assert_uint_eq(info.guest_features, 0);
    ck_assert_uint_eq(info.net_ring.value, info.mem_size);
    /* The page that the guest may write to holds nothing else. */
    ck_assert_uint_ge(info.mft.value, 0x11000);
    ck_assert_uint_ge(info.cmdline.value, 0x11000);
    ck_assert(guest_mem_copy_in(&guest.mem, info.mft, &manifest, manifest_size(&guest.manifest)));
    ck_assert_str_eq(manifest.entries[1].name, "net");
    ck_assert(guest_mem_copy_in(&guest.mem, info.cmdline, cmdline, sizeof(cmdline)));
    ck_assert_str_eq(cmdline, "ring");
    guest_mem_release(&guest.mem);
    guest.ring.shared = NULL;
}
END_TEST

START_TEST(a_guest_of_plain_solo5_sees_plain_solo5)
{
    const struct boot_parameters parameters = {.cmdline = ""};

    make_guest();
    struct boot_info info = write_info(&parameters);
    ck_assert_uint_eq(info.host_features, 0);
    ck_assert_uint_eq(info.n_net_config, 0);
    ck_assert_uint_eq(info.net_config.value, 0);
    ck_assert_uint_eq(info.n_windows, 0);
    ck_assert_uint_eq(info.windows.value, 0);
    guest_mem_release(&guest.mem);
}
END_TEST

START_TEST(a_command_line_that_does_not_fit_is_refused)
{
    static char cmdline[BOOT_CMDLINE_SIZE + 1];
    const struct boot_parameters parameters = {.cmdline = cmdline};
    struct error err = {0};
    uint64_t address;

    make_guest();
    memset(cmdline, 'x', BOOT_CMDLINE_SIZE - 1);
    write_info(&parameters);
    cmdline[BOOT_CMDLINE_SIZE - 1] = 'x';
    ck_assert_fails(boot_info_write(&guest, &parameters, &address, &err), err, ERROR_INPUT,
                    "Guest command line too long (max=8191 characters)");
    guest_mem_release(&guest.mem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("boot_info");
    TCase *t = unit_case(suite, "boot_info");
    tcase_add_test(t, the_guest_finds_what_it_was_promised);
    tcase_add_test(t, a_guest_finds_routes_and_environment);
    tcase_add_test(t, a_guest_finds_its_windows);
    tcase_add_test(t, a_guest_with_a_ring_is_told_where);
    tcase_add_test(t, a_guest_of_plain_solo5_sees_plain_solo5);
    tcase_add_test(t, a_command_line_that_does_not_fit_is_refused);
    return unit_run(suite);
}
