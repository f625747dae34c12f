/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exempt: the entries of section exempt and of its files, collected in one list and three lookup sets. An entry that
 * would exempt very many clients, perhaps by accident, causes a warning. An expired entry exempts nobody.
 *
 * A file has lines of "client|rdns|helo PATTERN [until=YYYY-MM-DD] [# why]". Empty lines and lines that begin with #
 * are skipped. Every malformed line is reported with file and line number. The time needed is linear in the size of
 * the file.
 */
#include "exempt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ascii.h"
#include "clock.h"
#include "file.h"
#include "hash.h"
#include "reading.h"
#include "units.h"
#include "values.h"

enum { LINE_MAX_BYTES = 1024, WORDS_MAX = 3, SCRATCH_MAX = 64 * 1024, HOST_SIZE = 256 };

const char *exempt_where(const struct exemption *entry, char out[EXEMPTION_WHERE_SIZE])
{
    if (entry->line == 0)
        snprintf(out, EXEMPTION_WHERE_SIZE, "default");
    else
        snprintf(out, EXEMPTION_WHERE_SIZE, "%s:%u", entry->file, entry->line);
    return out;
}

static void complain(struct exempt_list *list, bool is_error, const struct exemption *entry, const char *what)
{
    char text[256], where[EXEMPTION_WHERE_SIZE];

    snprintf(text, sizeof(text), "\"%.80s\" %s", entry->pattern, what);
    problems_elsewhere(list->problems, is_error, list->line, exempt_where(entry, where), text);
}

/* The array is not in the region, because a region cannot free the smaller arrays as it grows. */
static bool grow(struct exempt_list *list)
{
    size_t room = list->room ? list->room * 2 : 64;
    struct exemption *larger = realloc(list->sets->entries, room * sizeof(*larger));

    if (!larger)
        return false;
    list->sets->entries = larger;
    list->room = room;
    return true;
}

const char *exempt_nobody(const struct exempt_settings *sets, enum exempt_kind kind, const char *pattern)
{
    struct address address;

    if (kind == EXEMPT_CLIENT)
        return NULL;
    if (address_parse(&address, pattern, strlen(pattern)))
        return "exempts nobody, because an address is no host name: exempt the client by its address (client ADDRESS)";
    if (kind == EXEMPT_HELO && !sets->helo_unverified && !strchr(pattern, '.'))
        return "exempts nobody, because DNS cannot confirm a name of one label: exempt the client by its address "
               "(client ADDRESS)";
    return NULL;
}

/* Networks that cover this much of the Internet are rarely meant. */
enum { WIDE_IPV4 = 8, WIDE_IPV6 = 16 };

static bool is_wide(const struct network *net)
{
    enum address_scope scope = address_scope(&net->base);

    return net->bits < (net->base.family == ADDRESS_IPV4 ? WIDE_IPV4 : WIDE_IPV6) &&
           (scope == ADDRESS_GLOBAL || scope == ADDRESS_UNSPECIFIED);
}

/* What helod never looks up, and so cannot confirm. Placeholders are left out: manuals use them as examples. */
static bool is_looked_up(const struct name *name)
{
    return name->reserved == NAME_RESERVED_NONE || name->reserved == NAME_RESERVED_PLACEHOLDER;
}

/* Examining a name takes longer than reading it, and a list of more entries than this was made by a program. */
enum { EXAMINED_MAX = 1000 };

/* NULL, or why a pattern exempts far fewer or far more clients than its author probably meant. */
static const char *surprise(const struct exempt_list *list, const struct exemption *entry)
{
    const char *nobody = exempt_nobody(list->sets, entry->kind, entry->pattern);
    bool all_below = entry->pattern[0] == '.';
    char text[HOST_SIZE];
    struct name name;

    if (nobody || !list->names || list->sets->count >= EXAMINED_MAX)
        return nobody;
    region_reset(list->scratch);
    snprintf(text, sizeof(text), "%s%s", all_below ? "x" : "", entry->pattern); /* a name that .NAME matches */
    name_parse(&name, text, strlen(text), list->names, list->scratch);
    if (!is_looked_up(&name) && entry->kind == EXEMPT_HELO && !list->sets->helo_unverified)
        return "is not looked up in DNS, so it exempts only clients whose confirmed reverse name is the same: "
               "exempt them by address (client ADDRESS)";
    if (name.kind != NAME_HOST || name.reserved != NAME_RESERVED_NONE || (name.flags & NAME_NUMERIC_TLD) != 0)
        return NULL;
    if (!all_below)
        return name.registrable ? NULL : "is a public suffix, so it exempts only a host of exactly this name";
    if (name.registrable != name.text)
        return NULL;
    return name.labels == 2 ? "exempts all of a top-level domain" : "exempts everybody below a public suffix";
}

