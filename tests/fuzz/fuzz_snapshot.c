/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_snapshot: bytes as a snapshot of the history, once unchanged and once as its records, between the header that
 * this version writes and the right checksum. So the records are reached whatever the version of the format. What is
 * read keeps the store's bounds, can be written, and is read back.
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

static bool read_one(const uint8_t *data, size_t size)
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
    return wrong == NULL;
}

/* The bytes of an empty snapshot without its end: the tag (1) and the checksum. They are written once for all runs. */
static size_t header(const char **out)
{
    static char *bytes;
    static size_t n;
    struct records *m = bytes == NULL ? records_new(ENTRIES, BYTES, WINDOW) : NULL;
    FILE *empty = m == NULL ? NULL : open_memstream(&bytes, &n);

    if (empty != NULL) {
        check(snapshot_write(m, empty) && fclose(empty) == 0 && n > 1 + SNAPSHOT_CHECKSUM_SIZE);
        records_free(m);
        n -= 1 + SNAPSHOT_CHECKSUM_SIZE;
    }
    check(bytes != NULL);
    *out = bytes;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *start;
    uint8_t *whole;
    uint64_t sum;
    size_t n;

    clock_freeze(NOW, 1000);
    read_one(data, size);
    n = header(&start);
    whole = malloc(n + size + SNAPSHOT_CHECKSUM_SIZE);
    if (whole == NULL)
        return 0;
    memcpy(whole, start, n);
    if (size > 0)
        memcpy(whole + n, data, size);
    n += size;
    sum = snapshot_checksum(0, whole, n);
    for (unsigned i = 0; i < SNAPSHOT_CHECKSUM_SIZE; i++)
        whole[n + i] = (uint8_t)(sum >> (56 - 8 * i));
    if (read_one(whole, n + SNAPSHOT_CHECKSUM_SIZE))
        fuzz_accept();
    free(whole);
    return 0;
}
