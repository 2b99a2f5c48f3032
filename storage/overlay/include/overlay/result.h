/* SPDX-License-Identifier: Apache-2.0 */
/* How reading from a block device, or writing to it, ended. */
#ifndef OVERLAY_RESULT_H
#define OVERLAY_RESULT_H

enum overlay_result {
    OVERLAY_OK = 0,
    OVERLAY_RANGE, /* not inside the device */
    OVERLAY_READ_ONLY_DEVICE,
    OVERLAY_IO,      /* the data files failed */
    OVERLAY_FULL,    /* the device's limit is reached; nothing was written */
    OVERLAY_NO_SPACE /* the disk behind it is full */
};

#endif
