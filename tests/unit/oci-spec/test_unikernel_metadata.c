/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of unikernel.h: which source wins, what a value may be, and that half a description is an error.
 */
#include "oci-spec/unikernel.h"

#include "unit.h"

#include <string.h>

#define W "dev.wherry."
#define U "com.urunc.unikernel."

static struct unikernel *unikernel;

static void release(void)
{
    unikernel_free(unikernel);
    unikernel = NULL;
}

/* Up to eight annotations, sorted by key; the first without a key ends them. */
struct input {
    struct config_pair pairs[8];
    const char *json;
};

static int read_input(const struct input *input, struct error *err)
{
    struct config_map map = {.pairs = input->pairs};
    while (map.n < 8 && input->pairs[map.n].key != NULL)
        map.n++;
    return unikernel_read(&map, input->json, input->json == NULL ? 0 : strlen(input->json), &unikernel, err);
}

static void read_ok(const struct input *input)
{
    struct error err = {0};
    ck_assert_ok(read_input(input, &err), err);
}

START_TEST(a_container_may_say_nothing)
{
    read_ok(&(struct input){.pairs = {{"a", "b"}, {"run.oci.handler", "krun"}}});
    ck_assert(!unikernel->is_declared);
    ck_assert_ptr_null(unikernel->binary);
    ck_assert_ptr_null(unikernel->cmdline);
    ck_assert_int_eq(unikernel->type, UNIKERNEL_UNKNOWN);
    ck_assert_uint_eq(unikernel->n_blocks + unikernel->n_nets + unikernel->warnings.n, 0);
    ck_assert_ptr_null(unikernel->warnings.items[0]);
}
END_TEST

START_TEST(our_annotations_are_read)
{
    read_ok(&(struct input){.pairs = {{W "binary", "/app.hvt"},
                                      {W "block.data", "mount:/data,ro"},
                                      {W "block.more", "mount:/more;limit=3M;keep"},
                                      {W "block.root", "rootfs,format=tar,discard"},
                                      {W "cmdline", "--x  'y'"},
                                      {W "memory", "64M"},
                                      {W "net.service", "eth1"},
                                      {W "type", "mirage"}}});
    ck_assert(unikernel->is_declared && !unikernel->cmdline_is_fallback);
    ck_assert_str_eq(unikernel->binary, "/app.hvt");
    ck_assert_str_eq(unikernel->cmdline, "--x  'y'");
    ck_assert_int_eq(unikernel->type, UNIKERNEL_MIRAGE);
    ck_assert_uint_eq(unikernel->memory_bytes, 64u << 20);
    ck_assert_uint_eq(unikernel->n_blocks, 3);
    ck_assert_str_eq(unikernel->blocks[0].device, "data");
    ck_assert_int_eq(unikernel->blocks[0].source, UNIKERNEL_BLOCK_MOUNT);
    ck_assert_str_eq(unikernel->blocks[0].path, "/data");
    ck_assert(unikernel->blocks[0].readonly);
    ck_assert_int_eq(unikernel->blocks[0].format, UNIKERNEL_FORMAT_DEFAULT);
    ck_assert_int_eq(unikernel->blocks[0].changes, UNIKERNEL_CHANGES_DEFAULT);
    ck_assert_int_eq(unikernel->blocks[1].changes, UNIKERNEL_CHANGES_KEEP);
    ck_assert_uint_eq(unikernel->blocks[1].limit_bytes, 3u << 20);
    ck_assert_str_eq(unikernel->blocks[2].device, "root");
    ck_assert_int_eq(unikernel->blocks[2].source, UNIKERNEL_BLOCK_ROOTFS);
    ck_assert_int_eq(unikernel->blocks[2].format, UNIKERNEL_FORMAT_TAR);
    ck_assert_int_eq(unikernel->blocks[2].changes, UNIKERNEL_CHANGES_DISCARD);
    ck_assert_ptr_null(unikernel->blocks[2].path);
    ck_assert_uint_eq(unikernel->n_nets, 1);
    ck_assert_str_eq(unikernel->nets[0].device, "service");
    ck_assert_str_eq(unikernel->nets[0].interface, "eth1");
}
END_TEST

