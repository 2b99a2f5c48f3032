/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP/IP: lwIP on a network device. Programs use lwIP's callback ("raw") interface of <lwip/tcp.h> and its
 * kin; there are no threads and no sockets. A program links with the target kit-tcpip.
 *
 *     tcpip_start("service", &config);
 *     ... tcp_new(), tcp_bind(), tcp_listen(), tcp_accept() ...
 *     for (;;)
 *         tcpip_wait();
 */
#ifndef KIT_TCPIP_H
#define KIT_TCPIP_H

#include "kit/ip_config.h"

/*
 * Acquires the network device that the manifest calls device, and brings it up. Returns 0, or a negative
 * error number: -ENODEV when there is no such device.
 */
int tcpip_start(const char *device, const struct ip_config *config);

/* Sleeps until a packet comes or a timer of lwIP's runs out, then handles what there is. Callbacks run in
 * here. */
void tcpip_wait(void);

#endif
