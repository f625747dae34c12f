/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token_file: reads token files. Each line has an example that its token must classify as the line says. Promises
 * that a wrong example or an invalid line is an error with file and line, and is never ignored.
 */
#include "token_file.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "name_data.h"

enum {
    TOKENS_MAX = 4096,
    FILE_MAX = 1 << 20,
    LINE_MAX_BYTES = 4096,
    TOKEN_MIN = 2,
    TOKEN_MAX = 32,
    EXAMPLE_MEMORY = 1 << 16
};

/* By enum token_class. A token finds an example if the naming has this flag. */
static const struct {
    const char *name;
    unsigned flag;
} classes[] = {
    [TOKEN_IGNORED] = {"ignore", 0},
    [TOKEN_DYNAMIC] = {"dynamic", NAMING_DYNAMIC},
    [TOKEN_LINE] = {"line", NAMING_DYNAMIC},
    [TOKEN_GENERIC] = {"generic", NAMING_GENERIC},
    [TOKEN_STOCK] = {"stock", NAMING_STOCK},
    [TOKEN_FIXED] = {"fixed", NAMING_FIXED},
    [TOKEN_SERVER] = {"server", NAMING_SERVER},
    [TOKEN_MAIL] = {"mail", NAMING_MAIL_ROLE},
    [TOKEN_MASS] = {"mass", NAMING_MASS},
    [TOKEN_TLD] = {"tld", NAMING_BULK},
};

struct word {
    const char *s;
    size_t n;
};

struct reading {
    const struct token_text *text;
    const struct name_data *data;
    char *error;
    size_t error_size;
};

static bool __attribute__((format(printf, 2, 3))) fail(const struct reading *in, const char *format, ...)
{
    va_list args;
    int used = snprintf(in->error, in->error_size, "%s:%u: ", in->text->file, in->text->line);

    va_start(args, format);
    if (used >= 0 && (size_t)used < in->error_size)
        vsnprintf(in->error + used, in->error_size - (size_t)used, format, args);
    va_end(args);
    return false;
}

/* The next word of the line; at the end of the line its length is 0. A word that begins with '#' begins a comment. */
static struct word next_word(const char **at)
{
    struct word w;

    *at += strspn(*at, " \t\r");
    w.s = *at;
    w.n = *w.s == '#' ? 0 : strcspn(w.s, " \t\r\n");
    *at += w.n;
    return w;
}

static bool read_class(struct token *out, const struct reading *in, struct word w)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (strlen(classes[i].name) != w.n || memcmp(classes[i].name, w.s, w.n) != 0)
            continue;
        out->class = (enum token_class)i;
        return true;
    }
    return fail(
        in, "\"%.*s\" is no class; expected dynamic, line, generic, stock, fixed, server, mail, mass, tld or ignore",
        (int)(w.n < 40 ? w.n : 40), w.s);
}

static bool read_token(struct token *out, const struct reading *in, struct word w)
{
    if (w.n < TOKEN_MIN || w.n > TOKEN_MAX || strspn(w.s, "abcdefghijklmnopqrstuvwxyz") < w.n)
        return fail(in, "\"%.*s\" is no token; expected %d to %d lower-case letters", (int)(w.n < 40 ? w.n : 40), w.s,
                    TOKEN_MIN, TOKEN_MAX);
    out->text = w.s;
    out->length = w.n;
    return true;
}

/* Checks the example with a table that has only this token. */
static bool check_example(const struct reading *in, struct token *token, struct word example)
{
    struct name_data alone = {.psl = in->data->psl, .tokens = {.rows = token, .count = 1}};
    const struct address nobody = {.family = ADDRESS_NONE};
    struct region *r = region_new(EXAMPLE_MEMORY);
    struct name name;
    bool wanted = example.s[0] == '+', found, is_name;

    if (r == NULL)
        return fail(in, "out of memory");
    name_parse(&name, example.s + 1, example.n - 1, &alone, r);
    is_name = name.kind == NAME_HOST || name.kind == NAME_SINGLE;
    found = (name_naming(&name, &nobody, &alone, r).flags & classes[token->class].flag) != 0;
    region_free(r);
    if (!is_name)
        return fail(in, "\"%.*s\" is no host name", (int)example.n, example.s);
    if (found == wanted)
        return true;
    return fail(in, "token \"%.*s\" %s \"%.*s\"", (int)token->length, token->text,
                wanted ? "does not find" : "must not find but finds", (int)example.n - 1, example.s + 1);
}

