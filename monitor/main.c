/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/note.h"
#include "base/error.h"
#include "container.h"
#include "host_check.h"
#include "inspect.h"
#include "tender.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const struct error *err, int status)
{
    fprintf(stderr, "wherry-monitor: %s\n", err->text);
    if (err->kind == ERROR_USAGE)
        fprintf(stderr, "Try 'wherry-monitor --help'.\n");
    return status;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    const char *first = argc > 1 ? argv[1] : "";

    if (strcmp(first, "--help") == 0) {
        tender_print_usage(NULL);
        return EXIT_SUCCESS;
    }
    if (strcmp(first, "--version") == 0) {
        printf("wherry-monitor %s\nABI version %d\n", WHERRY_VERSION, ABI_HVT_VERSION);
        return EXIT_SUCCESS;
    }
    bool is_binary = argc == 2 && strcmp(first, "--inspect=binary") == 0;
    if (is_binary || (argc == 3 && strcmp(first, "--inspect") == 0)) {
        int status = inspect_main(is_binary ? NULL : argv[2], &err);
        return status < 0 ? fail(&err, EXIT_FAILURE) : status;
    }
    if (argc == 2 && strcmp(first, "--check") == 0) {
        int status = host_check_main(&err);
        return status < 0 ? fail(&err, EXIT_FAILURE) : status;
    }
    bool is_container = strcmp(first, "--launch") == 0;
    int status = is_container ? container_main(&err) : tender_main(argc, argv, NULL, &err);
    return status < 0 ? fail(&err, is_container ? CONTAINER_EXIT_SETUP : EXIT_FAILURE) : status;
}
