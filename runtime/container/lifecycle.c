/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle.h"

#include <stdbool.h>

/* The table of lifecycle.h. */
static const bool allowed[STATE_COUNT][LIFECYCLE_OPERATION_COUNT] = {
    /*                       start  kill   pause  resume update delete force */
    [STATE_CREATING] = {false, false, false, false, false, false, true},
    [STATE_CREATED] = {true, true, true, false, true, true, true},
    [STATE_RUNNING] = {false, true, true, false, true, false, true},
    [STATE_PAUSED] = {false, true, false, true, true, false, true},
    [STATE_STOPPED] = {false, false, false, false, false, true, true},
};

static const char *refusal(enum state_status state, enum lifecycle_operation operation)
{
    switch (operation) {
    case LIFECYCLE_START:
        return state == STATE_RUNNING || state == STATE_PAUSED
                   ? "cannot start an already running container"
                   : "cannot start a container that is not created";
    case LIFECYCLE_PAUSE:
        return "container not running or created";
    case LIFECYCLE_RESUME:
        return "container not paused";
    case LIFECYCLE_DELETE:
        return "cannot delete a container that is not stopped";
    default:
        return "container not running";
    }
}

int lifecycle_check(enum state_status state, enum lifecycle_operation operation, const char *id,
                    struct error *err)
{
    if (allowed[state][operation])
        return 0;
    return error_set(err, ERROR_STATE, "%s: '%s' is %s", refusal(state, operation), id,
                     state_status_name(state));
}
