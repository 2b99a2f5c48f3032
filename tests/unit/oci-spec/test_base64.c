/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#include "unit.h"

#include <string.h>

/* The vectors of RFC 4648 section 10. */
static const char *const good[][2] = {{"", ""},
                                      {"Zg==", "f"},
                                      {"Zm8=", "f\x6f"},
                                      {"Zm9v", "foo"},
                                      {"Zm9vYg==", "foob"},
                                      {"Zm9vYmE=", "fooba"},
                                      {"Zm9vYmFy", "foobar"},
                                      {"+/+/", "\xfb\xff\xbf"}};

START_TEST(valid_text_is_decoded)
{
    unsigned char out[16];
    size_t size;
    ck_assert(base64_decode(good[_i][0], strlen(good[_i][0]), out, &size));
    ck_assert_uint_eq(size, strlen(good[_i][1]));
    ck_assert_mem_eq(out, good[_i][1], size);
}
END_TEST

static const char *const bad[] = {"Z",    "Zg",   "Zg=",  "Zm9",    "====",     "Z===",     "Zg==Zg==",
                                  "Zm=v", "Zh==", "Zm9=", "Zm9v\n", "Zm 9vYg=", "Zm9vYmF-", "Zm9vYmF_"};

START_TEST(anything_else_is_not_base64)
{
    unsigned char out[16];
    size_t size;
    ck_assert(!base64_decode(bad[_i], strlen(bad[_i]), out, &size));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base64");
    TCase *t = unit_case(suite, "base64");
    tcase_add_loop_test(t, valid_text_is_decoded, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(t, anything_else_is_not_base64, 0, sizeof(bad) / sizeof(bad[0]));
    return unit_run(suite);
}
