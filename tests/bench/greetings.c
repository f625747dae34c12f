/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * greetings: generated clients, and clients from a table.
 *
 * An address is written into its names as six syllables that sound like a word instead of as numbers, so these names
 * resemble those that people choose. The first letter of the domain says which kind of client it is.
 */
#include "greetings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYLLABLES = 6, COLUMNS = 5, LINE_SIZE = 4096 };

const char *const population_names[POPULATION_COUNT] = {"clean", "judged", "strangers"};

/* What DNS and Postfix say about a kind of client. The number of the row is the letter in its name. */
static const struct kind {
    const char *helo, *reverse; /* formats with the word; "" for none */
    bool confirmed;             /* Postfix sends client_name */
    bool helo_has_address, reverse_has_address;
} kinds[] = {
    {"mail.a%s.net", "mail.a%s.net", true, true, true},  /* clean */
    {"mail.b%s.net", "out.b%s.net", true, true, true},   /* judged: the name of a pool */
    {"mail.c%s.net", "", false, true, false},            /* no reverse name */
    {"d%s.local", "dsl-77.d%s.net", false, false, true}, /* a dynamic address */
    {"mail.e%s.net", "mail.e%s.net", false, true, true}, /* confirmed only by looking at all PTR names */
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), KIND_CLEAN = 0, KIND_JUDGED = 1 };

/* A bijection of 32 bits, so that neighbouring numbers get unlike names and networks. */
static uint32_t scatter(uint32_t x)
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/* A public address from 20.0.0.0 to 99.255.255.255, with the kind in its lowest bits. */
static uint32_t address_of(uint32_t number, unsigned kind)
{
    uint32_t wide = scatter(number) % (80u << 21);

    return (20u << 24) + wide * 8 + kind;
}

static unsigned kind_of(uint32_t address)
{
    return address & 7;
}

static void word_of(uint32_t address, char out[2 * SYLLABLES + 1])
{
    static const char consonants[] = "bdfgklmnprstvwhj", vowels[] = "aeio";

    for (unsigned i = 0; i < SYLLABLES; i++, address >>= 6) {
        out[2 * i] = consonants[address & 15];
        out[2 * i + 1] = vowels[address >> 4 & 3];
    }
    out[2 * SYLLABLES] = '\0';
}

static bool word_read(const char *s, uint32_t *address)
{
    static const char consonants[] = "bdfgklmnprstvwhj", vowels[] = "aeio";
    uint64_t value = 0;

    for (unsigned i = 0; i < SYLLABLES; i++) {
        const char *c = s[2 * i] ? strchr(consonants, s[2 * i]) : NULL;
        const char *v = c && s[2 * i + 1] ? strchr(vowels, s[2 * i + 1]) : NULL;

        if (!v)
            return false;
        value |= (uint64_t)((unsigned)(c - consonants) | (unsigned)(v - vowels) << 4) << (6 * i);
    }
    *address = (uint32_t)value;
    return true;
}

/* Puts the word into a format of the table. */
static void fill(char out[GREETING_TEXT], const char *format, const char *word)
{
    const char *at = strstr(format, "%s");

    if (at)
        snprintf(out, GREETING_TEXT, "%.*s%s%s", (int)(at - format), format, word, at + 2);
    else
        snprintf(out, GREETING_TEXT, "%s", format);
}

