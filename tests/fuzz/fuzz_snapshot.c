/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_snapshot: bytes as a snapshot of the history, once as they are and once under a checksum that fits, so that the
 * records are reached. What is read keeps the store's bounds, can be written, and reads back.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fuzz.h"
#include "snapshot.h"

enum { NOW = 1767225600, WINDOW = 7 * 86400, ENTRIES = 50, BYTES = 65536 };

static void check(bool kept)
{
    if (!kept)
        abort();
}

static void write_again(const struct records *m)
{
    struct records *again = records_new(ENTRIES, BYTES, WINDOW);
    char *bytes = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&bytes, &n);

    check(again != NULL && out != NULL && snapshot_write(m, out));
    fclose(out);
    check(snapshot_read(again, (const uint8_t *)bytes, n) == NULL);
    check(table_count(again->tables[STORE_NETWORK]) <= table_count(m->tables[STORE_NETWORK]));
    free(bytes);
    records_free(again);
}

static void read_one(const uint8_t *data, size_t size)
{
    struct records *m = records_new(ENTRIES, BYTES, WINDOW);
    const char *wrong;

    check(m != NULL);
    wrong = snapshot_read(m, data, size);
    check(table_count(m->tables[STORE_NETWORK]) <= ENTRIES && table_count(m->tables[STORE_NAME]) <= ENTRIES);
    check(wrong == NULL || table_count(m->tables[STORE_NETWORK]) + table_count(m->tables[STORE_NAME]) == 0);
    if (wrong == NULL)
        write_again(m);
    records_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *whole = malloc(size + SNAPSHOT_CHECKSUM_SIZE);
    uint64_t sum = snapshot_checksum(0, data, size);

    if (whole == NULL)
        return 0;
    clock_freeze(NOW, 1000);
    read_one(data, size);
    if (size > 0)
        memcpy(whole, data, size);
    for (unsigned i = 0; i < SNAPSHOT_CHECKSUM_SIZE; i++)
        whole[size + i] = (uint8_t)(sum >> (56 - 8 * i));
    read_one(whole, size + SNAPSHOT_CHECKSUM_SIZE);
    free(whole);
    return 0;
}
