/* SPDX-License-Identifier: Apache-2.0 */
/* Prints its command line. A function's name (LIBRARY_FUNCTION) makes it look like a guest of another
 * library. */
#include "guest.h"

#ifdef LIBRARY_FUNCTION
void LIBRARY_FUNCTION(void);

__attribute__((used)) void LIBRARY_FUNCTION(void)
{
}
#endif

int guest_main(const struct boot_info *info)
{
    print("told: ");
    print(info->cmdline);
    print("\n");
    return 0;
}
