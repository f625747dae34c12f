/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan: recognises NAME = VALUE, NAME = { VALUE, VALUE }, NAME { } and NAME "TITLE" { } by the sections of the option
 * table. It reports every unknown name, duplicate and syntax error with its line, continues after each, and leaves a
 * text that libconfuse accepts. Memory is bounded by the size of the text.
 */
#include "scan.h"

#include <stdio.h>
#include <string.h>

#include "units.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_STRING, TOKEN_SIGN, TOKEN_BAD };
enum { TITLE_MAX = 64, NAMES_MAX = 128, BLOCKS_MAX = 512, TOKEN_NAME_SIZE = 32 };

struct token {
    enum token_kind kind;
    char sign; /* one of { } = , */
    size_t start, end;
    unsigned line;
};

struct scanner {
    struct scan *out;
    struct problems *problems;
    char *text;
    size_t n, at;
    unsigned line;
    unsigned file;
    struct token token; /* the current token */
};

static bool is_word_byte(char c)
{
    return c > ' ' && c < 0x7f && !strchr("#\"'={}()+,*", c);
}

static void read_string(struct scanner *s, char quote)
{
    s->at++;
    while (s->text[s->at] != quote)
        s->at += s->text[s->at] == '\\' && strchr("\\\"'$", s->text[s->at + 1]) ? 2 : 1;
    s->at++;
}

/* The text ends with a line end and every string is closed (prepass), so both loops end inside the text. */
static void next(struct scanner *s)
{
    struct token *t = &s->token;

    for (; s->at < s->n && strchr(" \t\n", s->text[s->at]); s->at++)
        s->line += s->text[s->at] == '\n';
    *t = (struct token){.kind = TOKEN_END, .start = s->at, .line = s->line};
    if (s->at < s->n) {
        char c = s->text[s->at];
        if (c == '"' || c == '\'') {
            t->kind = TOKEN_STRING;
            read_string(s, c);
        } else if (strchr("={},", c)) {
            t->kind = TOKEN_SIGN;
            t->sign = c;
            s->at++;
        } else if (is_word_byte(c)) {
            t->kind = TOKEN_WORD;
            while (is_word_byte(s->text[s->at]))
                s->at++;
        } else {
            t->kind = TOKEN_BAD;
            s->at++;
        }
    }
    t->end = s->at;
}

static bool at_sign(const struct scanner *s, char sign)
{
    return s->token.kind == TOKEN_SIGN && s->token.sign == sign;
}

static bool at_value(const struct scanner *s)
{
    return s->token.kind == TOKEN_WORD || s->token.kind == TOKEN_STRING;
}

static void blank(struct scanner *s, size_t from, size_t to)
{
    for (; from < to; from++) {
        if (s->text[from] != '\n')
            s->text[from] = ' ';
    }
}

static const char *token_text(struct scanner *s)
{
    bool in_quotes = s->token.kind == TOKEN_STRING;
    size_t from = s->token.start + in_quotes;
    const char *text = region_strndup(s->problems->memory, s->text + from, s->token.end - in_quotes - from);

    return text ? text : "";
}

static const char *token_name(const struct scanner *s, char out[TOKEN_NAME_SIZE])
{
    const struct token *t = &s->token;
    int n = (int)(t->end - t->start < 20 ? t->end - t->start : 20);

    if (t->kind == TOKEN_END)
        return "the end of the file";
    if (t->kind == TOKEN_BAD && (s->text[t->start] <= ' ' || s->text[t->start] >= 0x7f))
        snprintf(out, TOKEN_NAME_SIZE, "byte 0x%02x", (unsigned)(unsigned char)s->text[t->start]);
    else
        snprintf(out, TOKEN_NAME_SIZE, "'%.*s'", n, s->text + t->start);
    return out;
}

/*
 * Recovers from a syntax error that begins at `from`: skips to the end of the current line, or to the end of the braces
 * opened since, but never past the enclosing brace.
 */
static void recover(struct scanner *s, const struct token *from)
{
    unsigned depth = 0, line = s->token.line;

    s->at = from->start;
    s->line = from->line;
    for (next(s); s->token.kind != TOKEN_END; next(s)) {
        if (depth == 0 && (s->token.line > line || at_sign(s, '}')))
            break;
        depth += at_sign(s, '{');
        depth -= at_sign(s, '}');
    }
    blank(s, from->start, s->token.start);
}