static bool add_client(struct exempt_list *list, const struct exemption *entry, int32_t number)
{
    struct network net;

    if (!network_parse(&net, entry->pattern, strlen(entry->pattern))) {
        complain(list, true, entry, "is not a network, expected ADDRESS or ADDRESS/BITS");
        return false;
    }
    if (net.bits == 0)
        complain(list, false, entry, "exempts everybody");
    else if (is_wide(&net))
        complain(list, false, entry, "exempts a large part of the Internet");
    return network_set_add(list->sets->clients, &net, number);
}

static bool add_name(struct exempt_list *list, struct suffix_set *set, const struct exemption *entry, int32_t number)
{
    const char *odd;

    if (!value_is_host(entry->pattern + (entry->pattern[0] == '.'))) {
        complain(list, true, entry,
                 entry->pattern[0] == '['
                     ? "is an address literal, not a host name: exempt the client by its address (client ADDRESS)"
                     : "is not a host name, expected NAME, or .NAME for all below it too");
        return false;
    }
    odd = surprise(list, entry);
    if (odd)
        complain(list, false, entry, odd);
    return suffix_set_add(set, entry->pattern, number);
}

/* Each entry is hashed together with the digest so far, so that equal digests mean equal lists. */
static uint64_t digest_of(uint64_t before, const struct exemption *entry)
{
    struct hash_key key = {.k0 = before, .k1 = (uint64_t)entry->until * 4 + entry->kind};

    return hash_bytes(&key, entry->pattern, strlen(entry->pattern));
}

/* Checks the pattern, converts it to lower case and adds it to the list and its set. */
static void add_entry(struct exempt_list *list, const struct exemption *entry)
{
    struct exempt_settings *sets = list->sets;
    struct exemption kept = *entry;
    char *pattern = region_strdup(list->region, entry->pattern);
    int32_t number = (int32_t)sets->count;
    bool added;

    for (char *c = pattern; c && *c; c++)
        *c = (char)ascii_lower(*c);
    kept.pattern = pattern;
    if (!pattern || sets->count >= EXEMPTIONS_MAX || (sets->count == list->room && !grow(list))) {
        complain(list, true, entry, "exceeds the maximum number of exemptions");
        return;
    }
    if (kept.until != 0 && kept.until <= list->now) {
        complain(list, false, entry, "has expired and is ignored");
        return;
    }
    if (kept.kind == EXEMPT_CLIENT)
        added = add_client(list, &kept, number);
    else
        added = add_name(list, kept.kind == EXEMPT_RDNS ? sets->rdns : sets->helo, &kept, number);
    if (!added)
        return;
    sets->entries[sets->count++] = kept;
    sets->digest = digest_of(sets->digest, &kept);
}

/* The kinds in exempt files, and the lists of the policy file. */
static const struct {
    enum exempt_kind kind;
    const char *word, *name;
    size_t offset; /* of the list */
} kinds[] = {
    {EXEMPT_CLIENT, "client", "clients", offsetof(struct exempt_settings, client_list)},
    {EXEMPT_RDNS, "rdns", "rdns", offsetof(struct exempt_settings, rdns_list)},
    {EXEMPT_HELO, "helo", "helo", offsetof(struct exempt_settings, helo_list)},
};

/* ---- exempt files ---- */

struct line {
    const char *file;
    unsigned number;
    char text[LINE_MAX_BYTES];
    char *words[WORDS_MAX];
    unsigned word_count;
    const char *why;
};

static void complain_of_line(struct exempt_list *list, const struct line *line, const char *what, const char *word)
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
        complain_of_line(list, line, "this line is too long, expected at most 1023 bytes", NULL);
        return false;
    }
    memcpy(line->text, text, n);
    line->text[n] = '\0';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == 0x7f || (c < ' ' && c != '\t')) {
            complain_of_line(list, line, "a control byte, expected text", NULL);
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
    complain_of_line(list, line, "expected client, rdns or helo", line->words[0]);
    return false;
}

