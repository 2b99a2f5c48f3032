/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file to inspect: all of the parsers together, and the answer that the runtime reads. */
#include "base/bug.h"
#include "inspect.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct unikernel unikernel;
    static struct inspect_answer answer;
    static char text[16384];

    inspect_bytes(data, size, &unikernel, &answer);
    BUG_ON(answer.version != INSPECT_VERSION);
    BUG_ON(answer.verdict < INSPECT_UNIKERNEL || answer.verdict > INSPECT_BROKEN);
    BUG_ON(answer.n_devices > INSPECT_DEVICES_MAX);
    BUG_ON(memchr(answer.text, '\0', sizeof(answer.text)) == NULL || answer.text[0] == '\0');
    for (uint32_t i = 0; i < answer.n_devices; i++)
        BUG_ON(memchr(answer.devices[i].name, '\0', sizeof(answer.devices[i].name)) == NULL);
    size_t length = inspect_format("file", &answer, text, sizeof(text));
    BUG_ON(length != strlen(text) || length >= sizeof(text) - 1);
    return 0;
}
