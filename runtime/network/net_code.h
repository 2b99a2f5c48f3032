/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces that the BPF programs of net_program.h are put together from.
 *
 * A piece that says "for a family" is put once for IPv4 and once for IPv6, because every offset differs.
 * Registers, from net_code_parse() on: r6 the context, r7 the offset of the transport header, r8 free or the
 * guests, r9 the protocol. r0 to r5 are anybody's.
 */
#ifndef NET_CODE_H
#define NET_CODE_H

#include "base/bpf.h"
#include "net_steer.h"

#include <stdbool.h>
#include <stdint.h>

enum net_family { NET_IPV4, NET_IPV6 };

/* The one value of the map of guests. */
struct net_guests {
    uint32_t n;                          /* that run */
    uint32_t first;                      /* the oldest one's tap */
    uint32_t slots;                      /* bit i: slot i is taken */
    uint32_t is_home;                    /* 1: ports of 127.0.0.1 that no guest has used are these guests' */
    uint32_t lo_settings;                /* what lo had before there were guests (net_steer.c) */
    uint32_t taps[NET_STEER_GUESTS_MAX]; /* by slot, 0: free */
    uint8_t ipv4[4];                     /* the interface's; all zero: none */
    uint32_t mtu;
    uint32_t filler;
    uint8_t mac[8];   /* six of them */
    uint8_t ipv6[16]; /* a multiple of 8 bytes from the begin */
};

/* The owners' key is protocol << 16 | port as it is in the packet, the value a tap. The refusals' key is
 * struct net_refusal, the value a bit for each slot that has refused. */
struct net_maps {
    int guests_fd, owners_fd, refusals_fd;
};

/* Somebody who wanted to connect to a port that nobody has used yet. */
struct net_refusal {
    uint8_t address[16];
    uint16_t guests_port, others_port;
};

/*
 * Places on the stack, as offsets from r10. What programs branch on is kept there in single bytes, whose
 * values the verifier does not follow: else it would walk through what comes after once for each of them.
 */
enum {
    NET_AT_KEY = -4, /* of the owners */
    NET_AT_SCRATCH = -8,
    NET_AT_TUPLE = -48,     /* the packet's addresses and ports: struct bpf_sock_tuple */
    NET_AT_NEW = -88,       /* the same after translation */
    NET_AT_BYTES = -112,    /* 24 bytes to build something in */
    NET_AT_OFFSET = -120,   /* r7, 8 bytes */
    NET_AT_PROTOCOL = -127, /* r9, one byte */
    NET_AT_PARTY = -135,    /* one byte */
    NET_AT_FLAGS = -134,    /* one byte */
    NET_AT_TARGET = -144,   /* a tap, 8 bytes */
    NET_AT_DIFFERENCE = -152
};

/* Where net_code_parse() leads. The places are the program's. */
enum net_label {
    NET_LABEL_TRANSPORT, /* TCP or UDP over IPv4, and the next one over IPv6; the tuple is whole */
    NET_LABEL_TRANSPORT_6,
    NET_LABEL_ICMP, /* the tuple has its addresses */
    NET_LABEL_ICMPV6,
    NET_LABEL_ARP,
    NET_LABEL_OTHER, /* also: too short */
    NET_LABEL_OWN    /* programs number their own from here on */
};

/*
 * The party of a packet inside a namespace: who has begun, and by which address. It is the last byte of the
 * address that stands for it (net_steer.h), so that an answer says by itself where it belongs.
 */
enum {
    NET_PARTY_STACK = 1,  /* + 1: from 127.0.0.1, + 2: to 127.0.0.1; else the interface's address */
    NET_PARTY_GUEST = 16, /* + 4 * slot, + one of the three below */
    NET_PARTY_END = NET_PARTY_GUEST + 4 * NET_STEER_GUESTS_MAX,
    NET_PARTY_ANY = 104, /* whoever has the port: what guests may connect to */
    NET_PARTY_LINK = 255 /* none: to the link */
};
enum { NET_TO_ADDRESS, NET_TO_LOOPBACK, NET_TO_ANY };

