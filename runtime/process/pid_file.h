/* SPDX-License-Identifier: Apache-2.0 */
/* The file by which an engine learns of a process: bare digits, without a newline, as containerd's shim reads
 * the whole file as a number. It appears whole or not at all, because engines take it for the sign that all
 * is done. */
#ifndef PID_FILE_H
#define PID_FILE_H

#include "base/error.h"

#include <sys/types.h>

/* Replaces a file that is there. */
int pid_file_write(const char *path, pid_t pid, struct error *err);

#endif
