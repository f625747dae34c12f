/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: the records of the memory store and their snapshot. memory.c holds the records, snapshot.c converts them to
 * bytes and back, and saver.c decides when to save them.
 */
#ifndef HELOD_HISTORY_MEMORY_H
#define HELOD_HISTORY_MEMORY_H

#include <stdio.h>

#include "distinct.h"
#include "store.h"
#include "table.h"

enum { MEMORY_IDENTITIES_MAX = 8 };

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

struct memory {
    struct table *tables[STORE_SUBJECTS];
    uint32_t window; /* seconds */
    uint64_t changes;
};

/* NULL: no memory or no randomness. `bytes` is the limit for everything together. */
struct memory *memory_new(size_t entries, uint64_t bytes, uint32_t window);
void memory_free(struct memory *m);
void memory_clear(struct memory *m);
struct distinct_window memory_window(const struct memory *m);
/* An empty record under the key, most recently used; NULL: no memory. Call memory_changed() after each change. */
struct record *memory_add(struct memory *m, enum store_subject subject, const char *key);
void memory_changed(struct memory *m, enum store_subject subject, struct record *r);
bool memory_add_identity(struct record *r, const char *domain, uint32_t first, uint32_t last);

/* Writes all records; false when the stream failed. */
bool snapshot_write(const struct memory *m, FILE *out);
/* Reads into an empty memory. Returns NULL, or an error text; then the memory is empty again. */
const char *snapshot_read(struct memory *m, const uint8_t *bytes, size_t n);
/* The checksum that ends a snapshot of these bytes. */
uint64_t snapshot_checksum(uint64_t so_far, const uint8_t *bytes, size_t n);
enum { SNAPSHOT_CHECKSUM_SIZE = 8 };

/* When and where the memory is saved. */
struct saver;
struct saver *saver_new(struct memory *m, const struct store_context *context);
void saver_free(struct saver *s); /* does not save */
/* Saves now, and waits until it is done. */
bool saver_save(struct saver *s, char *error, size_t error_size);

#endif
