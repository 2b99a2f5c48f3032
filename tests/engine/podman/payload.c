/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same programs as the examples, for Linux: what the reference runtimes run where wherry runs a
 * unikernel. Called as "hello" it prints its words, waits and ends as its options say; called as "web" it
 * answers every request on port 80 with the file /www/index.html.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(int signal_number)
{
    (void)signal_number;
    _exit(0);
}

static int hello(int argc, char **argv)
{
    int status = 0;
    unsigned seconds = 0;

    printf("Hello, world!\n");
    for (int i = 1; i < argc; i++) {
        if (i + 1 < argc && strcmp(argv[i], "--exit") == 0)
            status = atoi(argv[++i]);
        else if (i + 1 < argc && strcmp(argv[i], "--wait") == 0)
            seconds = (unsigned)atoi(argv[++i]);
        else
            printf("%s\n", argv[i]);
    }
    fflush(stdout);
    while (seconds > 0)
        seconds = sleep(seconds);
    return status;
}

static void answer(int connection, const char *page, size_t size)
{
    char request[4096];
    char head[128];

    if (read(connection, request, sizeof request) > 0) {
        int n = snprintf(head, sizeof head,
                         "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", size);
        if (write(connection, head, (size_t)n) != n || write(connection, page, size) != (ssize_t)size)
            perror("write");
    }
    close(connection);
}

static int web(void)
{
    static char page[65536];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
    int one = 1;

    FILE *f = fopen("/www/index.html", "r");
    if (f == NULL) {
        perror("/www/index.html");
        return 1;
    }
    size_t size = fread(page, 1, sizeof page, f);
    fclose(f);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 128) < 0) {
        perror("port 80");
        return 1;
    }
    printf("serving on port 80\n");
    fflush(stdout);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0)
            answer(connection, page, size);
        else if (errno != EINTR)
            return 1;
    }
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');

    /* Process 1 dies only of the signals that it handles. */
    signal(SIGTERM, end);
    signal(SIGINT, end);
    return strcmp(slash != NULL ? slash + 1 : argv[0], "web") == 0 ? web() : hello(argc, argv);
}
