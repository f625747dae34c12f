/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history: what the memory store costs with 1,000 networks and after a million. Prints TAP with the figures: memory is
 * under its bound whatever came, and a request costs about the same however many networks are known. A ratio, since
 * seconds differ from machine to machine; each is the best of several rounds, since others use the machine too.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "history.h"
#include "names.h"
#include "settings.h"
#include "sanitizer.h"

enum {
    CLIENTS = 1000000,
    FEW = 1000,
    BOUND = 64 << 20,
    ROUNDS = 5,
    REQUESTS = 200000,
    RATIO = 20, /* the processor's caches: 1,000 networks fit into them, a million do not; linear would be 1,000 */
};

static void told(void *arg, bool is_error, const char *message)
{
    (void)arg;
    (void)is_error;
    printf("# %s\n", message);
}

static size_t resident(void)
{
    unsigned long pages = 0, total;
    FILE *in = fopen("/proc/self/statm", "r");

    if (in != NULL && fscanf(in, "%lu %lu", &total, &pages) != 2)
        pages = 0;
    if (in != NULL)
        fclose(in);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Client number i, with a name of its own in one of many domains; every third is verified. */
static void greet(struct history *h, unsigned i, bool note)
{
    struct address client = {.family = ADDRESS_IPV4,
                             .bytes = {(uint8_t)(i >> 24 | 11), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
    char text[64];
    struct name helo = {.text = text, .kind = NAME_HOST};
    struct history_greeting greeting = {.client = &client, .helo = &helo, .known_count = 5};
    struct history_facts facts = {.known = false};

    helo.length = (size_t)snprintf(text, sizeof(text), "mail.organisation-%u.example", i);
    helo.registrable = text + 5;
    if (note)
        history_note(h, &greeting, i % 3 == 0);
    else
        history_at_once(h, &greeting, &facts);
}

/* Of the processor alone: others use the machine too. */
static uint64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static double request_ns(struct history *h, unsigned known)
{
    uint64_t best = UINT64_MAX;

    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t began = cpu_us(), took;

        for (unsigned i = 0; i < REQUESTS; i++)
            greet(h, i * 7919 % known, false);
        took = cpu_us() - began;
        best = took < best ? took : best;
    }
    return (double)best * 1000 / (double)REQUESTS;
}

static struct history *store(struct event_base *base, unsigned entries, uint64_t bytes)
{
    const struct history_settings settings = {.store = HISTORY_MEMORY,
                                              .file = "",
                                              .snapshot_ms = 60000,
                                              .window_ms = 7 * 86400000ull,
                                              .ipv4_bits = 32,
                                              .ipv6_bits = 64,
                                              .entries = entries,
                                              .bytes = bytes,
                                              .hash_key = "",
                                              .redis = (const char *const[]){NULL},
                                              .redis_sentinel = "",
                                              .redis_user = "",
                                              .redis_password = "",
                                              .redis_prefix = ""};
    const struct history_options options = {.settings = &settings, .report = told};
    char error[200];

    return history_new(base, &options, error, sizeof(error));
}

static void say(bool ok, unsigned number, const char *what)
{
    printf("%s %u - %s\n", ok ? "ok" : "not ok", number, what);
}

int main(void)
{
    struct event_base *base = event_base_new();
    struct history *h = base != NULL ? store(base, 200000, BOUND) : NULL;
    size_t before = resident(), grown;
    struct history_stats stats;
    double few, many, all;
    bool bounded, flat;

    if (h == NULL)
        return 1;
    printf("1..2\n");
    for (unsigned i = 0; i < FEW; i++)
        greet(h, i, true);
    few = request_ns(h, FEW);
    for (unsigned i = FEW; i < CLIENTS; i++)
        greet(h, i, true);
    history_stats(h, &stats);
    grown = resident() - before;
    printf("# %d clients sent: %zu networks and %zu names are kept, %zu bytes counted, %zu resident, bound %d\n",
           CLIENTS, stats.networks, stats.names, stats.bytes, grown, BOUND);
    /* AddressSanitizer keeps what was freed: there the store's own count has to do. */
    bounded = (WITH_SANITIZER || grown <= BOUND) && stats.bytes <= BOUND && stats.networks <= 200000 &&
              stats.networks > 100000;
    say(bounded, 1, "a million distinct clients stay under the bound");
    history_free(h);
    h = store(base, CLIENTS, 1ull << 30);
    for (unsigned i = 0; h != NULL && i < CLIENTS; i++)
        greet(h, i, true);
    many = h != NULL ? request_ns(h, CLIENTS) : 1e9;
    all = h != NULL ? (history_stats(h, &stats), (double)stats.bytes / (double)stats.networks) : 0;
    printf("# a request: %.0f ns with 1,000 known networks, %.0f ns with %zu: %.1f times; %.0f bytes a network\n", few,
           many, stats.networks, many / few, all);
    flat = many < few * (double)RATIO;
    say(flat, 2, "the cost of a request does not grow with the networks known, but for the machine's caches");
    history_free(h);
    event_base_free(base);
    return bounded && flat ? 0 : 1;
}
