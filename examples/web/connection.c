/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection is in one of three states:
 *
 *     READING    --- a request is complete ---> SENDING
 *     SENDING    --- all is handed to lwIP ---> READING, or LINGERING when the connection ends
 *     LINGERING  --- the peer has closed -----> gone
 *
 * Bytes that arrive while an answer is being sent wait in `received`, unacknowledged to the peer's window, so
 * that a client cannot make the server hoard requests. Lingering means that the server has sent its last byte
 * but goes on discarding the client's: closed at once, a client that is still sending would get a reset, and
 * lose the answer (RFC 9112, 9.6).
 *
 * What finds no memory waits: every callback, and every second, goes on with what can be done.
 *
 * Each state has a limit in seconds, after which a connection without progress is closed. When all
 * connections are taken, the one that has been idle longest makes room.
 */
#include "connection.h"

#include "request.h"
#include "response.h"
#include "site.h"
#include "solo5.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <lwip/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#define CONNECTIONS_MAX (MEMP_NUM_TCP_PCB - 64) /* the others are for connections that come and go */
#define BACKLOG         255
#define POLL_INTERVAL   2 /* of lwIP's half seconds: on_poll() counts seconds */

#define IDLE_SECONDS   60 /* between two requests */
#define HEAD_SECONDS   10 /* from a head's first byte to its last */
#define SEND_SECONDS   30 /* without any byte being acknowledged */
#define LINGER_SECONDS 5

#define NS_PER_SECOND      1000000000u
#define CLOCK_SYNC_SECONDS 60

enum state { READING, SENDING, LINGERING };

struct connection {
    struct connection *next, *previous; /* in the list of all */
    struct tcp_pcb *pcb;
    enum state state;
    unsigned seconds;      /* in this state without progress */
    bool is_peer_done;     /* it has sent its last byte */
    struct pbuf *received; /* not yet looked at */
    char *head;            /* REQUEST_HEAD_MAX bytes, while a part of a head is there */
    size_t head_used;
    struct response *response; /* while SENDING */
    size_t head_sent, text_sent;
    struct fs_file file;
};

static struct connection *connections;
static unsigned n_connections;
static bool is_logged;

/* Wall-clock seconds. To ask the host is dear, so the monotonic clock fills the time between. */
static int64_t now(void)
{
    static solo5_time_t wall, synced;
    solo5_time_t monotonic = solo5_clock_monotonic();
    if (wall == 0 || monotonic - synced > CLOCK_SYNC_SECONDS * (solo5_time_t)NS_PER_SECOND) {
        wall = solo5_clock_wall();
        synced = monotonic;
    }
    return (int64_t)((wall + (monotonic - synced)) / NS_PER_SECOND);
}

static void log_request(const struct connection *c, struct slice line)
{
    char text[512];
    size_t size = line.size < sizeof(text) ? line.size : sizeof(text);
    for (size_t i = 0; i < size; i++)
        text[i] = isprint((unsigned char)line.data[i]) && line.data[i] != '"' ? line.data[i] : '?';
    printf("%s \"%.*s\" %d %" PRIu64 "\n", ipaddr_ntoa(&c->pcb->remote_ip), (int)size, text,
           c->response->status, c->response->count + strlen(c->response->text));
}

/* ---- the end of a connection ---- */

static void forget(struct connection *c)
{
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        connections = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    n_connections--;
    if (c->received != NULL)
        pbuf_free(c->received);
    free(c->head);
    free(c->response);
    free(c);
}

/* Returns what a callback has to return to lwIP. */
static err_t end(struct connection *c, bool is_abrupt)
{
    struct tcp_pcb *pcb = c->pcb;
    forget(c);
    tcp_arg(pcb, NULL);
    tcp_recv(pcb, NULL);
    tcp_sent(pcb, NULL);
    tcp_err(pcb, NULL);
    tcp_poll(pcb, NULL, 0);
    if (!is_abrupt && tcp_close(pcb) == ERR_OK)
        return ERR_OK;
    tcp_abort(pcb);
    return ERR_ABRT;
}

static void enter(struct connection *c, enum state state)
{
    c->state = state;
    c->seconds = 0;
}

/* ---- sending ---- */

/* Hands up to *left bytes to lwIP. Returns how many it took. */
static size_t send_some(struct connection *c, const char *data, size_t left, bool is_more)
{
    size_t room = tcp_sndbuf(c->pcb), size = left < room ? left : room;
    if (size > UINT16_MAX)
        size = UINT16_MAX;
    u8_t flags = TCP_WRITE_FLAG_COPY | (is_more ? TCP_WRITE_FLAG_MORE : 0);
    if (size == 0 || tcp_write(c->pcb, data, (u16_t)size, flags) != ERR_OK)
        return 0;
    return size;
}

/* Hands on what lwIP takes of head, text and file. Returns 1 when all is gone, 0 when not, -1 when it cannot
 * be had. */
static int send_response(struct connection *c)
{
    struct response *r = c->response;
    size_t text_size = strlen(r->text);
    if (c->head_sent < r->head_size) {
        c->head_sent +=
            send_some(c, r->head + c->head_sent, r->head_size - c->head_sent, text_size + r->count > 0);
        if (c->head_sent < r->head_size)
            return 0;
    }
    if (c->text_sent < text_size)
        c->text_sent += send_some(c, r->text + c->text_sent, text_size - c->text_sent, false);
    if (c->text_sent < text_size)
        return 0;

    while (r->count > 0) {
        const char *data;
        size_t size;
        int result = tcp_sndbuf(c->pcb) == 0 ? -ENOMEM : site_read(&c->file, r->first, &data, &size);
        if (result != 0)
            return result == -ENOMEM ? 0 : -1;
        if (size > r->count)
            size = (size_t)r->count;
        size_t sent = send_some(c, data, size, size < r->count);
        if (sent == 0)
            return 0;
        r->first += sent;
        r->count -= sent;
    }
    return 1;
}

