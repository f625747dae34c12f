/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json: writes JSON to a stream as it goes. Promises well-formed JSON in UTF-8 whatever bytes it is
 * given.
 */
#include <assert.h>
#include <string.h>

#include "json.h"
#include "text.h"

void json_init(struct json *j, FILE *out)
{
    memset(j, 0, sizeof(*j));
    j->out = out;
}

static void put_text(FILE *out, const char *s)
{
    char piece[256];
    size_t left = strlen(s);

    /* Written in pieces that never split a character. One byte becomes at most six: \u00NN. */
    for (size_t n; left > 0; s += n, left -= n) {
        struct text t;

        n = left < 40 ? left : 40;
        for (size_t back = 0; back < 3 && n < left && ((unsigned char)s[n] & 0xc0) == 0x80; back++)
            n--;
        text_init(&t, piece, sizeof(piece));
        text_add_as(&t, TEXT_JSON, s, n);
        fwrite(piece, 1, t.used, out);
    }
}

static void put_name(struct json *j, const char *name)
{
    if (j->filled[j->depth])
        fputc(',', j->out);
    j->filled[j->depth] = true;
    if (name)
        fprintf(j->out, "\"%s\":", name);
}

void json_open(struct json *j, const char *name, char bracket)
{
    put_name(j, name);
    fputc(bracket, j->out);
    assert(j->depth + 1 < sizeof(j->filled) / sizeof(j->filled[0]));
    j->filled[++j->depth] = false;
}

void json_close(struct json *j, char bracket)
{
    assert(j->depth > 0);
    j->depth--;
    fputc(bracket, j->out);
}

void json_text(struct json *j, const char *name, const char *foreign)
{
    put_name(j, name);
    if (!foreign) {
        fputs("null", j->out);
        return;
    }
    fputc('"', j->out);
    put_text(j->out, foreign);
    fputc('"', j->out);
}

void json_number(struct json *j, const char *name, long long n)
{
    put_name(j, name);
    fprintf(j->out, "%lld", n);
}

void json_bool(struct json *j, const char *name, bool b)
{
    put_name(j, name);
    fputs(b ? "true" : "false", j->out);
}

void json_end(struct json *j)
{
    fputc('\n', j->out);
}
