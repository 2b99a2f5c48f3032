/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads its block device in pieces of so many bytes as the command line says, over and over for half a
 * second, and prints "N reads in T ns". The device has been read once before. A library that takes one block
 * a call is called for each block of a piece.
 *
 * Plain Solo5: compiled with the kit's library and with Solo5's.
 */
#include "solo5.h"

#define PIECE_MAX (1u << 20)
#define TIME_NS   500000000ull

static uint8_t buffer[PIECE_MAX];

static uint64_t parse_number(const char *text)
{
    uint64_t n = 0;
    while (*text >= '0' && *text <= '9')
        n = n * 10 + (uint64_t)(*text++ - '0');
    return n;
}

static void print(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0')
        size++;
    solo5_console_write(text, size);
}

static void print_number(uint64_t n)
{
    char digits[21];
    size_t at = sizeof(digits) - 1;

    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    print(digits + at);
}

/* Reads size bytes, call bytes at a time. */
static bool read_piece(solo5_handle_t disk, uint64_t off, size_t size, size_t call)
{
    for (size_t done = 0; done < size; done += call)
        if (solo5_block_read(disk, off + done, buffer + done, call) != SOLO5_R_OK)
            return false;
    return true;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    struct solo5_block_info disk;
    solo5_handle_t handle;
    size_t piece = (size_t)parse_number(info->cmdline);

    if (piece == 0 || piece > PIECE_MAX || solo5_block_acquire("disk", &handle, &disk) != SOLO5_R_OK)
        return SOLO5_EXIT_FAILURE;
    size_t call = piece;
    if (!read_piece(handle, 0, piece, call))
        call = (size_t)disk.block_size;
    uint64_t n_pieces = disk.capacity / piece;
    for (uint64_t i = 0; i < n_pieces; i++)
        if (!read_piece(handle, i * piece, piece, call))
            return SOLO5_EXIT_FAILURE;

    uint64_t n = 0;
    solo5_time_t start = solo5_clock_monotonic(), end;
    do {
        for (unsigned k = 0; k < 16; k++, n++)
            if (!read_piece(handle, n % n_pieces * piece, piece, call))
                return SOLO5_EXIT_FAILURE;
        end = solo5_clock_monotonic();
    } while (end - start < TIME_NS);
    print_number(n);
    print(" reads in ");
    print_number(end - start);
    print(" ns\n");
    return SOLO5_EXIT_SUCCESS;
}
