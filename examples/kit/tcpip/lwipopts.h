/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How lwIP is built (lwip/opt.h has the meaning and the default of each option): one thread, callbacks, IPv4,
 * TCP.
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
#define LWIP_IPV6            0
#define LWIP_STATS           0
#define LWIP_RAND()          ((u32_t)random_u64())

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
