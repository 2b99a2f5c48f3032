/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line's words. They are separated by white space; inside double quotes white space is part of
 * the word, and a backslash takes the next character as it is, inside quotes and outside: the rules of
 * MirageOS, which wherry quotes for.
 */
#ifndef CRT_COMMAND_LINE_H
#define CRT_COMMAND_LINE_H

#include <stddef.h>

/* How many words line has at most. */
size_t command_line_words_max(const char *line);

/* Cuts line into words, in place, and points words[] at them. Returns how many there are. */
int command_line_split(char *line, char **words);

#endif
