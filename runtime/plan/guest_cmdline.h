/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's command line: Solo5 hands a guest one string of at most 8191 bytes and knows no quoting. What
 * reads it on the other side splits it: Mirage's parser at spaces, with backslash and double quotes as in a
 * shell; rumprun takes all of it as one JSON document.
 */
#ifndef GUEST_CMDLINE_H
#define GUEST_CMDLINE_H

#include "base/error.h"
#include "monitor/launch.h"
#include "oci-spec/config.h"

#include <stddef.h>

/* What a guest expects of its command line and of its network configuration. */
enum guest_kind {
    GUEST_PLAIN,  /* words, nothing added */
    GUEST_KIT,    /* words; network and environment are in the boot information */
    GUEST_MIRAGE, /* --ipv4=ADDRESS/PREFIX --ipv4-gateway=ADDRESS, then words; no environment */
    GUEST_RUMPRUN /* one JSON document */
};

/*
 * Quotes words so that Mirage's parser gets the same ones, and joins them with spaces. *out is the caller's
 * to free(3). Longer than a guest can take is ERROR_INPUT.
 */
int guest_cmdline_quote(const char *const *words, char **out, struct error *err);

/*
 * Writes message->cmdline: words with what the kind is told there of the network (the message's nets) and of
 * the environment.
 */
int guest_cmdline_finish(enum guest_kind kind, const char *words, const struct config_strings *env,
                         struct start_message *message, struct error *err);

#endif
