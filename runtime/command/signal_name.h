/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as people and engines write them. */
#ifndef SIGNAL_NAME_H
#define SIGNAL_NAME_H

#include "base/error.h"

/* Parses "TERM", "SIGTERM", "sigterm", "RTMIN+3" or "15"; 0 only asks whether the process is there. Anything
 * else is ERROR_USAGE. */
int signal_name_parse(const char *text, int *out_signal, struct error *err);

#endif
