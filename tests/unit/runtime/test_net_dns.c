/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *text;
    struct net_dns expected;
} texts[] = {
    {"", {.ipv4 = {{0}}}},
    {"nameserver 10.0.0.1\n", {.ipv4 = {{10, 0, 0, 1}}}},
    {"# nameserver 1.1.1.1\nsearch example.org\nnameserver\t8.8.8.8\nnameserver 10.0.0.2",
     {.ipv4 = {{8, 8, 8, 8}, {10, 0, 0, 2}}}},
    {"nameserver fd00::1\nnameserver 1.2.3.4 # first\noptions ndots:5\n",
     {.ipv4 = {{1, 2, 3, 4}}, .ipv6 = {{0xfd, [15] = 1}}}},
    {"nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\nnameserver 4.4.4.4\n",
     {.ipv4 = {{1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}}}},
    {"nameserver ::1\nnameserver fe80::1%eth0\nnameserver 2001:db8::53\nnameserver 2001:db8::54\n",
     {.ipv6 = {{[15] = 1}, {0xfe, 0x80, [15] = 1}}}},
    {"nameservers 1.1.1.1\nnameserver\nnameserver 999.1.1.1\nnameserver1.1.1.1\nnameserver fd00:::1\n",
     {.ipv4 = {{0}}}},
};

START_TEST(name_servers_are_read)
{
    struct net_dns dns;
    memset(&dns, 0xff, sizeof(dns));
    net_parse_dns(texts[_i].text, strlen(texts[_i].text), &dns);
    ck_assert_mem_eq(&dns, &texts[_i].expected, sizeof(dns));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net_dns");
    TCase *t = unit_case(suite, "net_dns");
    tcase_add_loop_test(t, name_servers_are_read, 0, sizeof(texts) / sizeof(texts[0]));
    return unit_run(suite);
}
