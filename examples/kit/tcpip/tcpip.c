/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lwIP's network interface over solo5_net_*, and its clock.
 *
 * A frame is read straight into the buffer that lwIP then owns; a buffer that was prepared for a frame that
 * did not come is kept for the next one. Where the host takes them, many such buffers are posted, and one
 * yield brings as many frames as there are and sends the answers to those before. To send, a frame that lies
 * in one piece goes out from where it is, another is put together first. All checksums are made and checked
 * here: the host is not asked for any.
 */
#include "kit/tcpip.h"

#include "kit/solo5/ring.h"
#include "lwip_hooks.h"
#include "solo5.h"

#include <errno.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000u
/* After so many frames, timers have their turn. */
#define FRAMES_AT_ONCE 64

static struct netif interface;
static solo5_handle_t handle;
static size_t frame_max;      /* bytes of the largest frame */
static struct pbuf *prepared; /* for the next frame */
static struct ring *ring;     /* with posted buffers; else NULL */
static struct pbuf *posted[RING_POSTS_MAX];
static unsigned n_missing; /* of posted: there was no memory */
static uint8_t *assembled; /* room for a frame in one piece */
static struct ip_config addressing;

u32_t sys_now(void)
{
    return (u32_t)(solo5_clock_monotonic() / NS_PER_MS);
}

static err_t send_frame(struct netif *netif, struct pbuf *frame)
{
    (void)netif;
    const uint8_t *data = frame->payload;
    if (frame->tot_len > frame_max)
        return ERR_BUF;
    if (frame->next != NULL) {
        pbuf_copy_partial(frame, assembled, frame->tot_len, 0);
        data = assembled;
    }
    if (ring != NULL && frame->tot_len <= RING_BUF_BYTES) {
        ring_write(ring, handle, data, frame->tot_len, true);
        return ERR_OK;
    }
    return solo5_net_write(handle, data, frame->tot_len) == SOLO5_R_OK ? ERR_OK : ERR_IF;
}

/* Posts a buffer where one is missing. */
static void post(uint32_t id)
{
    posted[id] = pbuf_alloc(PBUF_RAW, (u16_t)frame_max, PBUF_RAM);
    if (posted[id] == NULL)
        n_missing++;
    else
        ring_post(ring, handle, posted[id]->payload, frame_max, id);
}

static void post_missing(void)
{
    if (n_missing == 0)
        return;
    n_missing = 0;
    for (uint32_t id = 0; id < RING_POSTS_MAX; id++)
        if (posted[id] == NULL)
            post(id);
}

/*
 * Own addresses are shared with others where several guests and processes have one network namespace (a pod):
 * what is sent there goes out, and the host gives it to whoever has the port.
 */
static err_t send_ipv4(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to)
{
    const struct eth_addr *own = (const struct eth_addr *)netif->hwaddr;
    if (ip4_addr_cmp(to, netif_ip4_addr(netif)))
        return ethernet_output(netif, packet, own, own, ETHTYPE_IP);
    return etharp_output(netif, packet, to);
}

static err_t send_ipv6(struct netif *netif, struct pbuf *packet, const ip6_addr_t *to)
{
    const struct eth_addr *own = (const struct eth_addr *)netif->hwaddr;
    if (netif_get_ip6_addr_match(netif, to) >= 0)
        return ethernet_output(netif, packet, own, own, ETHTYPE_IPV6);
    return ethip6_output(netif, packet, to);
}

static err_t set_up(struct netif *netif)
{
    const struct solo5_net_info *info = netif->state;
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->output = send_ipv4;
    netif->output_ip6 = send_ipv6;
    netif->linkoutput = send_frame;
    netif->mtu = (u16_t)info->mtu;
    netif->hwaddr_len = SOLO5_NET_ALEN;
    memcpy(netif->hwaddr, info->mac_address, SOLO5_NET_ALEN);
    netif->flags =
        NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP | NETIF_FLAG_MLD6;
    return ERR_OK;
}

const ip4_addr_t *tcpip_next_hop_ipv4(const ip4_addr_t *to)
{
    static ip4_addr_t next_hop;
    const uint8_t *found = ip_config_next_hop(&addressing, IP_FAMILY_4, (const uint8_t *)&to->addr);
    if (found == NULL)
        return NULL;
    memcpy(&next_hop.addr, found, sizeof(next_hop.addr));
    return &next_hop;
}

