/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's target as a path in the image (RFC 9112, 3.2; RFC 3986).
 */
#ifndef WEB_TARGET_H
#define WEB_TARGET_H

#include "slice.h"

/*
 * Decodes the target's path into out: percent signs resolved, "." and ".." removed, slashes single. The query
 * is left away. The result starts with a slash, ends with one when the target names a directory, and never
 * leads above the root. out has room for size bytes. Returns 0; or -1 for a target that no path can be made
 * of: no slash at its beginning, a broken escape, an encoded NUL or slash, a ".." above the root, no room.
 */
int target_decode(struct slice target, char *out, size_t size);

#endif
