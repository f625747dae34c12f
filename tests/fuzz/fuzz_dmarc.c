/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_dmarc: a DMARC aggregate report. However it is cut into pieces the same records come out, each with a valid
 * source, a count and bounded texts. Past an error, where the last piece decides how much came before, fewer may.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "dmarc.h"
#include "fuzz.h"

#ifdef HAVE_EXPAT

struct seen {
    unsigned long long records, messages;
    size_t bytes;
};

static bool note(void *arg, const struct dmarc_record *record)
{
    struct seen *seen = arg;

    if (record->source.family == ADDRESS_NONE || record->count == 0 || strlen(record->helo) > 255 ||
        strlen(record->header_from) > 255)
        abort();
    seen->records++;
    seen->messages += record->count;
    seen->bytes += strlen(record->helo) + strlen(record->header_from);
    return true;
}

static bool want(void *arg, const struct dmarc_identity *identity)
{
    (void)arg;
    return identity->id[0] != 'x';
}

static const struct dmarc_handler handler = {want, note, NULL};

static bool run(const uint8_t *bytes, size_t size, size_t step, struct seen *seen)
{
    struct dmarc_reader *reader = dmarc_reader_new(&handler, seen);
    bool good = true;

    if (!reader)
        return false;
    for (size_t at = 0; good && at < size; at += step)
        good = dmarc_reader_feed(reader, bytes + at, size - at < step ? size - at : step, false);
    good = good && dmarc_reader_feed(reader, "", 0, true);
    if (!good != (dmarc_reader_error(reader) != NULL))
        abort();
    dmarc_reader_free(reader);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct seen whole = {.records = 0}, pieces = {.records = 0};
    bool good = run(bytes, size, size + 1, &whole);

    if (run(bytes, size, 7, &pieces) != good)
        abort();
    if (good && (whole.records != pieces.records || whole.messages != pieces.messages || whole.bytes != pieces.bytes))
        abort();
    return 0;
}

#else

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return 0;
}

#endif
