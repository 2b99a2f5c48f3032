/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of gdb's remote protocol ("Debugging with GDB", appendix E.2) for a guest that stands: pure
 * functions over its registers, its memory and the list of breakpoints. Who runs the guest, and who carries
 * packets, is in gdb.c and connection.c.
 *
 * The commands are hostile, as anybody may have connected: no address and no length is believed. Memory can
 * be read where the guest can have memory at all, and written from GUEST_MIN_BASE up, whatever rights the
 * guest has.
 */
#ifndef GDB_STUB_H
#define GDB_STUB_H

#include "gdb/breakpoints.h"
#include "gdb/packet.h"
#include "gdb/registers.h"
#include "guest_mem.h"

#include <stdbool.h>
#include <stddef.h>

/* gdb's own numbers for signals. */
enum stub_signal {
    STUB_SIGINT = 2,
    STUB_SIGILL = 4,
    STUB_SIGTRAP = 5,
    STUB_SIGABRT = 6,
    STUB_SIGFPE = 8,
    STUB_SIGBUS = 10,
    STUB_SIGSEGV = 11,
    STUB_SIGSYS = 12
};

/* What a command wants besides a reply. */
enum stub_action {
    STUB_REPLY = 0, /* nothing */
    STUB_CONTINUE,  /* no reply yet: the next stop is the reply. So too: */
    STUB_STEP,
    STUB_DETACH, /* send the reply, and let the guest run for itself */
    STUB_KILL    /* no reply, ever */
};

struct stub {
    const struct guest_mem *mem;
    struct registers registers;
    struct breakpoints breakpoints;
    bool can_watch_access; /* reads too, not only changes */
    bool has_no_acks;      /* the two sides have agreed on that */
    bool passes_signal;    /* the guest is to get the exception for which it was stopped */
    size_t stop_size;
    char stop[64]; /* the reply that says why it stands */
};

struct stub_reply {
    size_t size;
    char bytes[PACKET_SIZE];
};

/* The guest stands because of a signal. why is NULL, or "swbreak" and the like (appendix E.3). */
void stub_stop(struct stub *stub, enum stub_signal signal, const char *why);

/* The guest stands because something that is watched was accessed. */
void stub_stop_at_watch(struct stub *stub, const struct watchpoint *watch);

/* Answers a packet. payload has a NUL behind its size bytes. An unknown command has an empty reply. */
enum stub_action stub_handle(struct stub *stub, const char *payload, size_t size, struct stub_reply *reply);

#endif
