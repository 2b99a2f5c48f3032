/* SPDX-License-Identifier: Apache-2.0 */
/* What a file's name says of its contents, for the Content-Type field. */
#ifndef WEB_MEDIA_TYPE_H
#define WEB_MEDIA_TYPE_H

/* By the suffix of the path's last component; "application/octet-stream" when that says nothing. */
const char *media_type_of(const char *path);

#endif
