/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listing: prints a record of the store from one table of lists. Names from strangers are written with text_add_as() or
 * as JSON.
 */
#include "listing.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "json.h"

static const struct {
    const char *key, *title;
    enum store_subject subject;
} lists[STORE_KINDS] = {
    [STORE_VERIFIED] = {"verified", "verified as", STORE_NETWORK},
    [STORE_DOMAINS] = {"domains", "unverified domains", STORE_NETWORK},
    [STORE_NAMES] = {"names", "unverified names", STORE_NETWORK},
    [STORE_NETWORKS] = {"networks", "came unverified from", STORE_NAME},
};

/* One text, in one of the two forms. */
struct page {
    FILE *out;
    struct json json;
};

static void plain(const struct page *p, const char *foreign)
{
    char room[STORE_KEY_SIZE];
    struct text t;

    text_init(&t, room, sizeof(room));
    text_add_as(&t, TEXT_PLAIN, foreign, SIZE_MAX);
    fputs(room, p->out);
}

static void json_time(struct page *p, const char *name, uint32_t when)
{
    char room[CLOCK_TEXT_SIZE];

    json_text(&p->json, name, clock_text((time_t)when, room));
}

static void json_list(struct page *p, enum store_kind kind, const struct store_list *list)
{
    struct json *j = &p->json;

    json_open(j, lists[kind].key, '{');
    json_number(j, "count", list->total);
    json_bool(j, "at_least", list->at_least);
    json_open(j, "seen", '[');
    for (const struct store_listed *item = list->items; item < list->items + list->count; item++) {
        json_open(j, NULL, '{');
        json_text(j, "name", item->text);
        if (kind == STORE_VERIFIED) {
            json_number(j, "greetings", item->count);
            json_time(p, "first", item->first);
        }
        json_time(p, "last", item->seen);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

static void plain_list(const struct page *p, enum store_kind kind, const struct store_list *list)
{
    char room[CLOCK_TEXT_SIZE];

    if (list->total == 0)
        return;
    fprintf(p->out, "%s: %u%s\n", lists[kind].title, list->total, list->at_least ? " or more" : "");
    for (const struct store_listed *item = list->items; item < list->items + list->count; item++) {
        fputs("  ", p->out);
        plain(p, item->text);
        if (kind == STORE_VERIFIED)
            fprintf(p->out, "  %u greetings, first %s,", item->count, clock_text((time_t)item->first, room));
        fprintf(p->out, "  last %s\n", clock_text((time_t)item->seen, room));
    }
}

static void subject(struct page *p, const struct listing *l)
{
    const char *what = l->subject == STORE_NETWORK ? "network" : "name", *hash = l->key[0] == '#' ? l->key : NULL;
    const char *name = hash != NULL ? l->asked : l->key;

    if (l->form == HISTORY_JSON) {
        json_text(&p->json, what, name);
        if (hash != NULL)
            json_text(&p->json, "hash", hash);
        return;
    }
    fprintf(p->out, "%s ", what);
    plain(p, name);
    if (hash != NULL)
        fprintf(p->out, " (kept as %s)", hash);
}

static void json_record(struct page *p, const struct listing *l)
{
    const struct store_record *record = &l->record;

    json_bool(&p->json, "known", record->found);
    if (!record->found)
        return;
    json_time(p, "first", record->first);
    json_time(p, "last", record->last);
    if (l->subject == STORE_NETWORK) {
        json_number(&p->json, "misfits", record->misfits);
        json_number(&p->json, "misfit_days", record->misfit_days);
    }
    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++)
        if (lists[kind].subject == l->subject)
            json_list(p, kind, &record->lists[kind]);
}

static void plain_record(const struct page *p, const struct store_record *record)
{
    char first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];

    if (!record->found) {
        fputs(": nothing is known\n", p->out);
        return;
    }
    fprintf(p->out, ": first seen %s, last %s\n", clock_text((time_t)record->first, first),
            clock_text((time_t)record->last, last));
    if (record->misfits > 0)
        fprintf(p->out, "unverified since its last verified greeting: %u times or more, on %u days\n", record->misfits,
                record->misfit_days);
    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++)
        plain_list(p, kind, &record->lists[kind]);
}

static void fill(struct page *p, const struct listing *l)
{
    bool json = l->form == HISTORY_JSON;

    if (l->trouble != NULL) {
        if (json)
            json_text(&p->json, "error", l->trouble);
        else
            fprintf(p->out, "%s\n", l->trouble);
        return;
    }
    subject(p, l);
    if (l->forget && json)
        json_bool(&p->json, "forgotten", l->record.found);
    else if (l->forget)
        fputs(l->record.found ? ": forgotten\n" : ": nothing was known\n", p->out);
    else if (json)
        json_record(p, l);
    else
        plain_record(p, &l->record);
}

char *listing_text(const struct listing *l)
{
    char *text = NULL;
    size_t n = 0;
    struct page p = {.out = open_memstream(&text, &n)};

    if (p.out == NULL)
        return NULL;
    json_init(&p.json, p.out);
    if (l->form == HISTORY_JSON)
        json_open(&p.json, NULL, '{');
    fill(&p, l);
    if (l->form == HISTORY_JSON) {
        json_close(&p.json, '}');
        json_end(&p.json);
    }
    if (fclose(p.out) == 0)
        return text;
    free(text);
    return NULL;
}
