/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the kernel's rtnetlink(7): one question, one answer. Messages are built with libmnl's
 * mnl_attr_put_*. A socket belongs to the network namespace in which it was opened.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include "base/error.h"

#include <libmnl/libmnl.h>
#include <stdint.h>

/* Room for any request that is made here. */
#define NETLINK_REQUEST_SIZE 1024

struct netlink {
    struct mnl_socket *socket; /* NULL: closed */
    uint32_t sequence;
};

int netlink_open(struct netlink *nl, struct error *err);
void netlink_close(struct netlink *nl);

/*
 * Begins a request of this type in buf, which has NETLINK_REQUEST_SIZE bytes; flags are added to
 * NLM_F_REQUEST. The result points into buf.
 */
struct nlmsghdr *netlink_begin(void *buf, uint16_t type, uint16_t flags);

/* Sends the request and waits for the kernel's word. When it refuses, its errno is in err->errnum. what for
 * messages: "set 'tap0' up". */
int netlink_request(struct netlink *nl, struct nlmsghdr *request, const char *what, struct error *err);

/* The same for a question (NLM_F_DUMP is added): each message of the answer is given to each, which returns
 * MNL_CB_OK to go on. */
int netlink_dump(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t each, void *data, const char *what,
                 struct error *err);

#endif
