/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listing: a record as text for people and as JSON for programs.
 */
#ifndef HELOD_HISTORY_LISTING_H
#define HELOD_HISTORY_LISTING_H

#include "store.h"
#include "text.h"

enum { LISTING_SIZE = 65536 };

/* `asked` is what the person typed, `key` the store's key for it. */
struct listing {
    const char *asked, *key;
    enum store_subject subject;
    enum history_form form;
};

void listing_record(const struct listing *l, const struct store_record *record, struct text *t);
void listing_forgotten(const struct listing *l, bool found, struct text *t);
void listing_trouble(const struct listing *l, const char *what, struct text *t);

#endif
