/* SPDX-License-Identifier: Apache-2.0 */
/* A function that writes beyond its buffer does not return. */
#include <string.h>

static void __attribute__((noinline)) smash(char *from, size_t size)
{
    char buf[16];
    memcpy(buf, from, size);
    __asm__ volatile("" : : "r"(buf) : "memory");
}

int main(int argc, char **argv)
{
    static char bytes[64];
    (void)argv;
    smash(bytes, sizeof(bytes) * (size_t)argc);
    return 0;
}
