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

static bool has_ipv4(const struct start_net *net)
{
    static const uint8_t none[4];
    return memcmp(net->ipv4, none, sizeof(none)) != 0;
}

static const char *ipv4_text(const uint8_t address[4], char text[INET_ADDRSTRLEN])
{
    return inet_ntop(AF_INET, address, text, INET_ADDRSTRLEN);
}

/* "--ipv4=…", or "--NAME-ipv4=…" for a device that is not Mirage's usual one. */
static void put_mirage_net(FILE *out, const struct start_net *net)
{
    static const uint8_t none[4];
    char address[INET_ADDRSTRLEN];
    const char *prefix = strcmp(net->name, MIRAGE_DEVICE) == 0 ? "" : net->name, *dash = *prefix ? "-" : "";

    if (!has_ipv4(net))
        return;
    fprintf(out, "--%s%sipv4=%s/%u ", prefix, dash, ipv4_text(net->ipv4, address), net->ipv4_prefix);
    if (memcmp(net->ipv4_gateway, none, sizeof(none)) != 0)
        fprintf(out, "--%s%sipv4-gateway=%s ", prefix, dash, ipv4_text(net->ipv4_gateway, address));
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

/* rumprun's bootstrap takes the first interface only, under the name that its driver gives it. */
static void put_rumprun(FILE *out, const char *words, const struct start_net *nets, size_t n_nets)
{
    char address[INET_ADDRSTRLEN], gateway[INET_ADDRSTRLEN];

    fputs("{\"cmdline\":", out);
    put_json_string(out, words);
    if (n_nets > 0 && has_ipv4(&nets[0]))
        fprintf(out,
                ",\"net\":{\"if\":\"ukvmif0\",\"cloner\":\"True\",\"type\":\"inet\",\"method\":\"static\","
                "\"addr\":\"%s\",\"mask\":\"%u\",\"gw\":\"%s\"}",
                ipv4_text(nets[0].ipv4, address), nets[0].ipv4_prefix,
                ipv4_text(nets[0].ipv4_gateway, gateway));
    fputc('}', out);
}

int guest_cmdline_finish(enum guest_kind kind, const char *words, const struct start_net *nets, size_t n_nets,
                         char out[LAUNCH_CMDLINE_SIZE], struct error *err)
{
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&line, &size);
    if (stream == NULL)
        return error_errno(err, "write the guest's command line");

    if (kind == GUEST_MIRAGE)
        for (size_t i = 0; i < n_nets; i++)
            put_mirage_net(stream, &nets[i]);
    if (kind == GUEST_RUMPRUN)
        put_rumprun(stream, words, nets, n_nets);
    else
        fputs(words, stream);
    if (fclose(stream) != 0)
        return error_errno(err, "write the guest's command line");
    if (size >= LAUNCH_CMDLINE_SIZE)
        return too_long(err);
    memcpy(out, line, size + 1);
    return 0;
}
