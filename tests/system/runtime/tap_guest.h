/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of a guest's network stack as tests of its tap need: answers ARP, neighbour solicitations, ping,
 * UDP (echo) and TCP (accepts everything, keeps nothing), and checks every frame that it gets: checksums
 * finished, length within the MTU.
 */
#ifndef TAP_GUEST_H
#define TAP_GUEST_H

#include "monitor/launch.h"

#include <stddef.h>
#include <stdint.h>

struct tap_guest {
    int fd;
    const struct start_net *net;
    uint16_t port; /* the one that it answers, others are refused (TCP) or ignored (UDP); 0: every port */
    size_t n_frames;
    size_t n_wrong_sums;
    size_t n_too_long;
    size_t longest; /* bytes of the longest frame */
    uint64_t tcp_bytes;
    uint32_t tcp_expected; /* the next sequence number of the one TCP connection */
};

/* Serves frames until something can be read from stop_fd and no frame is waiting. */
void tap_guest_serve(struct tap_guest *guest, int stop_fd);

#endif
