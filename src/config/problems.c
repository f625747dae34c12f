/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * problems: collects errors and warnings and reports them in the order of the file. The list is bounded: of more than a
 * hundred problems the rest is only counted. The texts are printable ASCII whatever the file contains.
 */
#include "problems.h"

#include <string.h>

#include "text.h"

enum { PROBLEM_SIZE = 512 };

void problems_init(struct problems *p, const char *file, struct region *memory)
{
    p->file_count = 1;
    p->files[0] = (struct problem_file){.name = file};
    p->memory = memory;
    p->errors = p->left_out = p->count = 0;
}

bool problems_next_file(struct problems *p, const char *file)
{
    const struct problem_file *last = &p->files[p->file_count - 1];

    if (p->file_count == PROBLEM_FILES_MAX)
        return false;
    p->files[p->file_count++] = (struct problem_file){.name = file, .base = last->base + last->lines + 1};
    return true;
}

void problems_count_lines(struct problems *p, const char *text, size_t n)
{
    unsigned lines = 1;

    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    p->files[p->file_count - 1].lines = lines;
}

unsigned problems_base(const struct problems *p)
{
    return p->files[p->file_count - 1].base;
}

const struct problem_file *problems_file(const struct problems *p, unsigned number, unsigned *line)
{
    unsigned i = p->file_count - 1;

    while (p->files[i].base > number)
        i--;
    *line = number - p->files[i].base;
    return &p->files[i];
}

const char *problems_place(const struct problems *p, unsigned number, char out[PROBLEM_PLACE_SIZE])
{
    unsigned line;
    const struct problem_file *file = problems_file(p, number, &line);
    struct text text;

    text_init(&text, out, PROBLEM_PLACE_SIZE);
    text_add(&text, file->name);
    if (line > 0)
        text_addf(&text, ":%u", line);
    return out;
}

/* Drops the last warning, so that warnings never hide an error. False: there is none. */
static bool drop_warning(struct problems *p)
{
    unsigned at = p->count;

    while (at > 0 && p->list[at - 1].is_error)
        at--;
    if (at == 0)
        return false;
    memmove(&p->list[at - 1], &p->list[at], (p->count - at) * sizeof(*p->list));
    p->count--;
    return true;
}

/* Counts the problem. False: the list has no room for it, so its text, which costs far more, is not needed. */
static bool count(struct problems *p, bool is_error)
{
    if (is_error)
        p->errors++;
    if (p->count < PROBLEMS_MAX)
        return true;
    p->left_out++;
    return is_error && drop_warning(p);
}

static void keep(struct problems *p, bool is_error, unsigned line, const char *raw)
{
    char filtered[PROBLEM_SIZE];
    struct text text;
    unsigned at;

    text_init(&text, filtered, sizeof(filtered));
    text_add_as(&text, TEXT_PLAIN, raw, SIZE_MAX);
    const char *kept = region_strdup(p->memory, filtered);
    if (!kept) {
        p->left_out++;
        return;
    }
    for (at = p->count; at > 0 && p->list[at - 1].line > line; at--)
        p->list[at] = p->list[at - 1];
    p->list[at] = (struct problem){.line = line, .is_error = is_error, .text = kept};
    p->count++;
}

__attribute__((format(printf, 4, 0))) static void add(struct problems *p, bool is_error, unsigned line,
                                                      const char *format, va_list args)
{
    char raw[PROBLEM_SIZE], place[PROBLEM_PLACE_SIZE];
    struct text text;

    if (!count(p, is_error))
        return;
    text_init(&text, raw, sizeof(raw));
    text_addf(&text, "%s: ", problems_place(p, line, place));
    text_addv(&text, format, args);
    keep(p, is_error, line, raw);
}

void problems_error(struct problems *p, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(p, true, line, format, args);
    va_end(args);
}

void problems_warning(struct problems *p, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(p, false, line, format, args);
    va_end(args);
}

void problems_elsewhere(struct problems *p, bool is_error, unsigned line, const char *where, const char *what)
{
    char raw[PROBLEM_SIZE];
    struct text text;

    if (!count(p, is_error))
        return;
    text_init(&text, raw, sizeof(raw));
    text_addf(&text, "%s: %s", where, what);
    keep(p, is_error, line, raw);
}

void problems_tell(struct problems *p, policyfile_report *report, void *arg)
{
    char rest[PROBLEM_SIZE];
    struct text text;

    if (!report)
        return;
    for (unsigned i = 0; i < p->count; i++)
        report(arg, p->list[i].is_error, p->list[i].text);
    if (p->left_out == 0)
        return;
    text_init(&text, rest, sizeof(rest));
    text_addf(&text, "%s: and %u more", p->files[0].name, p->left_out);
    report(arg, p->errors > 0, rest);
}