/* ---- reading ---- */

static void answer(struct connection *c, const struct request *request, int error)
{
    static char path[SITE_PATH_MAX];
    if (error != 0) {
        response_plan_error(error, now(), c->response);
    } else {
        struct resource resource = {.status = 405};
        if (request->method != REQUEST_OTHER)
            site_find(request->target, path, &resource, &c->file);
        response_plan(request, &resource, now(), c->response);
    }
    if (is_logged)
        log_request(c, request->line);
    c->head_sent = c->text_sent = 0;
    enter(c, SENDING);
}

/* Moves what was received to the end of the head, as far as there is room, and gives the peer that much
 * window. */
static void take_received(struct connection *c)
{
    size_t room = REQUEST_HEAD_MAX - c->head_used;
    u16_t n = pbuf_copy_partial(c->received, c->head + c->head_used, (u16_t)room, 0);
    c->head_used += n;
    c->received =
        n == c->received->tot_len ? (pbuf_free(c->received), NULL) : pbuf_free_header(c->received, n);
    tcp_recved(c->pcb, n);
}

/* Returns whether there is an answer to send: not when bytes are missing, or memory. */
static bool read_request(struct connection *c)
{
    struct request request;
    size_t size = 0;
    if (c->head == NULL && c->received == NULL)
        return false;
    if (c->head == NULL)
        c->head = malloc(REQUEST_HEAD_MAX);
    if (c->response == NULL)
        c->response = malloc(sizeof(*c->response));
    if (c->head == NULL || c->response == NULL)
        return false;
    if (c->received != NULL && c->head_used < REQUEST_HEAD_MAX)
        take_received(c);

    int result = request_parse(c->head, c->head_used, &request, &size);
    if (result == -1)
        return false;
    answer(c, &request, result);
    c->head_used -= size;
    memmove(c->head, c->head + size, c->head_used);
    if (c->head_used == 0) {
        free(c->head);
        c->head = NULL;
    }
    return true;
}

/* Does what can be done. Returns what a callback has to return to lwIP. */
static err_t advance(struct connection *c)
{
    int result = 1;
    while (result > 0 && c->state != LINGERING) {
        if (c->state == READING) {
            result = read_request(c);
            continue;
        }
        result = send_response(c);
        if (result <= 0)
            break;
        bool closes = c->response->closes;
        free(c->response);
        c->response = NULL;
        enter(c, closes ? LINGERING : READING);
        if (closes && tcp_shutdown(c->pcb, 0, 1) != ERR_OK)
            result = -1;
    }
    if (result < 0)
        return end(c, true);
    if (c->state == LINGERING && c->received != NULL) {
        tcp_recved(c->pcb, c->received->tot_len);
        pbuf_free(c->received);
        c->received = NULL;
    }
    if (c->is_peer_done && c->state != SENDING)
        return end(c, false);
    tcp_output(c->pcb);
    return ERR_OK;
}

/* ---- lwIP's callbacks ---- */

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct connection *c = arg;
    (void)pcb;
    (void)err;
    if (p == NULL)
        c->is_peer_done = true;
    else if (c->received == NULL)
        c->received = p;
    else
        pbuf_cat(c->received, p);
    if (c->state == READING && c->head_used == 0)
        c->seconds = 0;
    return advance(c);
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t size)
{
    struct connection *c = arg;
    (void)pcb;
    (void)size;
    if (c->state == SENDING)
        c->seconds = 0;
    return advance(c);
}

static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
    struct connection *c = arg;
    static const unsigned limits[] = {[SENDING] = SEND_SECONDS, [LINGERING] = LINGER_SECONDS};
    unsigned limit = c->state != READING ? limits[c->state] : c->head_used > 0 ? HEAD_SECONDS : IDLE_SECONDS;
    (void)pcb;
    if (++c->seconds > limit)
        return end(c, c->state != READING);
    return advance(c); /* what had to wait for memory */
}

static void on_error(void *arg, err_t err)
{
    (void)err; /* lwIP has freed the pcb already */
    forget(arg);
}

/* Ends the connection that has been idle longest. Returns false when none is idle. */
static bool make_room(void)
{
    struct connection *idlest = NULL;
    for (struct connection *c = connections; c != NULL; c = c->next)
        if (c->state == READING && c->head_used == 0 && (idlest == NULL || c->seconds >= idlest->seconds))
            idlest = c;
    if (idlest != NULL)
        end(idlest, false);
    return idlest != NULL;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
    (void)arg;
    if (err != ERR_OK || pcb == NULL)
        return ERR_VAL;
    if (n_connections >= CONNECTIONS_MAX && !make_room())
        return ERR_MEM; /* lwIP aborts it */
    struct connection *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return ERR_MEM;

    c->pcb = pcb;
    c->next = connections;
    if (connections != NULL)
        connections->previous = c;
    connections = c;
    n_connections++;
    tcp_arg(pcb, c);
    tcp_recv(pcb, on_received);
    tcp_sent(pcb, on_sent);
    tcp_err(pcb, on_error);
    tcp_poll(pcb, on_poll, POLL_INTERVAL);
    tcp_nagle_disable(pcb);
    return ERR_OK;
}

int connection_listen(uint16_t port, bool wants_log)
{
    is_logged = wants_log;
    struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
    if (pcb == NULL || tcp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK)
        return -1;
    pcb = tcp_listen_with_backlog(pcb, BACKLOG);
    if (pcb == NULL)
        return -1;
    tcp_accept(pcb, on_accept);
    return 0;
}