static const struct {
    const char *text;
    uint64_t bytes;
} sizes[] = {{"4096", 4096}, {"4K", 4096}, {"1M", 1u << 20}, {"3G", 3ull << 30}};

/* What a pod says reaches its sandbox and all of its containers. */
START_TEST(a_pod_s_annotations_are_meant_for_some_of_its_containers)
{
    read_ok(&(struct input){.pairs = {{W "memory", "64M"}, {"io.kubernetes.cri.container-type", "sandbox"}}});
    ck_assert(!unikernel->is_declared);
    release();
    read_ok(
        &(struct input){.pairs = {{W "memory", "64M"}, {"io.kubernetes.cri-o.ContainerType", "sandbox"}}});
    ck_assert(!unikernel->is_declared);
    release();
    read_ok(&(struct input){.pairs = {{W "containers", "api, web"},
                                      {W "memory", "64M"},
                                      {"io.kubernetes.cri.container-name", "web"}}});
    ck_assert_uint_eq(unikernel->memory_bytes, 64 << 20);
    ck_assert_uint_eq(unikernel->warnings.n, 0);
    release();
    read_ok(&(struct input){.pairs = {{W "containers", "api,web2"},
                                      {W "memory", "64M"},
                                      {"io.kubernetes.container.name", "web"}}});
    ck_assert(!unikernel->is_declared);
    release();
    read_ok(&(struct input){.pairs = {{W "containers", "api"}, {W "memory", "64M"}}});
    ck_assert(unikernel->is_declared);
}
END_TEST

START_TEST(memory_is_bytes_or_binary_units)
{
    read_ok(&(struct input){.pairs = {{W "memory", sizes[_i].text}}});
    ck_assert_uint_eq(unikernel->memory_bytes, sizes[_i].bytes);
}
END_TEST

START_TEST(an_unknown_key_of_ours_is_a_warning)
{
    read_ok(&(struct input){.pairs = {{W "memry", "64M"}}});
    ck_assert(!unikernel->is_declared);
    ck_assert_uint_eq(unikernel->warnings.n, 1);
    ck_assert_str_eq(unikernel->warnings.items[0], "annotation dev.wherry.memry is ignored: it is not known");
}
END_TEST

/* The same description: plain annotations, Base64 annotations, the file in both forms. */
static const struct input urunc_forms[] = {
    {.pairs = {{U "binary", "/unikernel/app.hvt"}, {U "hypervisor", "hvt"}, {U "unikernelType", "mirage"}}},
    {.pairs = {{U "binary", "L3VuaWtlcm5lbC9hcHAuaHZ0"},
               {U "hypervisor", "aHZ0"},
               {U "unikernelType", "bWlyYWdl"}}},
    {.json = "{\"" U "binary\":\"/unikernel/app.hvt\",\"" U "hypervisor\":\"hvt\",\"" U
             "unikernelType\":\"mirage\"}"},
    {.json = "{\"" U "binary\":\"L3VuaWtlcm5lbC9hcHAuaHZ0\",\"" U "hypervisor\":\"aHZ0\",\"" U
             "unikernelType\":\"bWlyYWdl\",\"x\":1}"},
    {.pairs = {{U "binary", "unikernel/app.hvt"}, {U "hypervisor", "hvt"}},
     .json = "{\"" U "binary\":\"/other\",\"" U "unikernelType\":\"mirage\"}"},
    {.pairs = {{U "hypervisor", "hvt"},
               {U "unikernelType", "rumprun"},
               {W "binary", "/unikernel/app.hvt"},
               {W "type", "mirage"}}},
};

START_TEST(urunc_s_metadata_is_read_in_every_form)
{
    read_ok(&urunc_forms[_i]);
    ck_assert(unikernel->is_declared);
    ck_assert_str_eq(unikernel->binary, "/unikernel/app.hvt");
    ck_assert_int_eq(unikernel->type, UNIKERNEL_MIRAGE);
    ck_assert_uint_eq(unikernel->n_blocks, 0);
}
END_TEST

static const char complete[] = "{\"" U "binary\":\"/b\",\"" U "hypervisor\":\"hvt\",\"" U
                               "unikernelType\":\"rumprun\",\"" U "cmdline\":\"a b\"}";

