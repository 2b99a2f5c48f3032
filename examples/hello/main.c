/* SPDX-License-Identifier: Apache-2.0 */
/* Greets, and says what it was called with. `--exit=N` makes N its exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    int status = EXIT_SUCCESS;

    puts("hello from a unikernel");
    for (int i = 1; i < argc; i++) {
        printf("argument %d: %s\n", i, argv[i]);
        if (strncmp(argv[i], "--exit=", 7) == 0)
            status = atoi(argv[i] + 7);
    }
    return status;
}
