/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a container, and which command is possible in which (runtime-spec runtime.md, "State" and
 * "Lifecycle").
 *
 *              start      kill       pause      resume     update     delete     delete --force
 *   creating   -          -          -          -          -          -          yes
 *   created    yes        yes        yes        -          yes        yes*       yes
 *   running    -          yes        yes        -          yes        -          yes
 *   paused     -          yes        -          yes        yes        -          yes
 *   stopped    -          - **       -          -          -          yes        yes
 *
 *    * the specification wants an error; runc and crun end the container and delete it, and engines rely
 *      on it
 *   ** with --all it is no error: there is nothing left to signal
 *
 * The state is not stored but derived from what is true: the process, its status page, the freezer.
 */
#ifndef LIFECYCLE_H
#define LIFECYCLE_H

#include "base/error.h"
#include "oci-spec/state.h"

enum lifecycle_operation {
    LIFECYCLE_START,
    LIFECYCLE_KILL,
    LIFECYCLE_PAUSE,
    LIFECYCLE_RESUME,
    LIFECYCLE_UPDATE,
    LIFECYCLE_DELETE,
    LIFECYCLE_DELETE_FORCE,
    LIFECYCLE_OPERATION_COUNT
};

/* ERROR_STATE, in the words that engines look for in runc's messages, if the operation is not possible. */
int lifecycle_check(enum state_status state, enum lifecycle_operation operation, const char *id,
                    struct error *err);

#endif
