/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mirage's parser (parse-argv) splits at white space; a backslash takes the next byte as it is, and double
 * quotes keep white space together, inside of which a backslash escapes only a quote and itself. A word is
 * left as it is if nothing in it needs that, else it is put into double quotes.
 */
#include "guest_cmdline.h"

#include "base/cleanup.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The device that Mirage's arguments mean when they have no prefix. */
#define MIRAGE_DEVICE "service"

static int too_long(struct error *err)
{
    return error_set(err, ERROR_INPUT, "process.args: the guest's command line is longer than %d bytes",
                     LAUNCH_CMDLINE_SIZE - 1);
}

static bool needs_quotes(const char *word)
{
    return word[0] == '\0' || strpbrk(word, " \t\r\n\v\f\"\\") != NULL;
}

static void put_word(FILE *out, const char *word)
{
    if (!needs_quotes(word)) {
        fputs(word, out);
        return;
    }
    fputc('"', out);
    for (; *word != '\0'; word++) {
        if (*word == '"' || *word == '\\')
            fputc('\\', out);
        fputc(*word, out);
    }
    fputc('"', out);
}

int guest_cmdline_quote(const char *const *words, char **out, struct error *err)
{
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&line, &size);
    if (stream == NULL)
        return error_errno(err, "write the guest's command line");
    for (size_t i = 0; words[i] != NULL; i++) {
        if (i > 0)
            fputc(' ', stream);
        put_word(stream, words[i]);
    }
    if (fclose(stream) != 0)
        return error_errno(err, "write the guest's command line");
    if (size >= LAUNCH_CMDLINE_SIZE)
        return too_long(err);
    *out = take_ptr(line);
    return 0;
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* One family of one device, as text. */
struct net_text {
    char address[INET6_ADDRSTRLEN];
    char gateway[INET6_ADDRSTRLEN]; /* "" if there is none */
    unsigned prefix;
    bool is_ipv6;
};

/*
 * IPv4 where there is any: a guest that was built for IPv4 only ends when it meets an option for IPv6, and
 * cannot be told from one that was built for both. false if the device has no address.
 */
static bool describe(const struct start_net *net, struct net_text *out)
{
    *out = (struct net_text){.is_ipv6 = is_zero(net->ipv4, sizeof(net->ipv4))};
    const int family = out->is_ipv6 ? AF_INET6 : AF_INET;
    const uint8_t *gateway = out->is_ipv6 ? net->ipv6_gateway : net->ipv4_gateway;

    if (out->is_ipv6 && is_zero(net->ipv6, sizeof(net->ipv6)))
        return false;
    out->prefix = out->is_ipv6 ? net->ipv6_prefix : net->ipv4_prefix;
    inet_ntop(family, out->is_ipv6 ? net->ipv6 : net->ipv4, out->address, sizeof(out->address));
    if (!is_zero(gateway, out->is_ipv6 ? sizeof(net->ipv6_gateway) : sizeof(net->ipv4_gateway)))
        inet_ntop(family, gateway, out->gateway, sizeof(out->gateway));
    return true;
}

/* "--ipv4=…", or "--NAME-ipv4=…" for a device that is not Mirage's usual one. A blank follows each. */
static void put_mirage_net(FILE *out, const struct start_net *net)
{
    const char *prefix = strcmp(net->name, MIRAGE_DEVICE) == 0 ? "" : net->name, *dash = *prefix ? "-" : "";
    struct net_text text;

    if (!describe(net, &text))
        return;
    const char *option = text.is_ipv6 ? "ipv6" : "ipv4";
    fprintf(out, "--%s%s%s=%s/%u ", prefix, dash, option, text.address, text.prefix);
    if (text.gateway[0] != '\0')
        fprintf(out, "--%s%s%s-gateway=%s ", prefix, dash, option, text.gateway);
}

static void put_json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s != '\0'; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if (*s < 0x20)
            fprintf(out, "\\u%04x", *s);
        else
            fputc(*s, out);
    }
    fputc('"', out);
}

/* rumprun's bootstrap takes the first interface only, under the name that its driver gives it; and a key
 * "env" for each variable. */
static void put_rumprun(FILE *out, const char *words, const struct config_strings *env,
                        const struct start_message *message)
{
    struct net_text text;

    fputs("{\"cmdline\":", out);
    put_json_string(out, words);
    for (size_t i = 0; i < env->n; i++) {
        fputs(",\"env\":", out);
        put_json_string(out, env->items[i]);
    }
    if (message->n_nets > 0 && describe(&message->nets[0], &text))
        fprintf(out,
                ",\"net\":{\"if\":\"ukvmif0\",\"cloner\":\"True\",\"type\":\"%s\",\"method\":\"static\","
                "\"addr\":\"%s\",\"mask\":\"%u\",\"gw\":\"%s\"}",
                text.is_ipv6 ? "inet6" : "inet", text.address, text.prefix,
                text.gateway[0] != '\0' ? text.gateway
                : text.is_ipv6          ? "::"
                                        : "0.0.0.0");
    fputc('}', out);
}

int guest_cmdline_finish(enum guest_kind kind, const char *words, const struct config_strings *env,
                         struct start_message *message, struct error *err)
{
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&line, &size);
    if (stream == NULL)
        return error_errno(err, "write the guest's command line");

    if (kind == GUEST_MIRAGE)
        for (size_t i = 0; i < message->n_nets; i++)
            put_mirage_net(stream, &message->nets[i]);
    if (kind == GUEST_RUMPRUN)
        put_rumprun(stream, words, env, message);
    else
        fputs(words, stream);
    if (fclose(stream) != 0)
        return error_errno(err, "write the guest's command line");
    if (kind == GUEST_MIRAGE && words[0] == '\0' && size > 0)
        line[--size] = '\0';
    if (size >= LAUNCH_CMDLINE_SIZE)
        return too_long(err);
    memcpy(message->cmdline, line, size + 1);
    message->cmdline_bytes = (uint32_t)size;
    return 0;
}
