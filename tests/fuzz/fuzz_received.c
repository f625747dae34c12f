/* SPDX-License-Identifier: BSD-2-Clause */
/* Headers of messages, and Received headers among them. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "received.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *message = malloc(size + 1);
    struct received found;
    struct headers h;

    if (!message)
        return 0;
    if (size > 0)
        memcpy(message, data, size);
    headers_begin(&h, message, size);
    while (headers_next(&h)) {
        if (h.size != strlen(h.value) || h.size >= sizeof(h.value))
            abort();
        if (received_read(h.value, h.size, &found) && found.client.family == ADDRESS_NONE)
            abort();
    }
    free(message);
    return 0;
}
