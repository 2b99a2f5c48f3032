/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

int errno;
