/* SPDX-License-Identifier: Apache-2.0 */
/* abi/ is C; this is what assembly needs of it. notes.c checks that it is the same. */
#ifndef ABI_CONSTANTS_H
#define ABI_CONSTANTS_H

#define HALT_PORT 0x508

#endif
