/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exempt_file: reads lines of "client|rdns|helo PATTERN [until=YYYY-MM-DD] [# why]". Empty lines and lines that begin
 * with # are skipped. Every malformed line is reported with file and line number. The time needed is linear in the size
 * of the file.
 */
#include <stdio.h>
#include <string.h>

#include "exempt.h"
#include "units.h"

enum { LINE_MAX_BYTES = 1024, WORDS_MAX = 3 };

static const struct {
    const char *word;
    enum exempt_kind kind;
} kinds[] = {
    {"client", EXEMPT_CLIENT},
    {"rdns", EXEMPT_RDNS},
    {"helo", EXEMPT_HELO},
};

struct line {
    const char *file;
    unsigned number;
    char text[LINE_MAX_BYTES];
    char *words[WORDS_MAX];
    unsigned word_count;
    const char *why;
};

static void complain(struct exempt_list *list, const struct line *line, const char *what, const char *word)
{
    char where[512], text[256];

    snprintf(where, sizeof(where), "%.400s:%u", line->file, line->number);
    snprintf(text, sizeof(text), "%s%s%.80s%s", what, word ? ", not \"" : "", word ? word : "", word ? "\"" : "");
    problems_elsewhere(list->problems, true, list->line, where, text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Splits a line into words up to a '#' that begins a word; the rest is the reason. False: too many words. */
static bool split(struct line *line)
{
    char *at = line->text;

    line->word_count = 0;
    line->why = "";
    for (;;) {
        while (is_blank(*at))
            *at++ = '\0';
        if (*at == '#') {
            *at++ = '\0';
            line->why = at + strspn(at, " \t");
            return true;
        }
        if (*at == '\0')
            return true;
        if (line->word_count == WORDS_MAX)
            return false;
        line->words[line->word_count++] = at;
        while (*at != '\0' && !is_blank(*at))
            at++;
    }
}

static bool copy_line(struct exempt_list *list, struct line *line, const char *text, size_t n)
{
    if (n > 0 && text[n - 1] == '\r')
        n--;
    if (n >= sizeof(line->text)) {
        complain(list, line, "this line is too long, expected at most 1023 bytes", NULL);
        return false;
    }
    memcpy(line->text, text, n);
    line->text[n] = '\0';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == 0x7f || (c < ' ' && c != '\t')) {
            complain(list, line, "a control byte, expected text", NULL);
            return false;
        }
    }
    return true;
}

static bool take_kind(struct exempt_list *list, const struct line *line, struct exemption *entry)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(line->words[0], kinds[i].word) == 0) {
            entry->kind = kinds[i].kind;
            return true;
        }
    }
    complain(list, line, "expected client, rdns or helo", line->words[0]);
    return false;
}

static bool take_until(struct exempt_list *list, const struct line *line, struct exemption *entry)
{
    const char *word = line->word_count < 3 ? NULL : line->words[2];

    if (word == NULL)
        return true;
    if (strncmp(word, "until=", 6) == 0 && units_date(word + 6, &entry->until))
        return true;
    complain(list, line, "expected until=YYYY-MM-DD", word);
    return false;
}

static void take_line(struct exempt_list *list, struct line *line)
{
    struct exemption entry = {.until = 0};

    if (!split(line)) {
        complain(list, line, "expected client|rdns|helo PATTERN [until=YYYY-MM-DD] [# why]", NULL);
        return;
    }
    if (line->word_count == 0 || !take_kind(list, line, &entry))
        return;
    if (line->word_count == 1) {
        complain(list, line, "expected a pattern after it", NULL);
        return;
    }
    if (!take_until(list, line, &entry))
        return;
    entry.pattern = line->words[1];
    entry.file = line->file;
    entry.line = line->number;
    entry.why = line->why[0] ? region_strdup(list->region, line->why) : "";
    if (entry.why)
        exempt_add(list, &entry);
}

void exempt_file_read_text(struct exempt_list *list, const char *file, const char *text, size_t n)
{
    const char *end = text + n;
    struct line line = {.file = file};

    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            stop = end;
        line.number++;
        if (copy_line(list, &line, text, (size_t)(stop - text)))
            take_line(list, &line);
        text = stop + 1;
    }
}