static bool take_until(struct exempt_list *list, const struct line *line, struct exemption *entry)
{
    const char *word = line->word_count < 3 ? NULL : line->words[2];

    if (word == NULL)
        return true;
    if (strncmp(word, "until=", 6) == 0 && units_date(word + 6, &entry->until))
        return true;
    complain_of_line(list, line, "expected until=YYYY-MM-DD", word);
    return false;
}

static void take_line(struct exempt_list *list, struct line *line)
{
    struct exemption entry = {.until = 0};

    if (!split(line)) {
        complain_of_line(list, line, "expected client|rdns|helo PATTERN [until=YYYY-MM-DD] [# why]", NULL);
        return;
    }
    if (line->word_count == 0 || !take_kind(list, line, &entry))
        return;
    if (line->word_count == 1) {
        complain_of_line(list, line, "expected a pattern after it", NULL);
        return;
    }
    if (!take_until(list, line, &entry))
        return;
    entry.pattern = line->words[1];
    entry.file = line->file;
    entry.line = line->number;
    entry.why = line->why[0] ? region_strdup(list->region, line->why) : "";
    if (entry.why)
        add_entry(list, &entry);
}

void exempt_read_text(struct exempt_list *list, const char *file, const char *text, size_t n)
{
    const char *end = text + n;
    struct line line = {.file = file};

    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    /* A file of another kind has an error in each line. Reporting millions of them would take half a minute. */
    while (text < end && list->problems->errors < PROBLEMS_MAX) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            stop = end;
        line.number++;
        if (copy_line(list, &line, text, (size_t)(stop - text)))
            take_line(list, &line);
        text = stop + 1;
    }
}

/* ---- section exempt ---- */

/* The entries of the policy file itself. */
static void add_inline(struct reading *rd, struct exempt_list *list, unsigned block, size_t which)
{
    const char *base = (const char *)&rd->settings->exempt;
    const char *const *patterns = *(const char *const *const *)(const void *)(base + kinds[which].offset);

    for (unsigned i = 0; patterns[i]; i++) {
        struct exemption entry = {
            .kind = kinds[which].kind, .pattern = patterns[i], .file = rd->settings->file, .why = ""};

        list->line = fields_value_line(rd, block, kinds[which].name, i);
        if (block != NO_BLOCK && scan_find(&rd->scan, block, kinds[which].name)) /* otherwise they are the defaults */
            entry.file = problems_file(&rd->problems, list->line, &entry.line)->name;
        add_entry(list, &entry);
    }
}

static void add_file(struct reading *rd, struct exempt_list *list, const char *path)
{
    char error[FILE_ERROR_SIZE];
    struct file_text file;

    if (!file_read(path, EXEMPT_FILE_MAX, &file, error)) {
        bool missing = access(path, F_OK) != 0 && errno == ENOENT;

        if (!missing || !rd->early)
            problems_error(&rd->problems, list->line, "files: %s: %s%s", path, error,
                           missing ? " (an empty file will do; heloctl exempt add creates it)" : "");
        return;
    }
    exempt_read_text(list, path, file.text, file.n);
    free(file.text);
}

void exempt_read(struct reading *rd)
{
    struct exempt_settings *exempt = &rd->settings->exempt;
    struct exempt_list list = {.region = rd->region,
                               .problems = &rd->problems,
                               .sets = exempt,
                               .names = rd->settings->name_data,
                               .scratch = region_new(SCRATCH_MAX),
                               .now = clock_wall()};
    unsigned block = fields_block(rd, SECTION_EXEMPT, 0, NULL);

    exempt->clients = network_set_new();
    exempt->rdns = suffix_set_new();
    exempt->helo = suffix_set_new();
    if (!exempt->clients || !exempt->rdns || !exempt->helo || !list.scratch) {
        problems_error(&rd->problems, 0, "no memory for section exempt");
        region_free(list.scratch);
        return;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        add_inline(rd, &list, block, i);
    for (unsigned i = 0; exempt->files[i]; i++) {
        list.line = fields_value_line(rd, block, "files", i);
        add_file(rd, &list, exempt->files[i]);
    }
    region_free(list.scratch);
}