static void syntax_error(struct scanner *s, const struct token *from, const char *expected)
{
    char name[TOKEN_NAME_SIZE];

    problems_error(s->problems, s->token.kind == TOKEN_END ? from->line : s->token.line, "unexpected %s, expected %s",
                   token_name(s, name), expected);
    recover(s, from);
}

/* Reads a value or a list of values. Returns false after a syntax error. */
static bool read_values(struct scanner *s, struct assignment *a, bool *in_braces, const struct token *from)
{
    struct scan *out = s->out;

    a->first_line = out->line_count;
    *in_braces = at_sign(s, '{');
    if (!*in_braces && !at_value(s)) {
        syntax_error(s, from, "a value");
        return false;
    }
    if (*in_braces)
        next(s);
    while (at_value(s)) {
        out->lines[out->line_count++] = s->token.line;
        a->value_count++;
        next(s);
        if (!*in_braces)
            return true;
        if (at_sign(s, ','))
            next(s);
        else if (!at_sign(s, '}'))
            break;
    }
    if (!at_sign(s, '}')) {
        syntax_error(s, from, "a comma or }");
        return false;
    }
    next(s);
    return true;
}

static void suggest(struct scanner *s, enum section section, const char *name, unsigned line, bool is_section)
{
    const char *names[NAMES_MAX];
    const char *where = sections[section].path;
    const char *what = is_section ? "section" : "option";
    const char *nearest;
    size_t n = 0;

    if (section == SECTION_POINTS)
        what = "rule";
    if (section == SECTION_CAPS)
        what = "family";
    for (size_t at = 0; n < NAMES_MAX && (names[n] = option_name_next(section, &at)); n++)
        ;
    nearest = units_nearest(name, names, n);
    if (nearest) {
        problems_error(s->problems, line, "unknown %s \"%s\"%s%s, did you mean \"%s\"?", what, name,
                       where[0] ? " in section " : "", where, nearest);
        return;
    }
    for (int other = SECTION_ROOT + 1; other < SECTION_COUNT; other++) {
        if (!is_section && option_known((enum section)other, name)) {
            problems_error(s->problems, line, "\"%s\" is not allowed here, it belongs in section %s", name,
                           sections[other].path);
            return;
        }
    }
    problems_error(s->problems, line, "unknown %s \"%s\"%s%s", what, name, where[0] ? " in section " : "", where);
}

/*
 * An option in an included file overrides the earlier one. Included files exist to override the policy file, so that
 * needs no warning. One included file that overrides another is easily overlooked; the warning names both.
 */
static void replace_assignment(struct scanner *s, const struct assignment *a, unsigned number)
{
    unsigned earlier = s->out->assignments[number].line, line;
    char place[PROBLEM_PLACE_SIZE];

    if (problems_file(s->problems, earlier, &line) != s->problems->files)
        problems_warning(s->problems, a->line, "%s is set in %s too; this file wins", a->name,
                         problems_place(s->problems, earlier, place));
    s->out->assignments[number] = *a;
}

static void keep_assignment(struct scanner *s, const struct assignment *a, bool in_braces, size_t from)
{
    enum section section = s->out->blocks[a->block].section;
    const struct option *option = option_find(section, a->name);
    const struct assignment *earlier = scan_find(s->out, a->block, a->name);
    bool wanted = false;

    if (!option_known(section, a->name)) {
        suggest(s, section, a->name, a->line, false);
    } else if (earlier && earlier->file == s->file) {
        problems_error(s->problems, a->line, "%s is set twice, first on line %u", a->name,
                       earlier->line - problems_base(s->problems));
    } else if (in_braces && !(option && option_is_list(option))) {
        problems_error(s->problems, a->line, "%s takes one value, not a list in braces", a->name);
    } else if (earlier) {
        wanted = true;
        replace_assignment(s, a, (unsigned)(earlier - s->out->assignments));
    } else {
        wanted = true;
        s->out->assignments[s->out->assignment_count++] = *a;
    }
    if (!wanted)
        blank(s, from, s->token.start);
}

