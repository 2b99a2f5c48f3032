/* SPDX-License-Identifier: Apache-2.0 */
#include "netlink.h"

#include <errno.h>
#include <string.h>

/* What the kernel fills at most in one part of a dump (netlink_dump in af_netlink.c). */
#define ANSWER_SIZE 32768

int netlink_open(struct netlink *nl, struct error *err)
{
    nl->sequence = 0;
    nl->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (nl->socket == NULL)
        return error_errno(err, "open a netlink socket");
    if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        error_errno(err, "bind a netlink socket");
        netlink_close(nl);
        return -1;
    }
    return 0;
}

void netlink_close(struct netlink *nl)
{
    if (nl->socket != NULL)
        mnl_socket_close(nl->socket);
    nl->socket = NULL;
}

struct nlmsghdr *netlink_begin(void *buf, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
    request->nlmsg_type = type;
    request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    return request;
}

static int talk(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t each, void *data, const char *what,
                struct error *err)
{
    char answer[ANSWER_SIZE];
    request->nlmsg_seq = ++nl->sequence;
    if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
        return error_errno(err, "%s", what);

    int more = MNL_CB_OK;
    while (more > MNL_CB_STOP) {
        ssize_t size = mnl_socket_recvfrom(nl->socket, answer, sizeof(answer));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return error_errno(err, "%s", what);
        more = mnl_cb_run(answer, (size_t)size, nl->sequence, mnl_socket_get_portid(nl->socket), each, data);
        if (more < 0)
            return error_errno(err, "%s", what);
    }
    return 0;
}

int netlink_request(struct netlink *nl, struct nlmsghdr *request, const char *what, struct error *err)
{
    request->nlmsg_flags |= NLM_F_ACK;
    return talk(nl, request, NULL, NULL, what, err);
}

int netlink_dump(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t each, void *data, const char *what,
                 struct error *err)
{
    request->nlmsg_flags |= NLM_F_DUMP;
    return talk(nl, request, each, data, what, err);
}
