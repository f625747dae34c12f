/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listing: a record as text for people and as JSON for programs.
 */
#ifndef HELOD_HISTORY_LISTING_H
#define HELOD_HISTORY_LISTING_H

#include "store.h"

struct listing {
    const char *asked;        /* what the person typed */
    const char *trouble;      /* why there is no record; NULL: there is one */
    char key[STORE_KEY_SIZE]; /* the store's key for it */
    enum store_subject subject;
    enum history_form form;
    bool forget; /* the record was removed if there was any */
    struct store_record record;
};

/* The caller frees the text. NULL: no memory. */
char *listing_text(const struct listing *l);

#endif
