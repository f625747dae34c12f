/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listing: prints a record of the store as text or JSON, from one table of lists. Names from strangers are written with
 * text_add_as().
 */
#include "listing.h"

#include <time.h>

static const struct {
    const char *key, *title;
    enum store_subject subject;
} lists[STORE_KINDS] = {
    [STORE_VERIFIED] = {"verified", "verified as", STORE_NETWORK},
    [STORE_DOMAINS] = {"domains", "unverified domains", STORE_NETWORK},
    [STORE_NAMES] = {"names", "unverified names", STORE_NETWORK},
    [STORE_NETWORKS] = {"networks", "came unverified from", STORE_NAME},
};

static void add_time(struct text *t, uint32_t when)
{
    time_t seconds = (time_t)when;
    struct tm tm;
    char out[32] = "";

    if (gmtime_r(&seconds, &tm) != NULL)
        strftime(out, sizeof(out), "%Y-%m-%dT%H:%M:%SZ", &tm);
    text_add(t, out);
}

static void json_text(struct text *t, const char *key, const char *value)
{
    text_addf(t, "\"%s\":\"", key);
    text_add_as(t, TEXT_JSON, value, SIZE_MAX);
    text_add(t, "\"");
}

static void json_time(struct text *t, const char *key, uint32_t when)
{
    text_addf(t, ",\"%s\":\"", key);
    add_time(t, when);
    text_add(t, "\"");
}

static void json_list(struct text *t, enum store_kind kind, const struct store_list *list)
{
    text_addf(t, ",\"%s\":{\"count\":%u,\"at_least\":%s,\"seen\":[", lists[kind].key, list->total,
              list->at_least ? "true" : "false");
    for (unsigned i = 0; i < list->count; i++) {
        const struct store_listed *item = &list->items[i];

        text_add(t, i > 0 ? ",{" : "{");
        json_text(t, "name", item->text);
        if (kind == STORE_VERIFIED) {
            text_addf(t, ",\"greetings\":%u", (unsigned)item->count);
            json_time(t, "first", item->first);
        }
        json_time(t, "last", item->seen);
        text_add(t, "}");
    }
    text_add(t, "]}");
}

static void plain_list(struct text *t, enum store_kind kind, const struct store_list *list)
{
    if (list->total == 0)
        return;
    text_addf(t, "%s: %u%s\n", lists[kind].title, list->total, list->at_least ? " or more" : "");
    for (unsigned i = 0; i < list->count; i++) {
        const struct store_listed *item = &list->items[i];

        text_add(t, "  ");
        text_add_as(t, TEXT_PLAIN, item->text, SIZE_MAX);
        if (kind == STORE_VERIFIED) {
            text_addf(t, "  %u greetings, first ", (unsigned)item->count);
            add_time(t, item->first);
            text_add(t, ",");
        }
        text_add(t, "  last ");
        add_time(t, item->seen);
        text_add(t, "\n");
    }
}

static void subject(const struct listing *l, struct text *t)
{
    if (l->form == HISTORY_JSON) {
        text_add(t, "{");
        json_text(t, l->subject == STORE_NETWORK ? "network" : "name", l->key[0] == '#' ? l->asked : l->key);
        if (l->key[0] == '#') {
            text_add(t, ",");
            json_text(t, "hash", l->key);
        }
        return;
    }
    text_add(t, l->subject == STORE_NETWORK ? "network " : "name ");
    text_add_as(t, TEXT_PLAIN, l->key[0] == '#' ? l->asked : l->key, SIZE_MAX);
    if (l->key[0] == '#')
        text_addf(t, " (kept as %s)", l->key);
}

void listing_record(const struct listing *l, const struct store_record *record, struct text *t)
{
    bool json = l->form == HISTORY_JSON;

    subject(l, t);
    if (!record->found) {
        text_add(t, json ? ",\"known\":false}\n" : ": nothing is known\n");
        return;
    }
    if (json) {
        text_add(t, ",\"known\":true");
        json_time(t, "first", record->first);
        json_time(t, "last", record->last);
        if (l->subject == STORE_NETWORK)
            text_addf(t, ",\"misfits\":%u,\"misfit_days\":%u", record->misfits, record->misfit_days);
    } else {
        text_add(t, ": first seen ");
        add_time(t, record->first);
        text_add(t, ", last ");
        add_time(t, record->last);
        text_add(t, "\n");
        if (record->misfits > 0)
            text_addf(t, "unverified since its last verified greeting: %u times or more, on %u days\n", record->misfits,
                      record->misfit_days);
    }
    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++) {
        if (lists[kind].subject == l->subject && json)
            json_list(t, kind, &record->lists[kind]);
        else if (lists[kind].subject == l->subject)
            plain_list(t, kind, &record->lists[kind]);
    }
    if (json)
        text_add(t, "}\n");
}

void listing_forgotten(const struct listing *l, bool found, struct text *t)
{
    subject(l, t);
    if (l->form == HISTORY_JSON)
        text_addf(t, ",\"forgotten\":%s}\n", found ? "true" : "false");
    else
        text_add(t, found ? ": forgotten\n" : ": nothing was known\n");
}

void listing_trouble(const struct listing *l, const char *what, struct text *t)
{
    if (l->form != HISTORY_JSON) {
        text_addf(t, "%s\n", what);
        return;
    }
    text_add(t, "{");
    json_text(t, "error", what);
    text_add(t, "}\n");
}
