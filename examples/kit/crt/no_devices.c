/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest of a program that declares none; the linker takes it out of the library only then. */
#include "kit/manifest.h"

MANIFEST_NOTE(MANIFEST_RESERVED);
