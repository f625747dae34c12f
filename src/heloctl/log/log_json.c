/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_json: reads the JSON that helod itself and the common log shippers write: one object of texts and numbers on a
 * line. Promises never to read past the line or to write past the room.
 */
#include "log_json.h"

#include <string.h>

#include "ascii.h"
#include "decision_line.h"
#include "text.h"

/* The byte after "\u". A decision line is ASCII. */
static int unicode_byte(const char *p, const char *end)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        if (p + i >= end || ascii_hex(ascii_lower(p[i])) < 0)
            return -1;
        value = value * 16 + ascii_hex(ascii_lower(p[i]));
    }
    return value > 0 && value < 256 ? value : -1;
}

size_t log_json_string(const char *p, const char *end, char *out, size_t size)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    size_t n = 0;

    for (; p < end && *p != '"'; p++) {
        int byte = (unsigned char)*p;

        if (byte == '\\' && ++p < end) {
            const char *name = *p ? strchr(names, *p) : NULL;

            byte = *p == 'u' ? unicode_byte(p + 1, end) : name ? bytes[name - names] : -1;
            p += *p == 'u' ? 4 : 0;
        }
        if (byte < 0 || n + 1 >= size)
            return 0;
        out[n++] = (char)byte;
    }
    return p < end ? n : 0;
}

size_t log_json_decision(const char *line, size_t n, char *out, size_t size)
{
    static const char start[] = "{\"time\":\"";
    const char *end = line + n, *p = memmem(line, n, ",\"v\":", 5);
    char value[DECISION_LINE_SIZE];
    struct text t;

    if (!p || memcmp(line, start, n < sizeof(start) - 1 ? n : sizeof(start) - 1) != 0)
        return 0;
    text_init(&t, out, size);
    text_add(&t, "decision");
    while (end - p > 3 && p[0] == ',' && p[1] == '"') {
        const char *name = p + 2, *colon = memmem(name, (size_t)(end - name), "\":", 2);
        size_t length;

        if (!colon)
            return 0;
        text_add_char(&t, ' ');
        text_add_bytes(&t, name, (size_t)(colon - name));
        text_add_char(&t, '=');
        p = colon + 2;
        if (p < end && *p == '"') {
            length = log_json_string(++p, end, value, sizeof(value));
            text_add_as(&t, TEXT_LOGFMT, value, length);
            while (p < end && *p != '"')
                p += *p == '\\' ? 2 : 1;
            p++;
        } else {
            for (; p < end && *p != ',' && *p != '}'; p++)
                text_add_bytes(&t, p, 1);
        }
    }
    return t.full || p >= end || *p != '}' ? 0 : t.used;
}
