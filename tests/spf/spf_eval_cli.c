/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spf_eval_cli: evaluates the cases of a fixture against the zones in it, without a network.
 *
 *     spf_eval_cli FILE     TAP, one line a case
 *     spf_eval_cli -p FILE  "NAME RESULT REASON" a case, for a comparison with others
 */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

struct run {
    unsigned cases, failed;
    bool print;
};

static const struct spf_outcome *evaluate(const struct fixture_zone *zone, const struct fixture_case *c,
                                          struct region *r)
{
    struct spf_query query = fixture_query(c);
    struct spf *spf = spf_new(&query, r);
    struct spf_ask ask;

    while (spf && spf_step(spf, &ask) == SPF_ASK) {
        struct region *borrowed = region_new((size_t)1 << 20); /* gone before the next step, as the resolver's is */
        struct dns_answer answer;

        fixture_answer(zone, &ask, borrowed, &answer);
        spf_feed(spf, &answer);
        region_free(borrowed);
    }
    return spf ? spf_outcome(spf) : NULL;
}

static void run_case(const struct fixture_zone *zone, const struct fixture_case *c, void *arg)
{
    struct run *run = arg;
    struct region *r = region_new((size_t)4 << 20);
    const struct spf_outcome *outcome = evaluate(zone, c, r);

    run->cases++;
    if (!outcome) {
        printf("not ok %u - %s: no memory\n", run->cases, c->name);
        run->failed++;
    } else if (run->print) {
        printf("%s %s %s\n", c->name, spf_result_name(outcome->result), outcome->reason);
    } else if (!fixture_report(c, outcome, run->cases)) {
        run->failed++;
    }
    region_free(r);
}

int main(int argc, char **argv)
{
    struct run run = {.print = argc == 3 && !strcmp(argv[1], "-p")};
    FILE *in = argc == 2 + run.print ? fopen(argv[argc - 1], "r") : NULL;

    if (!in) {
        fputs("usage: spf_eval_cli [-p] FILE\n", stderr);
        return 64;
    }
    fixture_read(in, run_case, &run);
    fclose(in);
    if (!run.print)
        printf("1..%u\n", run.cases);
    return run.failed != 0;
}
