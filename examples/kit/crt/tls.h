/* SPDX-License-Identifier: Apache-2.0 */
/* Thread-local storage of the program's main thread. */
#ifndef CRT_TLS_H
#define CRT_TLS_H

#include <stdint.h>

/*
 * Gives the main thread its storage at free, when the program has thread-local variables. Returns the first
 * free address after it. Without such variables nothing happens, and the thread pointer stays 0: an access by
 * mistake ends in page 0, which is not mapped.
 */
uintptr_t tls_init_main(uintptr_t free);

#endif