static void read_assignment(struct scanner *s, unsigned block, const char *name, const struct token *named)
{
    struct assignment a = {.block = block, .file = s->file, .line = named->line, .name = name};
    bool in_braces;

    next(s);
    if (read_values(s, &a, &in_braces, named))
        keep_assignment(s, &a, in_braces, named->start);
}

static bool title_fits(const char *title)
{
    size_t n = strlen(title);

    for (const char *c = title; *c; c++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *c))
            return false;
    }
    return n > 0 && n <= TITLE_MAX;
}

static int find_block(const struct scan *out, const struct block *b)
{
    for (unsigned i = 1; i < out->block_count; i++) {
        const struct block *other = &out->blocks[i];
        if (other->section == b->section && other->parent == b->parent && strcmp(other->title, b->title) == 0)
            return (int)i;
    }
    return -1;
}

/* Returns the number of the block to fill, or -1 when the section was refused. */
static int keep_block(struct scanner *s, const struct block *b, const char *name, bool has_title)
{
    const struct section_row *row = &sections[b->section];
    int earlier = find_block(s->out, b);

    if (row->titled && !title_fits(b->title)) {
        problems_error(s->problems, b->line,
                       "section %s needs a name of letters, digits and . _ -, expected %s \"NAME\" {", name, name);
        return -1;
    }
    if (!row->titled && has_title) {
        problems_error(s->problems, b->line, "section %s has no name, expected %s {", name, name);
        return -1;
    }
    if (row->titled && earlier >= 0 && s->out->blocks[earlier].file == s->file) {
        problems_error(s->problems, b->line, "%s \"%s\" appears twice, first on line %u: merge the two", name, b->title,
                       s->out->blocks[earlier].line - problems_base(s->problems));
        return -1;
    }
    if (earlier >= 0) {
        s->out->blocks[earlier].file = s->file;
        s->out->blocks[earlier].line = b->line;
        return earlier;
    }
    if (s->out->block_count == BLOCKS_MAX) {
        problems_error(s->problems, b->line, "more than %d sections", BLOCKS_MAX);
        return -1;
    }
    s->out->blocks[s->out->block_count] = *b;
    return (int)s->out->block_count++;
}

static void skip_braces(struct scanner *s)
{
    unsigned depth = 0;

    do {
        depth += at_sign(s, '{');
        depth -= at_sign(s, '}');
        next(s);
    } while (depth > 0 && s->token.kind != TOKEN_END);
}

static void read_block(struct scanner *s, unsigned block);

static void read_section(struct scanner *s, unsigned parent, const char *name, const struct token *named)
{
    struct block b = {.parent = parent, .title = "", .line = named->line, .file = s->file};
    bool has_title = at_value(s) && s->token.line == named->line;
    int number = -1;

    if (has_title) {
        b.title = token_text(s);
        next(s);
    }
    if (!at_sign(s, '{')) {
        syntax_error(s, named, has_title ? "{ after the section's name" : "= or {");
        return;
    }
    if (option_section(s->out->blocks[parent].section, name, &b.section))
        number = keep_block(s, &b, name, has_title);
    else
        suggest(s, s->out->blocks[parent].section, name, named->line, true);
    if (number < 0) {
        skip_braces(s);
        blank(s, named->start, s->token.start);
        return;
    }
    next(s);
    read_block(s, (unsigned)number);
    next(s); /* the closing brace, whose presence prepass() has checked */
}

static bool at_byte(const struct scanner *s, char byte)
{
    return s->token.kind == TOKEN_BAD && s->text[s->token.start] == byte;
}

/* Reads include("PATTERN") from its parenthesis on and removes it from what libconfuse sees. */
static void read_include(struct scanner *s, const struct token *named)
{
    struct scan *out = s->out;
    const char *pattern = "";

    next(s);
    if (s->token.kind == TOKEN_STRING) {
        pattern = token_text(s);
        next(s);
    }
    if (pattern[0] == '\0' || !at_byte(s, ')')) {
        syntax_error(s, named, "include(\"PATTERN\")");
        return;
    }
    next(s);
    blank(s, named->start, s->token.start);
    if (s->file > 0)
        problems_error(s->problems, named->line, "an included file cannot include another one");
    else if (out->include_count == INCLUDES_MAX)
        problems_error(s->problems, named->line, "more than %d includes", INCLUDES_MAX);
    else
        out->includes[out->include_count++] = (struct include){.pattern = pattern, .line = named->line};
}

