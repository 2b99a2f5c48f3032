/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* FIPS 180-4 examples, and a million times 'a'. */
static const struct {
    const char *text;
    size_t times;
    const char *digest;
} known[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

START_TEST(known_messages_have_their_digest)
{
    struct digest digest;
    uint8_t raw[DIGEST_SIZE];
    char text[DIGEST_TEXT_SIZE];
    digest_init(&digest);
    for (size_t i = 0; i < known[_i].times; i++)
        digest_add(&digest, known[_i].text, strlen(known[_i].text));
    digest_finish(&digest, raw);
    digest_format(raw, text);
    ck_assert_str_eq(text, known[_i].digest);
}
END_TEST

START_TEST(pieces_give_the_same_as_the_whole)
{
    uint8_t data[300], whole[DIGEST_SIZE], pieces[DIGEST_SIZE];
    struct digest digest;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7);
    for (size_t size = 0; size <= sizeof(data); size++) {
        digest_of(data, size, whole);
        for (size_t cut = 0; cut <= size; cut += 13) {
            digest_init(&digest);
            digest_add(&digest, data, cut);
            digest_add(&digest, data + cut, size - cut);
            digest_finish(&digest, pieces);
            ck_assert_mem_eq(whole, pieces, DIGEST_SIZE);
        }
    }
}
END_TEST

START_TEST(a_file_that_is_too_short_is_refused)
{
    struct error err = {0};
    uint8_t raw[DIGEST_SIZE], expected[DIGEST_SIZE];
    int fd = memfd_create("digest", MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, "abc", 3), 3);
    ck_assert_ok(digest_of_file(fd, 3, "it", raw, &err), err);
    digest_of("abc", 3, expected);
    ck_assert_mem_eq(raw, expected, DIGEST_SIZE);
    ck_assert_fails(digest_of_file(fd, 4, "it", raw, &err), err, ERROR_INPUT,
                    "read it: ends after 3 of 4 bytes");
    close(fd);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("digest");
    TCase *tcase = unit_case(suite, "digest");
    tcase_add_loop_test(tcase, known_messages_have_their_digest, 0, sizeof(known) / sizeof(known[0]));
    tcase_add_test(tcase, pieces_give_the_same_as_the_whole);
    tcase_add_test(tcase, a_file_that_is_too_short_is_refused);
    return unit_run(suite);
}