START_TEST(urunc_s_command_line_is_a_fallback)
{
    read_ok(&(struct input){.json = complete});
    ck_assert_str_eq(unikernel->cmdline, "a b");
    ck_assert(unikernel->cmdline_is_fallback);
    release();
    read_ok(&(struct input){.pairs = {{W "cmdline", "c"}}, .json = complete});
    ck_assert_str_eq(unikernel->cmdline, "c");
    ck_assert(!unikernel->cmdline_is_fallback);
}
END_TEST

START_TEST(a_guest_may_be_lent_code_unless_it_says_off)
{
    read_ok(&(struct input){.pairs = {{W "type", "plain"}}});
    ck_assert(!unikernel->has_no_graft);
    release();
    read_ok(&(struct input){.pairs = {{W "graft", "on"}}});
    ck_assert(!unikernel->has_no_graft);
    release();
    read_ok(&(struct input){.pairs = {{W "graft", "off"}}});
    ck_assert(unikernel->has_no_graft);
}
END_TEST

START_TEST(urunc_s_devices_are_read)
{
    read_ok(&(struct input){.pairs = {{U "blkMntPoint", "L2RhdGE="},
                                      {U "block", "/disk.img"},
                                      {U "solo5BlkDev", "store"},
                                      {U "solo5NetDev", "net0"},
                                      {U "useDMBlock", "dHJ1ZQ=="}},
                            .json = complete});
    ck_assert_str_eq(unikernel->mount_point, "/data");
    ck_assert_uint_eq(unikernel->n_blocks, 1);
    ck_assert_str_eq(unikernel->blocks[0].device, "store");
    ck_assert_int_eq(unikernel->blocks[0].source, UNIKERNEL_BLOCK_FILE);
    ck_assert_str_eq(unikernel->blocks[0].path, "/disk.img");
    ck_assert_uint_eq(unikernel->n_nets, 1);
    ck_assert_str_eq(unikernel->nets[0].device, "net0");
    ck_assert_ptr_null(unikernel->nets[0].interface);
}
END_TEST

START_TEST(urunc_s_root_file_system_becomes_the_only_block_device)
{
    read_ok(&(struct input){.pairs = {{U "useDMBlock", "true"}}, .json = complete});
    ck_assert_uint_eq(unikernel->n_blocks, 1);
    ck_assert_ptr_null(unikernel->blocks[0].device);
    ck_assert_int_eq(unikernel->blocks[0].source, UNIKERNEL_BLOCK_ROOTFS);
}
END_TEST

START_TEST(one_block_annotation_of_ours_puts_urunc_s_aside)
{
    read_ok(
        &(struct input){.pairs = {{U "block", "/disk.img"}, {W "block.a", "file:/other"}}, .json = complete});
    ck_assert_uint_eq(unikernel->n_blocks, 1);
    ck_assert_str_eq(unikernel->blocks[0].device, "a");
    ck_assert_str_eq(unikernel->blocks[0].path, "/other");
}
END_TEST

START_TEST(the_result_outlives_its_sources)
{
    struct error err = {0};
    char key[] = W "binary", value[] = "/app", json[sizeof(complete)];
    const struct config_pair pair = {key, value};
    const struct config_map map = {&pair, 1};
    memcpy(json, complete, sizeof(json));
    ck_assert_ok(unikernel_read(&map, json, sizeof(json) - 1, &unikernel, &err), err);
    memset(key, 'x', sizeof(key) - 1);
    memset(value, 'x', sizeof(value) - 1);
    memset(json, 'x', sizeof(json) - 1);
    ck_assert_str_eq(unikernel->binary, "/app");
    ck_assert_str_eq(unikernel->cmdline, "a b");
}
END_TEST

