/* SPDX-License-Identifier: Apache-2.0 */
/* solo5_app_main() of a program that has a main() instead: the command line becomes argc and argv. */
#include "kit/crt/command_line.h"
#include "solo5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv);

int solo5_app_main(const struct solo5_start_info *info)
{
    static char name[] = "guest"; /* the host does not tell the program's name */

    size_t size = strlen(info->cmdline) + 1;
    char *words = malloc(size);
    char **argv = malloc((command_line_words_max(info->cmdline) + 2) * sizeof(*argv));
    if (words == NULL || argv == NULL) {
        fputs("no memory for the command line\n", stderr);
        exit(EXIT_FAILURE);
    }
    memcpy(words, info->cmdline, size);
    argv[0] = name;
    int argc = 1 + command_line_split(words, argv + 1);
    argv[argc] = NULL;
    exit(main(argc, argv));
}
