/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exempt: the entries of section exempt and of its files, collected in one list and three lookup sets. An entry that
 * would exempt very many clients, perhaps by accident, causes a warning. An expired entry exempts nobody.
 */
#include "exempt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "hash.h"
#include "reading.h"

static void complain(struct exempt_list *list, bool is_error, const struct exemption *entry, const char *what)
{
    char text[256], where[EXEMPTION_WHERE_SIZE];

    snprintf(text, sizeof(text), "\"%.80s\" %s", entry->pattern, what);
    problems_elsewhere(list->problems, is_error, list->line, exemption_where(entry, where), text);
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

/* True when each label has 1 to 63 bytes, so that the text can be a name. */
static bool is_pattern(const char *pattern)
{
    const char *at = pattern + (pattern[0] == '.');
    unsigned label = 0;

    for (; *at; at++) {
        if (*at == '.' && label == 0)
            return false;
        if (!((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at == '.' || *at == '-' || *at == '_'))
            return false;
        label = *at == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return label > 0 && at - pattern <= 254;
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
    return network_set_add(list->sets->clients, &net, number);
}

static bool add_name(struct exempt_list *list, struct suffix_set *set, const struct exemption *entry, int32_t number)
{
    if (!is_pattern(entry->pattern)) {
        complain(list, true, entry, "is not a host name, expected NAME, or .NAME for all below it too");
        return false;
    }
    if (entry->pattern[0] == '.' && !strchr(entry->pattern + 1, '.'))
        complain(list, false, entry, "exempts all of a top-level domain");
    return suffix_set_add(set, entry->pattern, number);
}

/* Each entry is hashed together with the digest so far, so that equal digests mean equal lists. */
static uint64_t digest_of(uint64_t before, const struct exemption *entry)
{
    struct hash_key key = {.k0 = before, .k1 = (uint64_t)entry->until * 4 + entry->kind};

    return hash_bytes(&key, entry->pattern, strlen(entry->pattern));
}

void exempt_add(struct exempt_list *list, const struct exemption *entry)
{
    struct exempt_settings *sets = list->sets;
    struct exemption kept = *entry;
    char *pattern = region_strdup(list->region, entry->pattern);
    int32_t number = (int32_t)sets->count;
    bool added;

    for (char *c = pattern; c && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    kept.pattern = pattern;
    if (!pattern || sets->count >= EXEMPTIONS_MAX || (sets->count == list->room && !grow(list))) {
        complain(list, true, entry, "is one exemption too many");
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

/* The lists that the policy file can contain. */
static const struct {
    enum exempt_kind kind;
    const char *name;
    size_t offset;
} lists[] = {
    {EXEMPT_CLIENT, "clients", offsetof(struct exempt_settings, client_list)},
    {EXEMPT_RDNS, "rdns", offsetof(struct exempt_settings, rdns_list)},
    {EXEMPT_HELO, "helo", offsetof(struct exempt_settings, helo_list)},
};

/* The entries of the policy file itself. */
static void add_inline(struct reading *rd, struct exempt_list *list, unsigned block, size_t which)
{
    const char *base = (const char *)&rd->settings->exempt;
    const char *const *patterns = *(const char *const *const *)(const void *)(base + lists[which].offset);

    for (unsigned i = 0; patterns[i]; i++) {
        struct exemption entry = {
            .kind = lists[which].kind, .pattern = patterns[i], .file = rd->settings->file, .why = ""};

        list->line = reading_value_line(rd, block, lists[which].name, i);
        entry.file = problems_file(&rd->problems, list->line, &entry.line)->name;
        exempt_add(list, &entry);
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
    exempt_file_read_text(list, path, file.text, file.n);
    free(file.text);
}

void reading_exempt(struct reading *rd)
{
    struct exempt_settings *exempt = &rd->settings->exempt;
    struct exempt_list list = {.region = rd->region, .problems = &rd->problems, .sets = exempt, .now = clock_wall()};
    unsigned block = reading_block(rd, SECTION_EXEMPT, 0, NULL);

    exempt->clients = network_set_new();
    exempt->rdns = suffix_set_new();
    exempt->helo = suffix_set_new();
    if (!exempt->clients || !exempt->rdns || !exempt->helo) {
        problems_error(&rd->problems, 0, "no memory for section exempt");
        return;
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        add_inline(rd, &list, block, i);
    for (unsigned i = 0; exempt->files[i]; i++) {
        list.line = reading_value_line(rd, block, "files", i);
        add_file(rd, &list, exempt->files[i]);
    }
}
