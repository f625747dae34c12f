/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * distinct: one block of bytes, in one of two forms.
 *
 *     exact    'e', then for each text: time seen (4), length (1), the bytes; oldest first
 *     sketch   's', then REGISTERS times SLOTS times: rank (1), pane (2)
 *
 * The sketch is a HyperLogLog (Flajolet et al.) with a sliding window (Chabchoub and Hebrail): a register keeps, with
 * the pane (a PANES-th of the window) in which it was last seen, the highest rank and the highest one since. Their full
 * list of candidates is cut to SLOTS, which can make an estimate too low after a burst has left the window, never too
 * high: a count that is too low costs no honest mail.
 *
 * Promises never more than DISTINCT_BYTES_MAX, numbers in network order, and that bytes which are no set are refused.
 */
#include "distinct.h"

#include <stdlib.h>
#include <string.h>

#include "cursor.h"

enum {
    HEAD = 5, /* of a text: time and length */
    REGISTERS = 64,
    REGISTER_BITS = 6,
    SLOTS = 2,
    SLOT_SIZE = 3,
    PANES = 64,
    SKETCH_SIZE = 1 + REGISTERS * SLOTS * SLOT_SIZE,
    ALLOCATION_OVERHEAD = 16,
};

struct distinct {
    uint16_t size;
    uint8_t bytes[];
};

struct slot {
    uint8_t rank; /* 0: free */
    uint16_t pane;
};

static bool is_sketch(const struct distinct *set)
{
    return set != NULL && set->bytes[0] == 's';
}

static bool is_live(uint32_t seen, const struct distinct_window *w)
{
    return seen > w->now || w->now - seen < w->length;
}

static uint16_t pane_of(uint32_t seen, const struct distinct_window *w)
{
    uint32_t length = w->length / PANES;

    return (uint16_t)(seen / (length > 0 ? length : 1));
}

static struct slot slot_read(const uint8_t *at, const struct distinct_window *w)
{
    struct slot slot = {at[0], (uint16_t)(at[1] << 8 | at[2])};

    if (slot.rank > 0 && (int16_t)(pane_of(w->now, w) - slot.pane) > PANES)
        slot.rank = 0;
    return slot;
}

static void slot_write(uint8_t *at, struct slot slot)
{
    at[0] = slot.rank;
    at[1] = (uint8_t)(slot.pane >> 8);
    at[2] = (uint8_t)slot.pane;
}

/* What is older and not higher than the new one is dropped; what is higher stays before it. */
static void sketch_add(struct distinct *set, const void *text, size_t n, uint32_t seen, const struct distinct_window *w)
{
    uint64_t hash = hash_bytes(&w->key, text, n);
    uint64_t rest = hash >> REGISTER_BITS | 1ULL << (63 - REGISTER_BITS);
    uint8_t *at = set->bytes + 1 + (hash & (REGISTERS - 1)) * SLOTS * SLOT_SIZE;
    struct slot fresh = {(uint8_t)(__builtin_ctzll(rest) + 1), pane_of(seen, w)};
    struct slot high = slot_read(at, w), since = slot_read(at + SLOT_SIZE, w);

    if (high.rank == 0) {
        high = since;
        since.rank = 0;
    }
    if (fresh.rank >= high.rank) {
        high = fresh;
        since.rank = 0;
    } else if (fresh.rank >= since.rank) {
        since = fresh;
    }
    slot_write(at, high);
    slot_write(at + SLOT_SIZE, since);
}

/* round(64 * ln(64 / free)) for 1..64 free registers: linear counting, better than the harmonic mean while some are. */
static const uint16_t by_free_registers[REGISTERS] = {
    266, 222, 196, 177, 163, 151, 142, 133, 126, 119, 113, 107, 102, 97, 93, 89, 85, 81, 78, 74, 71, 68,
    65,  63,  60,  58,  55,  53,  51,  48,  46,  44,  42,  40,  39,  37, 35, 33, 32, 30, 28, 27, 25, 24,
    23,  21,  20,  18,  17,  16,  15,  13,  12,  11,  10,  9,   7,   6,  5,  4,  3,  2,  1,  0,
};

static unsigned sketch_count(const struct distinct *set, const struct distinct_window *w)
{
    double sum = 0, estimate;
    unsigned unused = 0;

    for (unsigned i = 0; i < REGISTERS; i++) {
        const uint8_t *at = set->bytes + 1 + i * SLOTS * SLOT_SIZE;
        struct slot high = slot_read(at, w), since = slot_read(at + SLOT_SIZE, w);
        unsigned rank = high.rank > since.rank ? high.rank : since.rank;

        unused += rank == 0;
        sum += 1.0 / (double)(1ULL << rank);
    }
    estimate = 0.709 * REGISTERS * REGISTERS / sum;
    if (estimate <= 2.5 * REGISTERS && unused > 0)
        return by_free_registers[unused - 1];
    return estimate > 1e9 ? 1000000000 : (unsigned)(estimate + 0.5);
}

static uint32_t seen_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Texts of the window; `from` is set to the first of them (they stand oldest first). */
static unsigned exact_count(const struct distinct *set, const struct distinct_window *w, size_t *from)
{
    unsigned count = 0;

    *from = set->size;
    for (size_t at = 1; at < set->size; at += HEAD + set->bytes[at + 4]) {
        if (count == 0 && is_live(seen_at(set->bytes + at), w))
            *from = at;
        count += *from != set->size;
    }
    return count;
}

