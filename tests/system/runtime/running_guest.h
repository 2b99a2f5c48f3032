/* SPDX-License-Identifier: Apache-2.0 */
/* Guests (tap_guest.h) and processes in the namespace of pod.h. */
#ifndef RUNNING_GUEST_H
#define RUNNING_GUEST_H

#include "tap_guest.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

struct running_guest {
    struct tap_guest guest;
    struct start_message message;
    pthread_t thread;
    int stop[2]; /* a pipe: what is written ends the guest */
};

/* Attaches a guest, and lets it answer in a thread. port: as in tap_guest.h. */
void running_guest_start(struct running_guest *running, uint16_t port);

/* Ends the guest, and checks that each frame that it got was as a guest can take it. */
void running_guest_stop(struct running_guest *running);

/* A process that answers UDP and accepts TCP at that port of an address of the pod's namespace ("::": any).
 */
pid_t sidecar_start(const char *address, uint16_t port);
void sidecar_stop(pid_t pid);

#endif
