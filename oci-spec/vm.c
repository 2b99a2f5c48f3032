/* SPDX-License-Identifier: Apache-2.0 */
/* vm (config-vm.md). */
#include "section.h"

#include <string.h>

/* An object whose members matter to struct config_vm itself. */
#define VM_PART(NAME, TABLE)                  \
    static const struct field_object NAME = { \
        .size = sizeof(struct config_vm), .fields = (TABLE), .n_fields = sizeof(TABLE) / sizeof((TABLE)[0])}

static const struct field kernel_fields[] = {
    {FIELD(config_vm, kernel_path, FIELD_STRING, "path"), .is_required = true},
    {FIELD(config_vm, kernel_parameters, FIELD_STRINGS, "parameters")},
};
VM_PART(kernel_object, kernel_fields);

static int read_image_format(struct field_reader *reader, const struct json *value, void *base,
                             struct error *err)
{
    (void)base;
    if (field_check_type(reader, value, JSON_STRING, err) < 0)
        return -1;
    if (strcmp(value->text, "raw") == 0)
        return 0;
    return field_refuse(reader, err, "'%s' is not supported, only 'raw'", value->text);
}

static const struct field image_fields[] = {
    {FIELD(config_vm, image_path, FIELD_STRING, "path"), .is_required = true},
    {.name = "format",
     .type = FIELD_CUSTOM,
     .extra = FIELD_NONE,
     .read = read_image_format,
     .is_required = true},
};
VM_PART(image_object, image_fields);

static int read_vcpus(struct field_reader *reader, const struct json *value, void *base, struct error *err)
{
    (void)base;
    if (field_check_type(reader, value, JSON_NUMBER, err) < 0)
        return -1;
    if (strcmp(value->text, "1") == 0)
        return 0;
    return field_refuse(reader, err, "%s is not supported: a unikernel has 1", value->text);
}

static const struct field hw_config_fields[] = {
    {.name = "vcpus", .type = FIELD_CUSTOM, .extra = FIELD_NONE, .read = read_vcpus},
    {FIELD_HAS(config_vm, memory, FIELD_U64, "memory"), .min = 1, .max = INT64_MAX},
};
VM_PART(hw_config_object, hw_config_fields);

/* All of its properties are refused or ignored. */
static const struct field_object hypervisor_object = {0};

static int vm_finish(struct field_reader *reader, void *base, struct error *err)
{
    const struct config_vm *vm = base;
    if (field_check_absolute(reader, vm->kernel_path, err) < 0)
        return -1;
    return vm->image_path == NULL ? 0 : field_check_absolute(reader, vm->image_path, err);
}

static const struct field vm_fields[] = {
    {.name = "hypervisor", .type = FIELD_OBJECT, .extra = FIELD_NONE, .object = &hypervisor_object},
    {.name = "kernel",
     .type = FIELD_OBJECT,
     .extra = FIELD_NONE,
     .object = &kernel_object,
     .is_required = true},
    {.name = "image", .type = FIELD_OBJECT, .extra = FIELD_NONE, .object = &image_object},
    {.name = "hwConfig", .type = FIELD_OBJECT, .extra = FIELD_NONE, .object = &hw_config_object},
};

const struct field_object vm_section = {.size = sizeof(struct config_vm),
                                        .fields = vm_fields,
                                        .n_fields = sizeof(vm_fields) / sizeof(vm_fields[0]),
                                        .finish = vm_finish};
