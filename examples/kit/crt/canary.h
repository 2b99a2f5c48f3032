/* SPDX-License-Identifier: Apache-2.0 */
/* The stack protector: a value of this boot's own that functions with buffers put below their return address.
 */
#ifndef CRT_CANARY_H
#define CRT_CANARY_H

/* Makes the canary. Must be called before, and not from, any function that has one. */
void canary_init(void);

#endif
