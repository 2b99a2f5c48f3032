/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health checks that need no process in the guest. Engines know one way to ask for a container's health: to
 * execute a command in it. For this one the runtime does the work, from outside:
 *
 *     wherry-probe [--timeout SECONDS] tcp PORT           a connection is accepted
 *     wherry-probe [--timeout SECONDS] http PORT [PATH]   GET PATH (/) is answered with 200 to 399
 *     wherry-probe                                        what the annotation dev.wherry.probe says
 */
#ifndef OCI_SPEC_PROBE_H
#define OCI_SPEC_PROBE_H

#include "base/error.h"
#include "oci-spec/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_COMMAND    "wherry-probe"
#define PROBE_ANNOTATION "dev.wherry.probe"

#define PROBE_TEXT_SIZE         512 /* the words of a probe, and the NUL */
#define PROBE_PATH_SIZE         256
#define PROBE_TIMEOUT_DEFAULT_S 5
#define PROBE_TIMEOUT_MAX_S     3600

enum probe_kind { PROBE_TCP, PROBE_HTTP };

struct probe {
    enum probe_kind kind;
    uint16_t port; /* never 0 */
    uint32_t timeout_s;
    char path[PROBE_PATH_SIZE]; /* HTTP: starts with "/", printable ASCII without blanks */
};

/*
 * Whether a command is a probe: the words of args, or those that a shell is given by "-c", start with the
 * name, which may have a folder in front. Then text is what follows it, "" if nothing does. Words that do not
 * fit are ERROR_INPUT. Otherwise 0 is returned, and *out_is_probe tells.
 */
int probe_find(const struct config_strings *args, char text[PROBE_TEXT_SIZE], bool *out_is_probe,
               struct error *err);

/* Parses the words behind the name; blanks separate them. Anything else is ERROR_INPUT. */
int probe_parse(const char *text, struct probe *out, struct error *err);

#endif
