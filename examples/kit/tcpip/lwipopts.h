/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How lwIP is built (lwip/opt.h has the meaning and the default of each option): one thread, callbacks, IPv4
 * and IPv6, TCP.
 *
 * Connections come out of pools of fixed size, so that lwIP itself recycles those in TIME-WAIT when they run
 * short; packets come out of malloc(), so that unused room costs nothing.
 */
#ifndef TCPIP_LWIPOPTS_H
#define TCPIP_LWIPOPTS_H

#include "kit/random.h"

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_SINGLE_NETIF    1
#define LWIP_STATS           0
#define LWIP_RAND()          ((u32_t)random_u64())

/*
 * Addresses are given to the interface and to the namespace's stack alike, so nobody answers a question for
 * duplicates but the other one of the two; and routers are known. Addresses have lifetimes only so that lwIP
 * does not take everything with the same 64 bits to be on the link: next_hop.c knows.
 */
#define LWIP_IPV6                     1
#define LWIP_IPV6_NUM_ADDRESSES       8
#define LWIP_IPV6_AUTOCONFIG          0
#define LWIP_IPV6_ADDRESS_LIFETIMES   1
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 0
#define LWIP_ND6_NUM_NEIGHBORS        32
#define LWIP_ND6_NUM_DESTINATIONS     64
#define MEMP_NUM_MLD6_GROUP           16
#define IPV6_FRAG_COPYHEADER          1 /* pointers have 64 bits */
#define LWIP_HOOK_FILENAME            "lwip_hooks.h"

#define MEM_LIBC_MALLOC 1
#define MEM_ALIGNMENT   16

#define MEMP_NUM_TCP_PCB        512
#define MEMP_NUM_TCP_PCB_LISTEN 4
#define MEMP_NUM_TCP_SEG        4096
#define MEMP_NUM_PBUF           64 /* those without data of their own; tcp_write() copies here */
#define PBUF_POOL_SIZE          0

#define ARP_TABLE_SIZE 16
#define ARP_QUEUEING   1

#define TCP_MSS                                                         1460
#define TCP_WND                                                         (16 * TCP_MSS)
#define TCP_SND_BUF                                                     (44 * TCP_MSS)
#define TCP_SND_QUEUELEN                                                (4 * TCP_SND_BUF / TCP_MSS)
#define TCP_LISTEN_BACKLOG                                              1
#define TCP_OVERSIZE                                                    TCP_MSS
#define LWIP_TCP_SACK_OUT                                               1
#define LWIP_CHECKSUM_ON_COPY                                           1
#define LWIP_CHKSUM_ALGORITHM                                           3
#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port) ((u32_t)random_u64())

#endif
