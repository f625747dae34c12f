/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_http: any bytes; a whole request stays whole when more follows, and its texts end inside their arrays. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *exact = malloc(size > 0 ? size : 1), value[HTTP_QUERY_SIZE];
    struct http_request first, again;
    unsigned whole, status = HTTP_MORE;

    if (exact == NULL)
        return 0;
    memcpy(exact, data, size);
    whole = http_request_read(exact, size, &first);
    for (size_t n = 1; n <= size && status == HTTP_MORE; n++)
        status = http_request_read(exact, n, &again);
    if (status != whole)
        abort();
    if (whole == HTTP_WHOLE &&
        (memcmp(&first, &again, sizeof(first)) != 0 || first.path[0] != '/' || strlen(first.query) >= HTTP_QUERY_SIZE))
        abort();
    if (whole == HTTP_WHOLE && http_argument(&first, "a", value, sizeof(value)) && strlen(value) >= sizeof(value))
        abort();
    free(exact);
    return 0;
}