const ip6_addr_t *tcpip_next_hop_ipv6(const ip6_addr_t *to)
{
    static ip6_addr_t next_hop;
    const uint8_t *found = ip_config_next_hop(&addressing, IP_FAMILY_6, (const uint8_t *)to->addr);
    if (found == NULL)
        return NULL;
    memcpy(next_hop.addr, found, sizeof(next_hop.addr));
    ip6_addr_clear_zone(&next_hop);
    ip6_addr_assign_zone(&next_hop, IP6_UNICAST, &interface);
    return &next_hop;
}

/* The address is known to be nobody else's: it is valid at once, and stays so. */
static void add_ipv6(const uint8_t address[16])
{
    static const uint8_t none[16];
    ip6_addr_t ipv6;
    s8_t index;

    if (memcmp(address, none, sizeof(none)) == 0)
        return;
    memcpy(ipv6.addr, address, sizeof(ipv6.addr));
    ip6_addr_clear_zone(&ipv6);
    if (netif_add_ip6_address(&interface, &ipv6, &index) != ERR_OK)
        return;
    netif_ip6_addr_set_valid_life(&interface, index, IP6_ADDR_LIFE_INFINITE);
    netif_ip6_addr_set_pref_life(&interface, index, IP6_ADDR_LIFE_INFINITE);
    netif_ip6_addr_set_state(&interface, index, IP6_ADDR_PREFERRED);
}

static void add_all_ipv6(const struct ip_config *config)
{
    netif_create_ip6_linklocal_address(&interface, 1);
    netif_ip6_addr_set_state(&interface, 0, IP6_ADDR_PREFERRED);
    add_ipv6(config->ipv6);
    for (size_t i = 0; i < config->n_addresses; i++)
        if (config->addresses[i].family == IP_FAMILY_6)
            add_ipv6(config->addresses[i].address);
}

int tcpip_start(const char *device, const struct ip_config *config)
{
    struct solo5_net_info info;
    if (solo5_net_acquire(device, &handle, &info) != SOLO5_R_OK)
        return -ENODEV;
    frame_max = info.mtu + SOLO5_NET_HLEN;
    assembled = malloc(frame_max);
    if (assembled == NULL)
        return -ENOMEM;

    ip4_addr_t address, mask, gateway;
    memcpy(&address, config->ipv4, sizeof(address));
    memcpy(&gateway, config->ipv4_gateway, sizeof(gateway));
    mask.addr = config->ipv4_prefix == 0 ? 0 : lwip_htonl(~0u << (32 - config->ipv4_prefix));

    lwip_init();
    if (netif_add(&interface, &address, &mask, &gateway, &info, set_up, ethernet_input) == NULL)
        return -ENOMEM;
    interface.state = NULL;
    if (ring_can_post()) {
        ring = ring_find();
        n_missing = RING_POSTS_MAX;
        post_missing();
    }
    addressing = *config;
    add_all_ipv6(config);
    netif_set_default(&interface);
    netif_set_up(&interface); /* announces the address */
    return 0;
}

static void hand_over(struct pbuf *frame, size_t size)
{
    pbuf_realloc(frame, (u16_t)size);
    if (interface.input(frame, &interface) != ERR_OK)
        pbuf_free(frame);
}

static bool receive_posted(void)
{
    uint32_t id;
    size_t size;
    if (!ring_take(ring, &id, &size))
        return false;
    struct pbuf *frame = posted[id];
    posted[id] = NULL;
    if (size > 0)
        hand_over(frame, size);
    else
        pbuf_free(frame);
    post(id);
    return true;
}

/* Hands the next frame to lwIP. Returns false when there is none, or no memory for one. */
static bool receive_frame(void)
{
    if (ring != NULL)
        return receive_posted();
    if (prepared == NULL)
        prepared = pbuf_alloc(PBUF_RAW, (u16_t)frame_max, PBUF_RAM);
    size_t size;
    if (prepared == NULL || solo5_net_read(handle, prepared->payload, frame_max, &size) != SOLO5_R_OK)
        return false;

    struct pbuf *frame = prepared;
    prepared = NULL;
    hand_over(frame, size);
    return true;
}

void tcpip_wait(void)
{
    static bool is_drained = true;

    sys_check_timeouts();
    if (is_drained) {
        solo5_handle_set_t ready;
        solo5_yield(solo5_clock_monotonic() + (uint64_t)sys_timeouts_sleeptime() * NS_PER_MS, &ready);
        if (ring == NULL && (ready >> handle & 1) == 0)
            return;
    }
    post_missing();
    is_drained = false;
    for (int i = 0; i < FRAMES_AT_ONCE && !is_drained; i++)
        is_drained = !receive_frame();
}
