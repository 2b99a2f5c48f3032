/* SPDX-License-Identifier: Apache-2.0 */
/* What each block device of the guest is, and where what is written to it goes. */
#ifndef PLAN_BLOCK_H
#define PLAN_BLOCK_H

#include "base/error.h"

struct plan;

/*
 * Fills plan->blocks, one for each block device that the unikernel declares, in its order. A device is, in
 * this order: what its annotation says; the bind mount whose destination ends in its name; the root file
 * system's image, if it is the only device left. ERROR_INPUT, naming the device, if it is none of these.
 */
int plan_block_choose_all(struct plan *plan, struct error *err);

#endif
