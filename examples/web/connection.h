/* SPDX-License-Identifier: Apache-2.0 */
/* The server's connections: requests in, answers out, on lwIP's callbacks. */
#ifndef WEB_CONNECTION_H
#define WEB_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

/* Accepts connections on port from here on; is_logged: writes a line for each request. Returns 0, or -1
 * without memory. */
int connection_listen(uint16_t port, bool is_logged);

#endif
