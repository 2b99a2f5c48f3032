/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1.1 server for the files of its image.
 *
 *     web [--port=NUMBER] [--quiet] [--ipv4=ADDRESS/PREFIX] [--ipv4-gateway=ADDRESS] [FOLDER]
 *
 * serves the files below FOLDER (/srv), and writes a line for each request unless it is told to be quiet.
 */
#include "connection.h"
#include "kit/ip_config.h"
#include "kit/manifest.h"
#include "kit/tcpip.h"
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

MANIFEST(MANIFEST_DEVICE_NET("service"), MANIFEST_DEVICE_BLOCK("root"));

static struct {
    const char *folder;
    uint16_t port;
    bool is_quiet;
} options = {.folder = "/srv", .port = 80};

static _Noreturn void fail(const char *what, const char *which, const char *why)
{
    fprintf(stderr, "%s '%s': %s\n", what, which, why);
    exit(EXIT_FAILURE);
}

static void read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--port=", 7) == 0) {
            char *end;
            unsigned long port = strtoul(argv[i] + 7, &end, 10);
            if (port < 1 || port > UINT16_MAX || *end != '\0')
                fail("read", argv[i], "not a port");
            options.port = (uint16_t)port;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            options.is_quiet = true;
        } else if (argv[i][0] == '/') {
            options.folder = argv[i];
        } else {
            fail("read", argv[i], "neither an option nor an absolute path");
        }
    }
}

int main(int argc, char **argv)
{
    struct ip_config config;
    ip_config_choose("service", &argc, argv, &config);
    read_options(argc, argv);

    int result = site_open("root", options.folder);
    if (result != 0)
        fail("open", options.folder, strerror(-result));
    result = tcpip_start("service", &config);
    if (result != 0)
        fail("start", "service", strerror(-result));
    if (connection_listen(options.port, !options.is_quiet) != 0)
        fail("listen on", "service", "no memory");

    printf("serving %s on http://%u.%u.%u.%u:%u/\n", options.folder, config.ipv4[0], config.ipv4[1],
           config.ipv4[2], config.ipv4[3], options.port);
    /* Lines of the log wait for a pause: each write is an exit, and an answer is worth more. */
    setvbuf(stdout, NULL, _IOFBF, 0);
    for (;;) {
        fflush(stdout);
        tcpip_wait();
    }
}