static const struct {
    struct input input;
    enum error_kind kind;
    const char *message;
} bad[] = {
    {{.pairs = {{W "binary", "app.hvt"}}},
     ERROR_INPUT,
     "annotation dev.wherry.binary: 'app.hvt' is not an absolute path"},
    {{.pairs = {{W "binary", ""}}}, ERROR_INPUT, "dev.wherry.binary: '' is not an absolute path"},
    {{.pairs = {{W "type", "linux"}}}, ERROR_INPUT, "annotation dev.wherry.type: 'linux' is not plain, kit,"},
    {{.pairs = {{W "memory", "64MB"}}}, ERROR_INPUT, "'64MB' is not a size such as '64M'"},
    {{.pairs = {{W "memory", ""}}}, ERROR_INPUT, "'' is not a size"},
    {{.pairs = {{W "memory", "-4K"}}}, ERROR_INPUT, "'-4K' is not a size"},
    {{.pairs = {{W "memory", "0"}}}, ERROR_INPUT, "'0' is not a multiple of 4096 bytes"},
    {{.pairs = {{W "memory", "5000"}}}, ERROR_INPUT, "'5000' is not a multiple of 4096 bytes"},
    {{.pairs = {{W "memory", "99999999999G"}}}, ERROR_INPUT, "is too large"},
    {{.pairs = {{W "graft", "no"}}}, ERROR_INPUT, "annotation dev.wherry.graft: 'no' is not on or off"},
    {{.pairs = {{W "mount-point", "data"}}}, ERROR_INPUT, "mount-point: 'data' is not an absolute path"},
    {{.pairs = {{W "block.", "rootfs"}}},
     ERROR_INPUT,
     "annotation dev.wherry.block.: '' is not the name of a device"},
    {{.pairs = {{W "block.a-b", "rootfs"}}}, ERROR_INPUT, "'a-b' is not the name of a device"},
    {{.pairs = {{W "block.a", "/dev/sda"}}},
     ERROR_INPUT,
     "'/dev/sda' is not of the form rootfs, file:/PATH or mount:/PATH"},
    {{.pairs = {{W "block.a", "file:x"}}}, ERROR_INPUT, "is not of the form"},
    {{.pairs = {{W "block.a", ""}}}, ERROR_INPUT, "'' is not of the form"},
    {{.pairs = {{W "block.a", "rootfs,format=ntfs"}}}, ERROR_INPUT, "has an option other than"},
    {{.pairs = {{W "block.a", "rootfs,format=tar,format=tar"}}}, ERROR_INPUT, "has an option other than"},
    {{.pairs = {{W "block.a", "rootfs,"}}}, ERROR_INPUT, "has an option other than"},
    {{.pairs = {{W "block.a", "rootfs,rw"}}}, ERROR_INPUT, "has an option other than"},
    {{.pairs = {{W "block.a", "rootfs,keep,discard"}}}, ERROR_INPUT, "has an option other than"},
    {{.pairs = {{W "block.a", "rootfs,limit=0"}}}, ERROR_INPUT, "has an option other than"},
    {{.pairs = {{W "block.a", "rootfs,limit=1T"}}}, ERROR_INPUT, "has an option other than"},
    {{.pairs = {{W "block.a", "rootfs,limit=1M,limit=1M"}}}, ERROR_INPUT, "has an option other than"},
    {{.pairs = {{W "block.a", "rootfs,ro,keep"}}}, ERROR_INPUT, "is read-only, and says what becomes"},
    {{.pairs = {{W "block.a", "rootfs,limit=1,ro"}}}, ERROR_INPUT, "is read-only, and says what becomes"},
    {{.pairs = {{W "block.a", "rootfs,format=raw"}}},
     ERROR_INPUT,
     "gives the whole root file system the format raw"},
    {{.pairs = {{W "block.a", "file:/x,format=tar"}}}, ERROR_INPUT, "gives a file another format than raw"},
    {{.pairs = {{W "net.a", ""}}},
     ERROR_INPUT,
     "annotation dev.wherry.net.a: '' is not the name of an interface"},
    {{.pairs = {{W "net.a", "a/b"}}}, ERROR_INPUT, "'a/b' is not the name of an interface"},
    {{.pairs = {{W "net.a", "sixteencharacter"}}}, ERROR_INPUT, "is not the name of an interface"},

    {{.pairs = {{U "hypervisor", "hvt"}, {U "unikernelType", "mirage"}}},
     ERROR_INPUT,
     "the unikernel is only half described: neither an annotation nor /urunc.json gives "
     "com.urunc.unikernel.binary"},
    {{.pairs = {{U "binary", "/b"}, {U "unikernelType", "mirage"}}},
     ERROR_INPUT,
     "gives com.urunc.unikernel.hypervisor"},
    {{.pairs = {{U "binary", "/b"}, {U "hypervisor", "hvt"}}},
     ERROR_INPUT,
     "gives com.urunc.unikernel.unikernelType"},
    {{.pairs = {{U "binary", ""}, {U "hypervisor", "hvt"}, {U "unikernelType", "mirage"}}},
     ERROR_INPUT,
     "gives com.urunc.unikernel.binary"},
    {{.json = "{}"}, ERROR_INPUT, "only half described"},
    {{.json = ""}, ERROR_INPUT, "/urunc.json: line 1: parse error"},
    {{.json = "[]"}, ERROR_INPUT, "/urunc.json: must be an object, not an array"},
    {{.json = "{\"" U "binary\":1}"},
     ERROR_INPUT,
     "/urunc.json: com.urunc.unikernel.binary: must be a string, not a number"},
    {{.pairs = {{U "hypervisor", "qemu"}}},
     ERROR_REFUSED,
     "annotation com.urunc.unikernel.hypervisor: 'qemu' is not supported"},
    {{.pairs = {{U "hypervisor", "c3B0"}}}, ERROR_REFUSED, "hypervisor: 'spt' is not supported"},
    {{.pairs = {{U "hypervisor", "xen"}}}, ERROR_INPUT, "hypervisor: unknown value 'xen'"},
    {{.json = "{\"" U "unikernelType\":\"unikraft\"}"},
     ERROR_REFUSED,
     "/urunc.json: com.urunc.unikernel.unikernelType: 'unikraft' is not supported"},
    {{.pairs = {{U "unikernelType", "mewz"}}}, ERROR_REFUSED, "unikernelType: 'mewz' is not supported"},
    {{.pairs =
          {{U "binary", "/b"}, {U "hypervisor", "hvt"}, {U "initrd", "/i"}, {U "unikernelType", "mirage"}}},
     ERROR_REFUSED,
     "annotation com.urunc.unikernel.initrd: not supported"},
    {{.pairs = {{U "bootKernel", "/boot/vmlinuz"}}}, ERROR_REFUSED, "bootKernel: not supported"},
    {{.pairs = {{U "solo5NetDev", "a_b"}}}, ERROR_INPUT, "solo5NetDev: 'a_b' is not the name of a device"},
    {{.pairs = {{U "useDMBlock", "perhaps"}}}, ERROR_INPUT, "useDMBlock: unknown value 'perhaps'"},
};