static void read_call(struct scanner *s, unsigned block, const char *name, const struct token *named)
{
    if (strcmp(name, "include") == 0 && block == 0) {
        read_include(s, named);
        return;
    }
    if (strcmp(name, "include") == 0)
        problems_error(s->problems, named->line, "include(\"PATTERN\") must be outside of every section");
    else
        problems_error(s->problems, named->line, "%s() is not an option; the only function is include(\"PATTERN\")",
                       name);
    recover(s, named);
}

static void read_statement(struct scanner *s, unsigned block)
{
    const struct token named = s->token;
    const char *name = token_text(s);
    char found;

    next(s);
    found = s->token.kind == TOKEN_BAD ? s->text[s->token.start] : '\0';
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")] != '\0') {
        s->token = named;
        syntax_error(s, &named, "the name of an option or section");
    } else if (at_sign(s, '=')) {
        read_assignment(s, block, name, &named);
    } else if (found == '(') {
        read_call(s, block, name, &named);
    } else if (found == '+') {
        syntax_error(s, &named, "= and the whole list");
    } else if (option_known(s->out->blocks[block].section, name)) {
        syntax_error(s, &named, "= after the name of an option");
    } else {
        read_section(s, block, name, &named);
    }
}

/* Sections nest only as deep as the table of sections: two levels. */
static void read_block(struct scanner *s, unsigned block)
{
    while (s->token.kind != TOKEN_END && !at_sign(s, '}')) {
        const struct token first = s->token;
        if (first.kind == TOKEN_WORD)
            read_statement(s, block);
        else
            syntax_error(s, &first, "the name of an option or section");
    }
}

/* Makes room for what this text can add. The region keeps the old arrays, which is fine for a few files. */
static bool make_room(struct scan *s, const char *text, size_t n, struct region *r)
{
    const struct scan old = *s;
    size_t signs = 1, values = 0;

    for (size_t i = 0; i < n; i++) {
        signs += text[i] == '=' || text[i] == '{';
        values += text[i] == '=' || text[i] == ',' || text[i] == '{';
    }
    s->blocks = region_alloc(r, (old.block_count + signs) * sizeof(*s->blocks));
    s->assignments = region_alloc(r, (old.assignment_count + signs) * sizeof(*s->assignments));
    s->lines = region_alloc(r, (old.line_count + values + 1) * sizeof(*s->lines));
    if (!s->blocks || !s->assignments || !s->lines) {
        *s = old;
        return false;
    }
    if (!old.blocks) {
        s->block_count = 1;
        s->blocks[0] = (struct block){.section = SECTION_ROOT, .title = ""};
        return true;
    }
    memcpy(s->blocks, old.blocks, old.block_count * sizeof(*s->blocks));
    memcpy(s->assignments, old.assignments, old.assignment_count * sizeof(*s->assignments));
    memcpy(s->lines, old.lines, old.line_count * sizeof(*s->lines));
    return true;
}

bool scan_text(struct scan *s, char *text, size_t n, struct problems *p)
{
    struct scanner scanner = {
        .out = s, .problems = p, .text = text, .n = n, .line = problems_base(p) + 1, .file = p->file_count - 1};

    if (!make_room(s, text, n, p->memory))
        return false;
    next(&scanner);
    read_block(&scanner, 0);
    return !region_failed(p->memory);
}

const struct assignment *scan_find(const struct scan *s, unsigned block, const char *name)
{
    for (unsigned i = 0; i < s->assignment_count; i++) {
        if (s->assignments[i].block == block && strcmp(s->assignments[i].name, name) == 0)
            return &s->assignments[i];
    }
    return NULL;
}

unsigned scan_line(const struct scan *s, unsigned block, const char *name)
{
    const struct assignment *a = scan_find(s, block, name);

    return a ? a->line : s->blocks[block].line;
}
