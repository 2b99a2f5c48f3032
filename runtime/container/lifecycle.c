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

static int refuse_start(enum state_status state, struct error *err)
{
    if (state == STATE_RUNNING || state == STATE_PAUSED)
        return error_set(err, ERROR_STATE, "cannot start an already running container");
    return error_set(err, ERROR_STATE, "cannot start a container that is %s", state_status_name(state));
}

int lifecycle_check(enum state_status state, enum lifecycle_operation operation, const char *id,
                    struct error *err)
{
    if (allowed[state][operation])
        return 0;
    switch (operation) {
    case LIFECYCLE_START:
        return refuse_start(state, err);
    case LIFECYCLE_KILL:
        return error_set(err, ERROR_STATE, "container not running");
    case LIFECYCLE_PAUSE:
        return error_set(err, ERROR_STATE, "container not running or created: %s", state_status_name(state));
    case LIFECYCLE_RESUME:
        return error_set(err, ERROR_STATE, "container not paused");
    case LIFECYCLE_DELETE:
        return error_set(err, ERROR_STATE, "cannot delete container %s that is not stopped: %s", id,
                         state_status_name(state));
    default:
        return error_set(err, ERROR_STATE, "container not running: %s", state_status_name(state));
    }
}
