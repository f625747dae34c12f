/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exempt: the entries of section exempt and of the files it names, in one list and three sets. Promises that an entry
 * that could exempt half the world by accident is at least warned of, and one that has run out exempts nobody.
 */
#include "exempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "files.h"
#include "reading.h"

static void complain(struct exempt_list *list, bool is_error, const struct exemption *entry, const char *what)
{
    char text[256];

    snprintf(text, sizeof(text), "\"%.80s\" %s", entry->pattern, what);
    problems_elsewhere(list->problems, is_error, list->line, entry->where, text);
}

static bool grow(struct exempt_list *list)
{
    size_t room = list->room ? list->room * 2 : 64;
    struct exemption *larger = region_alloc(list->region, room * sizeof(*larger));

    if (!larger)
        return false;
    if (list->count > 0)
        memcpy(larger, list->entries, list->count * sizeof(*larger));
    list->entries = larger;
    list->room = room;
    return true;
}

/* 1 to 63 bytes a label: what can be a name at all. */
static bool is_pattern(const char *pattern)
{
    size_t n = strlen(pattern);
    const char *label = pattern + (pattern[0] == '.');

    if (n == 0 || n > 254 || pattern[strspn(pattern, "abcdefghijklmnopqrstuvwxyz0123456789.-_")] != '\0')
        return false;
    while (label) {
        size_t size = strcspn(label, ".");
        if (size == 0 || size > 63)
            return false;
        label = label[size] == '.' ? label + size + 1 : NULL;
    }
    return true;
}

static bool add_client(struct exempt_list *list, const struct exemption *entry, int32_t number)
{
    struct network net;

    if (!network_parse(&net, entry->pattern, strlen(entry->pattern))) {
        complain(list, true, entry, "is no network, expected ADDRESS or ADDRESS/BITS");
        return false;
    }
    if (net.bits == 0)
        complain(list, false, entry, "exempts everybody");
    return network_set_add(list->sets->clients, &net, number);
}

static bool add_name(struct exempt_list *list, struct suffix_set *set, const struct exemption *entry, int32_t number)
{
    if (!is_pattern(entry->pattern)) {
        complain(list, true, entry, "is no host name, expected NAME, or .NAME for all below it too");
        return false;
    }
    if (entry->pattern[0] == '.' && !strchr(entry->pattern + 1, '.'))
        complain(list, false, entry, "exempts all of a top-level domain");
    return suffix_set_add(set, entry->pattern, number);
}

void exempt_add(struct exempt_list *list, const struct exemption *entry)
{
    struct exemption kept = *entry;
    char *pattern = region_strdup(list->region, entry->pattern);
    int32_t number = (int32_t)list->count;
    bool added;

    for (char *c = pattern; c && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    kept.pattern = pattern;
    if (!pattern || list->count >= EXEMPTIONS_MAX || (list->count == list->room && !grow(list))) {
        complain(list, true, entry, "is one exemption too many");
        return;
    }
    if (kept.until != 0 && kept.until <= list->now) {
        complain(list, false, entry, "has run out and counts no longer");
        return;
    }
    if (kept.kind == EXEMPT_CLIENT)
        added = add_client(list, &kept, number);
    else
        added = add_name(list, kept.kind == EXEMPT_RDNS ? list->sets->rdns : list->sets->helo, &kept, number);
    if (added)
        list->entries[list->count++] = kept;
}

static void add_inline(struct reading *rd, struct exempt_list *list, enum exempt_kind kind, const char *name,
                       const char *const *patterns)
{
    unsigned block = reading_block(rd, SECTION_EXEMPT, 0, NULL);

    for (unsigned i = 0; patterns[i]; i++) {
        struct exemption entry = { .kind = kind, .pattern = patterns[i], .why = "" };
        list->line = reading_value_line(rd, block, name, i);
        entry.where = list->line ? region_printf(rd->region, "%s:%u", rd->problems.file, list->line) : "default";
        if (entry.where)
            exempt_add(list, &entry);
    }
}

static void add_file(struct reading *rd, struct exempt_list *list, const char *path)
{
    struct file_text file;
    char error[FILE_ERROR_SIZE];

    if (!file_read(path, EXEMPT_FILE_MAX, &file, error)) {
        problems_error(&rd->problems, list->line, "files: %s: %s", path, error);
        return;
    }
    exempt_read_text(list, path, file.text, file.n);
    free(file.text);
}

void reading_exempt(struct reading *rd)
{
    struct exempt_settings *exempt = &rd->settings->exempt;
    struct exempt_list list = { .region = rd->region, .problems = &rd->problems, .sets = exempt, .now = clock_wall() };
    unsigned block = reading_block(rd, SECTION_EXEMPT, 0, NULL);

    exempt->clients = network_set_new();
    exempt->rdns = suffix_set_new();
    exempt->helo = suffix_set_new();
    if (!exempt->clients || !exempt->rdns || !exempt->helo) {
        problems_error(&rd->problems, 0, "no memory for section exempt");
        return;
    }
    add_inline(rd, &list, EXEMPT_CLIENT, "clients", exempt->client_list);
    add_inline(rd, &list, EXEMPT_RDNS, "rdns", exempt->rdns_list);
    add_inline(rd, &list, EXEMPT_HELO, "helo", exempt->helo_list);
    for (unsigned i = 0; exempt->files[i]; i++) {
        list.line = reading_value_line(rd, block, "files", i);
        add_file(rd, &list, exempt->files[i]);
    }
    exempt->entries = list.entries;
    exempt->count = list.count;
}