void greeting_make(struct greeting *out, enum population population, uint32_t number)
{
    unsigned kind = population == POPULATION_STRANGERS ? 1 + number % (KINDS - 1)
                    : population == POPULATION_JUDGED  ? KIND_JUDGED
                                                       : KIND_CLEAN;
    uint32_t a = address_of(number, kind);
    char word[2 * SYLLABLES + 1];

    word_of(a, word);
    snprintf(out->client, sizeof(out->client), "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
    fill(out->helo, kinds[kind].helo, word);
    fill(out->reverse_name, kinds[kind].reverse[0] ? kinds[kind].reverse : "unknown", word);
    fill(out->client_name, kinds[kind].confirmed ? kinds[kind].reverse : "unknown", word);
}

void greeting_reverse_of(uint32_t address, char out[GREETING_TEXT])
{
    char word[2 * SYLLABLES + 1];

    out[0] = '\0';
    if (kind_of(address) >= KINDS)
        return;
    word_of(address, word);
    fill(out, kinds[kind_of(address)].reverse, word);
}

/* The name must be HOST.KWORD.net as a whole. */
bool greeting_address_of(const char *name, size_t n, uint32_t *address)
{
    char whole[GREETING_TEXT], helo[GREETING_TEXT], reverse[GREETING_TEXT], word[2 * SYLLABLES + 1];
    const char *label = memchr(name, '.', n);
    const struct kind *kind;

    if (!label || n >= sizeof(whole) || (size_t)(name + n - label) < 2 + 2 * SYLLABLES)
        return false;
    if (label[1] < 'a' || label[1] >= 'a' + KINDS || !word_read(label + 2, address))
        return false;
    kind = &kinds[label[1] - 'a'];
    memcpy(whole, name, n);
    whole[n] = '\0';
    word_of(*address, word);
    fill(helo, kind->helo, word);
    fill(reverse, kind->reverse, word);
    return (kind->helo_has_address && strcmp(whole, helo) == 0) ||
           (kind->reverse_has_address && strcmp(whole, reverse) == 0);
}

/* Cuts a line at its tabs. */
static unsigned split(char *line, char *fields[], unsigned max)
{
    unsigned n = 0;

    line[strcspn(line, "\r\n")] = '\0';
    while (n < max && line != NULL)
        fields[n++] = strsep(&line, "\t");
    return n;
}

static void take_row(struct greeting *g, char *fields[], const int columns[COLUMNS])
{
    const char *rdns = fields[columns[1]];
    const char *reverse = rdns[0] != '\0' && strcmp(rdns, "-") != 0 ? rdns : "unknown";
    bool confirmed = columns[3] < 0 || strcmp(fields[columns[3]], "pass") == 0;

    snprintf(g->client, sizeof(g->client), "%s", fields[columns[0]]);
    snprintf(g->reverse_name, sizeof(g->reverse_name), "%s", reverse);
    snprintf(g->client_name, sizeof(g->client_name), "%s", confirmed ? reverse : "unknown");
    snprintf(g->helo, sizeof(g->helo), "%s", fields[columns[2]]);
    snprintf(g->want, sizeof(g->want), "%s", columns[4] >= 0 ? fields[columns[4]] : "");
}

struct greeting *greetings_read(const char *file, size_t *count)
{
    enum { FIELDS = 32 };
    static const char *const wanted[COLUMNS] = {"ip", "rdns", "helo", "fcrdns", "want"};
    int columns[COLUMNS] = {-1, -1, -1, -1, -1};
    char line[LINE_SIZE], *fields[FIELDS];
    FILE *in = fopen(file, "r");
    struct greeting *all = NULL;
    size_t used = 0, room = 0;
    unsigned n;

    if (in == NULL || fgets(line, sizeof(line), in) == NULL) {
        perror(file);
        goto done;
    }
    n = split(line, fields, FIELDS);
    for (unsigned i = 0; i < n; i++)
        for (unsigned w = 0; w < COLUMNS; w++)
            if (strcmp(fields[i], wanted[w]) == 0)
                columns[w] = (int)i;
    if (columns[0] < 0 || columns[1] < 0 || columns[2] < 0) {
        fprintf(stderr, "%s: the first line must name the columns ip, rdns and helo\n", file);
        goto done;
    }
    while (fgets(line, sizeof(line), in) != NULL) {
        if (split(line, fields, FIELDS) != n)
            continue;
        if (used == room) {
            struct greeting *more = realloc(all, (room = room * 2 + 1024) * sizeof(*all));

            if (more == NULL)
                abort();
            all = more;
        }
        take_row(&all[used++], fields, columns);
    }
done:
    if (in != NULL)
        fclose(in);
    *count = used;
    return all;
}
