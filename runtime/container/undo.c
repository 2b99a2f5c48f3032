/* SPDX-License-Identifier: Apache-2.0 */
#include "undo.h"

#include "base/bug.h"
#include "base/log.h"

#include <errno.h>

void undo_push(struct undo *undo, undo_function *function, void *object)
{
    BUG_ON(undo->n == UNDO_MAX);
    undo->steps[undo->n].function = function;
    undo->steps[undo->n].object = object;
    undo->n++;
}

void undo_run(struct undo *undo)
{
    int saved = errno;
    while (undo->n > 0) {
        struct error err = {0};
        undo->n--;
        if (undo->steps[undo->n].function(undo->steps[undo->n].object, &err) < 0)
            log_line(LOG_LEVEL_WARNING, "while undoing: %s", err.text);
    }
    errno = saved;
}

void undo_forget(struct undo *undo)
{
    undo->n = 0;
}
