/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     dial ADDRESS PORT
 *
 * connects, sends the first line of a request, and prints what comes until the other end closes. Ends with 0,
 * or with 1 and why on standard error; after ten seconds in any case.
 */
#include "kit/ip_config.h"
#include "kit/manifest.h"
#include "kit/tcpip.h"
#include "solo5.h"

#include <lwip/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

MANIFEST(MANIFEST_DEVICE_NET("service"));

#define REQUEST       "GET / HTTP/1.0\r\n\r\n"
#define SECONDS_MAX   10
#define NS_PER_SECOND 1000000000u

static bool has_received;

static _Noreturn void fail(const char *why)
{
    fprintf(stderr, "dial: %s\n", why);
    exit(EXIT_FAILURE);
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t result)
{
    (void)arg;
    if (result != ERR_OK)
        fail("receive");
    if (data == NULL)
        exit(EXIT_SUCCESS);
    for (struct pbuf *part = data; part != NULL; part = part->next)
        fwrite(part->payload, 1, part->len, stdout);
    has_received = true;
    tcp_recved(pcb, data->tot_len);
    pbuf_free(data);
    return ERR_OK;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t result)
{
    (void)arg;
    if (result != ERR_OK || tcp_write(pcb, REQUEST, strlen(REQUEST), 0) != ERR_OK)
        fail("send");
    return ERR_OK;
}

static void on_error(void *arg, err_t result)
{
    (void)arg;
    if (has_received) /* the other end has not read what was sent, and closed */
        exit(EXIT_SUCCESS);
    fail(result == ERR_RST ? "connection refused" : "connection lost");
}

int main(int argc, char **argv)
{
    struct ip_config config;
    ip_addr_t to;
    ip_config_choose("service", &argc, argv, &config);
    if (argc != 3 || ipaddr_aton(argv[1], &to) == 0)
        fail("usage: dial ADDRESS PORT");
    if (tcpip_start("service", &config) != 0)
        fail("no network");

    struct tcp_pcb *pcb = tcp_new_ip_type(IP_GET_TYPE(&to));
    if (pcb == NULL)
        fail("no memory");
    tcp_recv(pcb, on_received);
    tcp_err(pcb, on_error);
    if (tcp_connect(pcb, &to, (u16_t)atoi(argv[2]), on_connected) != ERR_OK)
        fail("no route");
    uint64_t end = solo5_clock_monotonic() + (uint64_t)SECONDS_MAX * NS_PER_SECOND;
    while (solo5_clock_monotonic() < end)
        tcpip_wait();
    fail("no answer");
}
