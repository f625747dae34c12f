/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logfmt: reads what text_add_as(TEXT_LOGFMT) writes. Promises linear time and to end on any bytes.
 */
#include "logfmt.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"

void logfmt_init(struct logfmt *l, const char *line, size_t n)
{
    l->at = line;
    l->end = line + n;
    l->size = 0;
}

/* After a backslash: the byte meant. */
static char escaped(struct logfmt *l)
{
    char c = *l->at++;

    if (c == 'x' && l->end - l->at >= 2 && ascii_hex(l->at[0]) >= 0 && ascii_hex(l->at[1]) >= 0) {
        c = (char)(ascii_hex(l->at[0]) * 16 + ascii_hex(l->at[1]));
        l->at += 2;
    }
    return c;
}

static void read_value(struct logfmt *l)
{
    bool quoted = l->at < l->end && *l->at == '"';

    l->at += quoted;
    l->size = 0;
    while (l->at < l->end && *l->at != (quoted ? '"' : ' ')) {
        char c = *l->at++;

        if (quoted && c == '\\' && l->at < l->end)
            c = escaped(l);
        if (l->size + 1 < sizeof(l->value))
            l->value[l->size++] = c;
    }
    l->at += quoted && l->at < l->end;
    l->value[l->size] = '\0';
    l->size = strlen(l->value);
}

bool logfmt_next(struct logfmt *l)
{
    while (l->at < l->end) {
        const char *word = l->at;

        while (l->at < l->end && *l->at != ' ' && *l->at != '=')
            l->at++;
        if (l->at < l->end && *l->at == '=' && l->at > word && (size_t)(l->at - word) < sizeof(l->key)) {
            memcpy(l->key, word, (size_t)(l->at - word));
            l->key[l->at - word] = '\0';
            l->at++;
            read_value(l);
            return true;
        }
        l->at += l->at < l->end;
    }
    return false;
}

bool logfmt_is_number(const char *const *numbers, const char *key)
{
    while (*numbers != NULL && strcmp(*numbers, key) != 0)
        numbers++;
    return *numbers != NULL;
}

void logfmt_json(const char *line, size_t n, const char *const *numbers, struct json *j)
{
    struct logfmt l;

    logfmt_init(&l, line, n);
    while (logfmt_next(&l)) {
        if (logfmt_is_number(numbers, l.key))
            json_number(j, l.key, strtoll(l.value, NULL, 10));
        else
            json_text(j, l.key, l.value);
    }
}
