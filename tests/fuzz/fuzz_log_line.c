/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_log_line: a line of any log: its time, and the decision that JSON may hold. Nothing is read past its end or
 * written past the room, what is kept of one line changes no other's time, and what we write as JSON we read again.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "log_json.h"
#include "log_time.h"
#include "text.h"

enum { ROOM = 4096, NOW = 1772323200 };

static void times(const char *line, size_t n)
{
    static struct log_time kept = {.now = NOW};
    struct log_time fresh = {.now = NOW};

    if (log_time_read(&kept, line, n) != log_time_read(&fresh, line, n))
        abort();
    log_time_read_field(&fresh, line, n);
}

static void again(const char *line, size_t n)
{
    static char json[6 * ROOM + 8], back[ROOM + 1];
    struct text t;

    if (n == 0 || n > ROOM || memchr(line, '\0', n))
        return;
    for (size_t i = 0; i + 1 < n; i++)
        if ((line[i] & 0xff) == 0xc2 && (line[i + 1] & 0xe0) == 0x80)
            return; /* U+0080 to U+009F become one byte */
    text_init(&t, json, sizeof(json));
    text_add_as(&t, TEXT_JSON, line, n);
    text_add_char(&t, '"');
    if (log_json_string(json, json + t.used, back, sizeof(back)) != n || memcmp(back, line, n) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char out[ROOM];
    const char *line = size > 0 ? (const char *)data : "";

    times(line, size);
    again(line, size);
    if (log_json_string(line, line + size, out, sizeof(out)) >= sizeof(out) ||
        log_json_decision(line, size, out, sizeof(out)) >= sizeof(out))
        abort();
    return 0;
}
