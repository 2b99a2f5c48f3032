/* SPDX-License-Identifier: Apache-2.0 */
/* What one command remembers of a container for the next ones, and its text form. Where it is kept:
 * state_dir.h. */
#ifndef STATE_RECORD_H
#define STATE_RECORD_H

#include "process.h"

#include "base/error.h"
#include "monitor/launch.h"

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

/* Which of the guest's network devices takes over which interface; "" is the next in order. */
struct state_net {
    char device[LAUNCH_NAME_SIZE];
    char interface[IF_NAMESIZE];
};

/* Strings are the record's own: state_record_release. NULL is as good as never set. */
struct state_record {
    char *bundle; /* absolute */
    char *rootfs; /* absolute */
    char *created;
    char *cgroup;           /* cgroup_format; NULL: the container has none of its own */
    char *cmdline;          /* the guest's command line but for its network part */
    uint64_t guest_kind;    /* enum guest_kind */
    uint64_t memory_bytes;  /* of the guest */
    struct process process; /* the monitor; pid 0 until it is there */
    uint64_t is_created;    /* 1: create has done all of its work */
    uint64_t is_paused;     /* 1: paused by pause, and not resumed since */
    size_t n_nets;
    struct state_net nets[LAUNCH_NETS_MAX];
};

/* Frees the strings and empties the record. */
void state_record_release(struct state_record *record);

/* *out_text is the caller's to free(3). */
int state_record_format(const struct state_record *record, char **out_text, size_t *out_size,
                        struct error *err);

/* The reverse. Cuts text, which is NUL-terminated, to pieces. What is not in order is ERROR_INPUT. */
int state_record_parse(char *text, struct state_record *out_record, struct error *err);

#endif
