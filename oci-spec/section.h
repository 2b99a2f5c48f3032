/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of config.json: how each object of the specification becomes its struct of oci-spec/config.h.
 */
#ifndef SECTION_H
#define SECTION_H

#include "field.h"

extern const struct field_object process_section;   /* struct config_process */
extern const struct field_object mount_section;     /* struct config_mount: one element of mounts */
extern const struct field_object hooks_section;     /* struct config_hooks[CONFIG_HOOK_COUNT] */
extern const struct field_object linux_section;     /* struct config */
extern const struct field_object resources_section; /* struct config_resources */
extern const struct field_object vm_section;        /* struct config_vm */
extern const struct field_object config_section;    /* struct config: the whole document */

#endif