/* Addresses: one of theirs, or the one that stands for the party at NET_AT_PARTY as guests or the stack see
 * it. */
enum net_address { NET_OWN, NET_LOOPBACK, NET_PARTY, NET_PARTY_INSIDE };

/* Offsets of the first address and the second one in a tuple, and of the ports. */
int net_code_source(int tuple);
int net_code_destination(enum net_family family, int tuple);
int net_code_ports(enum net_family family, int tuple);
int net_code_tuple_size(enum net_family family);

/* Copies size bytes of the frame, from offset or from r7 + offset on, to a place. Too short: NET_LABEL_OTHER.
 */
void net_code_copy(struct bpf_writer *w, int offset, int to, int size);
void net_code_copy_from_r7(struct bpf_writer *w, int offset, int to, int size);

/* Loads a byte or half word (BPF_B, BPF_H) of the frame into a register; the same two ways. */
void net_code_fetch(struct bpf_writer *w, int offset, uint8_t size, uint8_t reg);
void net_code_fetch_from_r7(struct bpf_writer *w, int offset, uint8_t size, uint8_t reg);

/* Overwrites size bytes of the frame with those at a place. */
void net_code_overwrite(struct bpf_writer *w, int offset, int from, int size);

/* The begin of a program: takes the frame apart. Extension headers of IPv6 and later fragments are "other".
 */
void net_code_parse(struct bpf_writer *w);

/* r0 becomes the address of the value for the key at a place, or 0. */
void net_code_lookup(struct bpf_writer *w, int map_fd, int at);

/* r8 becomes the address of struct net_guests. None: the label. */
void net_code_find_guests(struct bpf_writer *w, const struct net_maps *maps, unsigned int none);

/* The owners' key becomes that of r9's protocol and the port at a place. */
void net_code_set_key(struct bpf_writer *w, int port_at);

/* To the label unless the namespace's own stack has a socket for the tuple at a place, for a family. */
void net_code_need_socket(struct bpf_writer *w, enum net_family family, int at, unsigned int none);

/* To the label if the interface of r8 has no address of the family. */
void net_code_need_address(struct bpf_writer *w, enum net_family family, unsigned int none);

/* To the label if the address at a place is another one; of the parties' addresses the last byte may be any.
 */
void net_code_need_equal(struct bpf_writer *w, enum net_family family, int at, enum net_address address,
                         unsigned int differs);

void net_code_put_address(struct bpf_writer *w, enum net_family family, int at, enum net_address address);

/* The party becomes the last byte of the address at a place. */
void net_code_take_party(struct bpf_writer *w, enum net_family family, int at);

/* Gives the packet the addresses of NET_AT_NEW, and the sums that fit. */
void net_code_translate(struct bpf_writer *w, enum net_family family);

/* Ends the program: the frame goes to a guest (the tap at NET_AT_TARGET), or to the stack as if by lo. */
void net_code_send_to_target(struct bpf_writer *w);
void net_code_send_to_stack(struct bpf_writer *w);

/* The frame is from a party, for the guests of r8 or for the MAC at a place; NET_AT_BYTES holds both MACs
 * then. */
void net_code_put_guest_macs(struct bpf_writer *w);
void net_code_put_macs(struct bpf_writer *w, int at);

/* Ends the program: a copy for every guest but that of the slot (-1: all of them); the verdict is about the
 * original. */
void net_code_flood(struct bpf_writer *w, int but_slot, int verdict);

/* Ends the program, for a packet to the address of a guest's party: it becomes an answer to what that one has
 * sent. */
void net_code_answer_guest(struct bpf_writer *w, enum net_family family, unsigned int nobody);

/* Ends the program: the frame goes out by the interface whose index is in r1. */
void net_code_redirect(struct bpf_writer *w);

void net_code_return(struct bpf_writer *w, unsigned int label, int verdict);

#endif