START_TEST(a_bad_description_is_an_error)
{
    struct error err = {0};
    ck_assert_fails(read_input(&bad[_i].input, &err), err, bad[_i].kind, bad[_i].message);
    ck_assert_ptr_null(unikernel);
}
END_TEST

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof((ARRAY)[0])))

int main(void)
{
    Suite *suite = suite_create("unikernel");
    TCase *t = unit_case(suite, "unikernel");
    tcase_add_checked_fixture(t, NULL, release);
    tcase_add_test(t, a_container_may_say_nothing);
    tcase_add_test(t, our_annotations_are_read);
    tcase_add_test(t, a_pod_s_annotations_are_meant_for_some_of_its_containers);
    tcase_add_loop_test(t, memory_is_bytes_or_binary_units, 0, COUNT(sizes));
    tcase_add_test(t, an_unknown_key_of_ours_is_a_warning);
    tcase_add_loop_test(t, urunc_s_metadata_is_read_in_every_form, 0, COUNT(urunc_forms));
    tcase_add_test(t, urunc_s_command_line_is_a_fallback);
    tcase_add_test(t, a_guest_may_be_lent_code_unless_it_says_off);
    tcase_add_test(t, urunc_s_devices_are_read);
    tcase_add_test(t, urunc_s_root_file_system_becomes_the_only_block_device);
    tcase_add_test(t, one_block_annotation_of_ours_puts_urunc_s_aside);
    tcase_add_test(t, the_result_outlives_its_sources);
    tcase_add_loop_test(t, a_bad_description_is_an_error, 0, COUNT(bad));
    return unit_run(suite);
}
