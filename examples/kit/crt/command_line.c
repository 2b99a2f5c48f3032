/* SPDX-License-Identifier: Apache-2.0 */
/* A word never gets longer by taking its quotes away, so it is written where it was read. */
#include "kit/crt/command_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

size_t command_line_words_max(const char *line)
{
    return strlen(line) / 2 + 1;
}

int command_line_split(char *line, char **words)
{
    int n = 0;
    char *in = line, *out = line;
    for (;;) {
        while (isspace((unsigned char)*in))
            in++;
        if (*in == '\0')
            return n;

        words[n++] = out;
        for (bool is_quoted = false; *in != '\0' && (is_quoted || !isspace((unsigned char)*in)); in++) {
            if (*in == '"') {
                is_quoted = !is_quoted;
                continue;
            }
            if (*in == '\\' && in[1] != '\0')
                in++;
            *out++ = *in;
        }
        if (*in != '\0')
            in++;
        *out++ = '\0';
    }
}
