/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a guest that can have one, in the form of a start message. */
#ifndef GUEST_ENV_H
#define GUEST_ENV_H

#include "base/error.h"
#include "monitor/launch.h"
#include "oci-spec/config.h"

#include <stdint.h>

/*
 * Puts the strings one behind the other, each with its NUL. More than START_ENV_SIZE bytes are ERROR_INPUT.
 * out may be NULL: then it is only seen whether there is room.
 */
int guest_env_pack(const struct config_strings *env, char *out, uint32_t *out_bytes, struct error *err);

#endif
