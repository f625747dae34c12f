/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * problems: collects errors and warnings and tells them in the file's order. Promises a bounded list (a file of nothing
 * but mistakes tells a hundred and the number of the rest), and printable ASCII whatever the file holds.
 */
#include "problems.h"

#include "text.h"

enum { PROBLEM_SIZE = 512 };

void problems_init(struct problems *p, const char *file, struct region *memory)
{
    p->file = file;
    p->memory = memory;
    p->errors = p->left_out = p->count = 0;
}

static void keep(struct problems *p, bool is_error, unsigned line, const char *raw)
{
    char filtered[PROBLEM_SIZE];
    struct text text;
    unsigned at;

    if (is_error)
        p->errors++;
    text_init(&text, filtered, sizeof(filtered));
    text_add_as(&text, TEXT_PLAIN, raw, SIZE_MAX);
    const char *kept = region_strdup(p->memory, filtered);
    if (p->count == PROBLEMS_MAX || !kept) {
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
    char raw[PROBLEM_SIZE];
    struct text text;

    text_init(&text, raw, sizeof(raw));
    if (line > 0)
        text_addf(&text, "%s:%u: ", p->file, line);
    else
        text_addf(&text, "%s: ", p->file);
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
    text_addf(&text, "%s: and %u more", p->file, p->left_out);
    report(arg, p->errors > 0, rest);
}