/* Where the text stands; set->size: nowhere. */
static size_t exact_find(const struct distinct *set, const char *text, size_t n)
{
    size_t at = 1;

    while (at < set->size && (set->bytes[at + 4] != n || memcmp(set->bytes + at + HEAD, text, n) != 0))
        at += HEAD + set->bytes[at + 4];
    return at;
}

static void cut(struct distinct *set, size_t from, size_t to)
{
    memmove(set->bytes + from, set->bytes + to, set->size - to);
    set->size = (uint16_t)(set->size - (to - from));
}

static struct distinct *resized(struct distinct *set, size_t size)
{
    struct distinct *larger = realloc(set, sizeof(*larger) + size);

    if (larger != NULL && set == NULL) {
        larger->size = 1;
        larger->bytes[0] = 'e';
    }
    return larger;
}

static void exact_append(struct distinct **set, const char *text, size_t n, uint32_t now)
{
    size_t at = *set == NULL ? 1 : (*set)->size;
    struct distinct *larger = resized(*set, at + HEAD + n);
    uint8_t *to;

    if (larger == NULL)
        return;
    to = larger->bytes + at;
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(now >> (24 - 8 * i));
    to[4] = (uint8_t)n;
    memcpy(to + HEAD, text, n);
    larger->size = (uint16_t)(at + HEAD + n);
    *set = larger;
}

/* False: no memory, the set stays exact. */
static bool become_sketch(struct distinct **set, const struct distinct_window *w)
{
    struct distinct *sketch = calloc(1, sizeof(*sketch) + SKETCH_SIZE);

    if (sketch == NULL)
        return false;
    sketch->size = SKETCH_SIZE;
    sketch->bytes[0] = 's';
    for (size_t at = 1; at < (*set)->size; at += HEAD + (*set)->bytes[at + 4])
        sketch_add(sketch, (*set)->bytes + at + HEAD, (*set)->bytes[at + 4], seen_at((*set)->bytes + at), w);
    free(*set);
    *set = sketch;
    return true;
}

void distinct_add(struct distinct **set, const char *text, const struct distinct_window *w)
{
    size_t n = strnlen(text, DISTINCT_TEXT_MAX), from, at;

    if (is_sketch(*set) && sketch_count(*set, w) == 0) {
        distinct_free(*set);
        *set = NULL;
    }
    if (*set != NULL && !is_sketch(*set)) {
        at = exact_find(*set, text, n);
        if (at < (*set)->size)
            cut(*set, at, at + HEAD + n);
        if (exact_count(*set, w, &from) >= DISTINCT_EXACT && !become_sketch(set, w))
            return;
        if (!is_sketch(*set) && from > 1)
            cut(*set, 1, from);
    }
    if (is_sketch(*set))
        sketch_add(*set, text, n, w->now, w);
    else
        exact_append(set, text, n, w->now);
}

unsigned distinct_count(const struct distinct *set, const struct distinct_window *w)
{
    size_t from;

    if (set == NULL)
        return 0;
    return is_sketch(set) ? sketch_count(set, w) : exact_count(set, w, &from);
}

bool distinct_is_exact(const struct distinct *set)
{
    return !is_sketch(set);
}

void distinct_walk(const struct distinct *set, const struct distinct_window *w,
                   void (*visit)(void *arg, const char *text, size_t n, uint32_t seen), void *arg)
{
    size_t at;

    if (set == NULL || is_sketch(set))
        return;
    for (exact_count(set, w, &at); at < set->size; at += HEAD + set->bytes[at + 4])
        visit(arg, (const char *)set->bytes + at + HEAD, set->bytes[at + 4], seen_at(set->bytes + at));
}

void distinct_free(struct distinct *set)
{
    free(set);
}

size_t distinct_memory(const struct distinct *set)
{
    return set == NULL ? 0 : (sizeof(*set) + set->size + ALLOCATION_OVERHEAD) / 16 * 16 + 16;
}

const uint8_t *distinct_bytes(const struct distinct *set, size_t *n)
{
    *n = set == NULL ? 0 : set->size;
    return set == NULL ? NULL : set->bytes;
}

static bool is_exact_form(const uint8_t *bytes, size_t n)
{
    struct cursor c;
    unsigned count = 0;

    cursor_init(&c, bytes, n);
    for (cursor_skip(&c, 1); cursor_left(&c) > 0 && !c.failed; count++) {
        size_t size;

        cursor_skip(&c, 4);
        size = cursor_u8(&c);
        const uint8_t *text = cursor_bytes(&c, size);
        if (text == NULL || memchr(text, '\0', size) != NULL)
            return false;
    }
    return !c.failed && count > 0 && count <= DISTINCT_EXACT;
}

static bool is_sketch_form(const uint8_t *bytes, size_t n)
{
    if (n != SKETCH_SIZE)
        return false;
    for (size_t at = 1; at < n; at += SLOT_SIZE)
        if (bytes[at] > 64 - REGISTER_BITS)
            return false;
    return true;
}

bool distinct_from_bytes(struct distinct **set, const uint8_t *bytes, size_t n)
{
    *set = NULL;
    if (n == 0)
        return true;
    if (n > DISTINCT_BYTES_MAX ||
        !(bytes[0] == 'e' ? is_exact_form(bytes, n) : bytes[0] == 's' && is_sketch_form(bytes, n)))
        return false;
    *set = malloc(sizeof(**set) + n);
    if (*set == NULL)
        return true;
    (*set)->size = (uint16_t)n;
    memcpy((*set)->bytes, bytes, n);
    return true;
}