static bool read_examples(const struct reading *in, struct token *token, const char *at)
{
    bool seen[2] = {false, false};

    for (struct word w = next_word(&at); w.n > 0; w = next_word(&at)) {
        if (w.s[0] != '+' && w.s[0] != '-')
            return fail(in, "\"%.*s\" is no example; expected +NAME or -NAME", (int)(w.n < 40 ? w.n : 40), w.s);
        if (token->class != TOKEN_IGNORED && !in->text->examples_known && !check_example(in, token, w))
            return false;
        seen[w.s[0] == '+'] = true;
    }
    if (token->class != TOKEN_IGNORED && !(seen[0] && seen[1]))
        return fail(in, "\"%.*s\" needs an example it must find (+NAME) and one it must not find (-NAME)",
                    (int)token->length, token->text);
    return true;
}

static bool same_token(const struct token *a, const struct token *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static bool add(struct tokens *tokens, const struct reading *in, const struct token *token)
{
    char *text;

    for (size_t i = 0; i < tokens->count; i++) {
        if (!same_token(&tokens->rows[i], token))
            continue;
        tokens->rows[i].class = token->class;
        return true;
    }
    if (tokens->count == TOKENS_MAX)
        return fail(in, "more than %d tokens", TOKENS_MAX);
    if (tokens->count == tokens->room) {
        size_t room = tokens->room == 0 ? 256 : tokens->room * 2;
        struct token *rows = realloc(tokens->rows, room * sizeof *rows);

        if (rows == NULL)
            return fail(in, "out of memory");
        tokens->rows = rows;
        tokens->room = room;
    }
    text = strndup(token->text, token->length);
    if (text == NULL)
        return fail(in, "out of memory");
    tokens->rows[tokens->count] = *token;
    tokens->rows[tokens->count++].text = text;
    return true;
}

static bool read_line(struct tokens *tokens, const struct reading *in, const char *at)
{
    struct token token = {0};
    struct word class = next_word(&at);

    if (class.n == 0)
        return true;
    return read_class(&token, in, class) && read_token(&token, in, next_word(&at)) && read_examples(in, &token, at) &&
           add(tokens, in, &token);
}

bool token_file_add(struct tokens *tokens, struct token_text *text, const struct name_data *data, char *error,
                    size_t error_size)
{
    struct reading in = {.text = text, .data = data, .error = error, .error_size = error_size};

    while (*text->at != '\0') {
        size_t n = strcspn(text->at, "\n");

        text->line++;
        if (n > LINE_MAX_BYTES)
            return fail(&in, "a line of %zu bytes; expected at most %d", n, LINE_MAX_BYTES);
        if (!read_line(tokens, &in, text->at))
            return false;
        text->at += n + (text->at[n] == '\n');
    }
    return true;
}

char *token_file_text(const char *path, char *error, size_t error_size)
{
    char why[FILE_ERROR_SIZE] = "is no token file: it has a NUL";
    struct file_text file;

    if (file_read(path, FILE_MAX, &file, why) && memchr(file.text, '\0', file.n) == NULL)
        return file.text;
    free(file.text);
    snprintf(error, error_size, "%s: %s", path, why);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct token *)a)->text, ((const struct token *)b)->text);
}

void token_file_done(struct tokens *tokens)
{
    if (tokens->count > 0)
        qsort(tokens->rows, tokens->count, sizeof tokens->rows[0], compare);
}

void token_file_release(struct tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++)
        free((void *)(uintptr_t)tokens->rows[i].text);
    free(tokens->rows);
    *tokens = (struct tokens){0};
}
