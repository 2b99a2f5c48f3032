/* SPDX-License-Identifier: Apache-2.0 */
/* The small text files of a cgroup directory. */
#ifndef CGROUP_FILE_H
#define CGROUP_FILE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than any file that is read into memory whole: memory.stat has about 60 lines. */
#define CGROUP_FILE_MAX 65536

bool cgroup_file_exists(const char *dir, const char *name);

/* Writes in one write(2), as the kernel wants it. The error says what was written where. */
int cgroup_file_write(const char *dir, const char *name, const char *text, struct error *err);
int cgroup_file_write_u64(const char *dir, const char *name, uint64_t value, struct error *err);
int cgroup_file_write_i64(const char *dir, const char *name, int64_t value, struct error *err);

/* Reads all of a file, NUL-terminated; *out_text is the caller's to free(3). errnum ENOENT: no such file. */
int cgroup_file_read(const char *dir, const char *name, char **out_text, struct error *err);

/* Reads a file with one number; "max", and what v1 says for no limit, is UINT64_MAX. */
int cgroup_file_read_u64(const char *dir, const char *name, uint64_t *out, struct error *err);

/* The same for figures that a kernel may lack: 0 then. */
uint64_t cgroup_file_get_u64(const char *dir, const char *name);

/* The number behind the word at the start of one of the text's lines ("user_usec 12"); 0 if there is none. */
uint64_t cgroup_file_find_u64(const char *text, const char *word);

#endif
