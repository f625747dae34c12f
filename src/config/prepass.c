/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prepass: removes what libconfuse would misread, before libconfuse sees the text.
 *
 * libconfuse counts comment lines twice, accepts a file whose last brace is missing, skips NUL bytes, fails on a byte
 * order mark, and replaces ${name} by an environment variable. Therefore comments become spaces here (line ends stay,
 * so that later messages have the right line number), braces must balance, strings must end on their line, and the rest
 * is refused. The meaning of words does not matter at this stage.
 */
#include "prepass.h"

#include <string.h>

enum { DEPTH_MAX = 16 };

struct prepass {
    struct problems *problems;
    char *text;
    size_t at, n;
    unsigned line;
    unsigned depth;
    unsigned opened[DEPTH_MAX]; /* line of each open brace */
};

static char ahead(const struct prepass *s, size_t by)
{
    return s->at + by < s->n ? s->text[s->at + by] : '\0';
}

static void blank(struct prepass *s, size_t count)
{
    for (; count > 0 && s->at < s->n; count--, s->at++) {
        if (s->text[s->at] == '\n')
            s->line++;
        else
            s->text[s->at] = ' ';
    }
}

static void line_comment(struct prepass *s)
{
    while (s->at < s->n && s->text[s->at] != '\n')
        blank(s, 1);
}

static bool block_comment(struct prepass *s)
{
    unsigned opened = s->line;

    blank(s, 2);
    while (s->at < s->n && !(s->text[s->at] == '*' && ahead(s, 1) == '/'))
        blank(s, 1);
    if (s->at >= s->n) {
        problems_error(s->problems, opened, "this comment is never closed, expected */");
        return false;
    }
    blank(s, 2);
    return true;
}

/* Environment variables must not get into a policy. Macros are written %{name}. */
static void refuse_environment(struct prepass *s)
{
    problems_error(s->problems, s->line, "\"${\" would be read from the environment, expected %%{name} for a macro");
    s->text[s->at] = '%';
}

/* Skips a string, from the opening quote to past the closing one. Other escapes of libconfuse are not accepted. */
static bool quoted(struct prepass *s)
{
    char quote = s->text[s->at++];

    for (; s->at < s->n && s->text[s->at] != '\n'; s->at++) {
        char c = s->text[s->at];
        if (c == quote) {
            s->at++;
            return true;
        }
        if (quote == '"' && c == '$' && ahead(s, 1) == '{')
            refuse_environment(s);
        if (c != '\\')
            continue;
        if (quote == '"' && !strchr("\\\"'$", ahead(s, 1))) {
            problems_error(s->problems, s->line, "unknown escape in a string, expected \\\\, \\\" or \\$");
            s->text[s->at] = ' ';
        } else if (ahead(s, 1) == '\\' || ahead(s, 1) == '"' || ahead(s, 1) == '\'' || ahead(s, 1) == '$') {
            s->at++;
        }
    }
    problems_error(s->problems, s->line, "this string is not closed on its line, expected %c", quote);
    return false;
}

static bool open_brace(struct prepass *s)
{
    if (s->depth == DEPTH_MAX) {
        problems_error(s->problems, s->line, "braces are nested too deeply, expected at most %d levels", DEPTH_MAX);
        return false;
    }
    s->opened[s->depth++] = s->line;
    s->at++;
    return true;
}

static void close_brace(struct prepass *s)
{
    if (s->depth > 0) {
        s->depth--;
        s->at++;
        return;
    }
    problems_error(s->problems, s->line, "this } has no matching {");
    blank(s, 1);
}

/* Inside a word "//" does not start a comment (think of URLs). `starts` is true at the start of a word. */
static bool step(struct prepass *s, bool starts)
{
    char c = s->text[s->at];

    if (c == '#' || (starts && c == '/' && ahead(s, 1) == '/')) {
        line_comment(s);
        return true;
    }
    if (starts && c == '/' && ahead(s, 1) == '*')
        return block_comment(s);
    if (c == '"' || c == '\'')
        return quoted(s);
    if (c == '{')
        return open_brace(s);
    if (c == '}') {
        close_brace(s);
        return true;
    }
    if (c == '$' && ahead(s, 1) == '{') {
        refuse_environment(s);
        while (ahead(s, 1) != '\0' && ahead(s, 1) != '\n' && s->text[s->at] != '}')
            s->text[s->at++] = '%';
        s->text[s->at] = '%';
    }
    if (c == '\r' && ahead(s, 1) == '\n')
        s->text[s->at] = ' ';
    if (c == '\n')
        s->line++;
    s->at++;
    return true;
}

static bool ends_word(char c)
{
    return strchr(" \t\r\n={},\"'", c) != NULL;
}

static bool whole(const char *text, size_t n, struct problems *p)
{
    const char *nul = n > 0 ? memchr(text, '\0', n) : NULL;
    unsigned line = problems_base(p) + 1;

    if (n > POLICYFILE_MAX) {
        problems_error(p, problems_base(p), "larger than 1 MiB, expected a policy file");
        return false;
    }
    if (!nul)
        return true;
    for (const char *at = text; at < nul; at++)
        line += *at == '\n';
    problems_error(p, line, "a NUL byte, expected text");
    return false;
}

char *prepass(const char *text, size_t n, struct problems *p, size_t *clean_n)
{
    struct prepass s = {.problems = p, .line = problems_base(p) + 1};
    bool starts = true;

    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        n -= 3;
    }
    if (!whole(text, n, p))
        return NULL;
    s.text = region_alloc(p->memory, n + DEPTH_MAX + 2);
    if (!s.text)
        return NULL;
    if (n > 0)
        memcpy(s.text, text, n);
    s.n = n;
    while (s.at < s.n) {
        if (!step(&s, starts))
            return NULL;
        starts = s.at == 0 || ends_word(s.text[s.at - 1]);
    }
    while (s.depth > 0) {
        problems_error(p, s.opened[--s.depth], "this { is never closed, expected a }");
        s.text[s.n++] = '}';
    }
    s.text[s.n++] = '\n';
    *clean_n = s.n;
    return s.text;
}
