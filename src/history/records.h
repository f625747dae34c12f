/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records: what the memory store holds. memory.c fills and reads them, and snapshot.c converts them to bytes and back.
 */
#ifndef HELOD_HISTORY_RECORDS_H
#define HELOD_HISTORY_RECORDS_H

#include "distinct.h"
#include "store.h"
#include "table.h"

enum { RECORD_IDENTITIES_MAX = 8 };

/* A domain that a network was verified for; newest first. */
struct identity {
    struct identity *next;
    uint32_t first, last, count;
    char domain[];
};

enum { RECORD_DOMAINS, RECORD_NAMES, RECORD_MISFITS, RECORD_SETS, RECORD_NETWORKS = RECORD_DOMAINS };

/* Maximum number of misfits recorded per day, so that a busy day does not evict the days before. */
enum { MISFITS_A_DAY = 5 };

/*
 * A network's record has its unverified domains and names, and its misfits (unverified greetings) since the last
 * verified greeting, as "DAY/NUMBER". A name's record has the neighbourhoods that used it, a policy's record those
 * whose clients used encryption.
 */
struct record {
    struct table_entry entry; /* first */
    uint32_t first, last;
    struct distinct *sets[RECORD_SETS];
    struct identity *identities;
    char key[];
};

struct records {
    struct table *tables[STORE_SUBJECTS];
    struct record *last[STORE_SUBJECTS]; /* that was found, since a client is queried and then noted; or NULL */
    uint32_t window;                     /* seconds */
    uint64_t changes;
};

/* NULL: no memory or no randomness. `bytes` is the limit for everything together. */
struct records *records_new(size_t entries, uint64_t bytes, uint32_t window);
void records_free(struct records *m);
void records_clear(struct records *m);
struct distinct_window records_window(const struct records *m);
/* An empty record under the key, most recently used; NULL: no memory. Call records_changed() after each change. */
struct record *records_add(struct records *m, enum store_subject subject, const char *key);
void records_changed(struct records *m, enum store_subject subject, struct record *r);
/* NULL if there is none, or none that changed within the window: such a record has no valid data left. */
struct record *records_find(struct records *m, enum store_subject subject, const char *key,
                            const struct distinct_window *w);
/* Finds or creates the record and makes it the most recently used. A stale record is reset. NULL: no memory. */
struct record *records_touch(struct records *m, enum store_subject subject, const char *key,
                             const struct distinct_window *w);

/* The record's identity of this domain; NULL if there is none in the window. */
struct identity *records_identity(const struct record *r, const char *domain, const struct distinct_window *w);
/* Adds one in front. If there are too many, one is dropped. */
bool records_add_identity(struct record *r, const char *domain, uint32_t first, uint32_t last);
/* Returns whether there were any. */
bool records_drop_stale_identities(struct record *r, const struct distinct_window *w);

#endif
