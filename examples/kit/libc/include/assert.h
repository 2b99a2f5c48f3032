/* SPDX-License-Identifier: Apache-2.0 */
/* C17 7.2. */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) ((condition) ? (void)0 : assert_fail(#condition, __FILE__, __LINE__))
#endif

#ifndef ASSERT_H
#define ASSERT_H

#define static_assert _Static_assert

/* Reports the broken condition on the console and ends the guest. */
_Noreturn void assert_fail(const char *condition, const char *file, int line);

#endif
