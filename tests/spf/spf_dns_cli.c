/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spf_dns_cli: evaluates the cases of one scenario of a fixture with the daemon's resolver, against a name server that
 * somebody has loaded with the scenario's zone.
 *
 *     spf_dns_cli SERVER SCENARIO FIRST FILE    TAP lines from number FIRST on
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "fixture.h"
#include "resolver.h"

struct run {
    struct event_base *base;
    struct resolver *resolver;
    unsigned number;
    bool failed;
};

struct evaluation {
    struct run *run;
    struct spf *spf;
    struct resolver_query *query;
};

static void advance(struct evaluation *e);

static void done(void *arg, const struct dns_answer *answer, bool from_cache)
{
    struct evaluation *e = arg;

    (void)from_cache;
    e->query = NULL;
    spf_feed(e->spf, answer);
    advance(e);
}

static void advance(struct evaluation *e)
{
    struct spf_ask ask;

    if (spf_step(e->spf, &ask) == SPF_ASK)
        e->query = resolver_ask(e->run->resolver, ask.name, ask.type, done, e);
    if (!e->query)
        event_base_loopbreak(e->run->base);
}

static void run_case(const struct fixture_zone *zone, const struct fixture_case *c, void *arg)
{
    struct run *run = arg;
    struct region *r = region_new((size_t)4 << 20);
    struct spf_query query = fixture_query(c);
    struct evaluation e = {.run = run, .spf = spf_new(&query, r)};

    (void)zone;
    advance(&e);
    if (e.query)
        event_base_dispatch(run->base);
    run->failed = !fixture_report(c, spf_outcome(e.spf), run->number++) || run->failed;
    region_free(r);
}

int main(int argc, char **argv)
{
    const char *servers[] = {argc == 5 ? argv[1] : NULL, NULL};
    struct resolver_options options = {
        .servers = servers,
        .timeout_ms = 2000,
        .tries = 1,
        .cache_entries = 1000,
        .in_flight = 10,
        .ttl_min = 1,
        .ttl_max = 60,
        .negative_ttl_max = 60,
        .failure_ttl = 1,
        .edns = true,
    };
    struct run run = {.base = event_base_new()};
    FILE *in = argc == 5 ? fopen(argv[4], "r") : NULL;
    char error[200] = "usage: spf_dns_cli SERVER SCENARIO FIRST FILE";

    run.resolver = in ? resolver_new(run.base, &options, error, sizeof error) : NULL;
    if (!run.resolver) {
        printf("Bail out! %s\n", error);
        return 64;
    }
    run.number = (unsigned)strtoul(argv[3], NULL, 10);
    fixture_read(in, argv[2], run_case, &run);
    fclose(in);
    resolver_free(run.resolver);
    event_base_free(run.base);
    return run.failed;
}
