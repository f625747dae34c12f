/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_protocol: questions one after another; every text of a request lies inside the bytes of its question. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "protocol.h"

static void check_text(const char *text, const char *begin, size_t n)
{
    if (text[0] == '\0')
        return;
    if (text < begin || text >= begin + n || memchr(text, '\0', (size_t)(begin + n - text)) == NULL)
        abort();
}

static void check_request(const struct request *req, const char *begin, size_t n)
{
    size_t last = offsetof(struct request, policy_context);

    for (size_t at = offsetof(struct request, protocol_state); at <= last; at += sizeof(char *)) {
        const char *text;
        memcpy(&text, (const char *)req + at, sizeof text);
        check_text(text, begin, n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *buffer = malloc(size > 0 ? size : 1);
    enum protocol_result result = PROTOCOL_REQUEST;
    size_t at = 0;

    if (buffer == NULL)
        return 0;
    memcpy(buffer, data, size);
    while (result == PROTOCOL_REQUEST) {
        struct protocol_scan scan = {0};
        struct request req;
        const char *error = NULL;
        size_t used = 0;

        result = protocol_parse(&scan, buffer + at, size - at, &req, &used, &error);
        if (result == PROTOCOL_REQUEST) {
            if (used == 0 || used > size - at || used > PROTOCOL_REQUEST_MAX)
                abort();
            check_request(&req, buffer + at, used);
        }
        if ((result == PROTOCOL_VIOLATION) != (error != NULL))
            abort();
        at += used;
    }
    free(buffer);
    return 0;
}
