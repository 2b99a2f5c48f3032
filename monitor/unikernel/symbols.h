/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The function names in an ELF file, for reports: pure look-ups in the bytes of its symbol table. The bytes
 * are hostile; a broken table is no error but a table without the broken part. Nothing is copied or indexed:
 * a look-up reads the table from its start, at most SYMBOLS_MAX entries of it.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include "elf_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYMBOLS_MAX (1u << 20)

/* The longest name that is told; the rest of a longer one is cut. */
#define SYMBOL_NAME_SIZE 128

struct symbols {
    const unsigned char *bytes; /* the whole file; the caller's, and must stay */
    uint64_t table_off;
    uint64_t n; /* 0: no symbols. All n lie inside the file */
    uint64_t names_off;
    uint64_t names_size; /* all of it lies inside the file */
};

struct symbol {
    char name[SYMBOL_NAME_SIZE]; /* printable characters only, others as '?' */
    uint64_t off;                /* of the address from the symbol */
};

/* Finds the symbol table of a file whose header elf_file_read_header() has accepted. */
void symbols_init(struct symbols *symbols, const void *bytes, size_t size, const struct elf_header *header);

/* What is known of a function by its name. */
struct symbol_function {
    uint64_t start; /* a guest address */
    uint64_t size;  /* bytes, 0: not said */
    unsigned n;     /* how many functions have this name; of several, the rest is about one of them */
    bool is_global;
};

/* Looks up n functions by their names, which are not empty, in one reading of the table. */
void symbols_find_functions(const struct symbols *symbols, const char *const *names, size_t n,
                            struct symbol_function *out);

/*
 * Finds the function that contains a guest address; of one whose size is not said, the nearest that begins
 * before it. False when there is none.
 */
bool symbols_find(const struct symbols *symbols, uint64_t address, struct symbol *out);

#endif
