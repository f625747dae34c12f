/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay_print: prints the table of outcomes, and the greetings that change, by network and domain. The keys and notes
 * of the groups were filtered when they were made.
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "replay.h"

enum { COLUMNS = 4 };

static void print_table(const struct replay *r, FILE *out)
{
    fprintf(out, "%-10s", "logged");
    for (unsigned new = 0; new < LOGGED_STATES; new ++)
        fprintf(out, " %10s", logged_state_name(new));
    fprintf(out, "  <- new\n");
    for (unsigned old = 0; old < LOGGED_UNKNOWN; old++) {
        fprintf(out, "%-10s", logged_state_name(old));
        for (unsigned new = 0; new < LOGGED_STATES; new ++)
            fprintf(out, " %10llu", n(r->table[old][new]));
        fputc('\n', out);
    }
}

static void print_notes(const struct replay *r, FILE *out)
{
    if (r->cut)
        fprintf(out, "%llu lines had no room for all findings: they keep their logged outcome\n", n(r->cut));
    if (r->unknown_rules)
        fprintf(out, "%llu have findings of rules that no longer exist, which add no points\n", n(r->unknown_rules));
    if (r->fresh_unasked)
        fprintf(out, "%u rules of the new policy were not run then and need DNS: see --dns\n", r->fresh_unasked);
    if (r->read.malformed)
        fprintf(out, "%llu lines could not be read\n", n(r->read.malformed));
}

/* The groups of one reason among the first `count`. */
static void print_reason(const struct tally_row *reason, struct tally_row **groups, size_t count, FILE *out)
{
    const char *parts[COLUMNS];
    char copy[512];

    fprintf(out, "\n%s: %llu greetings\n", tally_key(reason), n(reason->count));
    for (size_t i = 0; i < count; i++) {
        tally_split(groups[i], copy, sizeof(copy), parts, COLUMNS);
        if (strcmp(parts[0], tally_key(reason)) == 0)
            fprintf(out, "%8llu  %-16s %-20s %-28.28s\n          e.g. %.84s\n", n(groups[i]->count), parts[1], parts[2],
                    parts[3], groups[i]->note);
    }
}

static void print_groups(const struct replay *r, FILE *out)
{
    size_t count, reason_count;
    struct tally_row **groups = tally_sorted(r->groups, tally_by_count, r->top, &count);
    struct tally_row **reasons = tally_sorted(r->reasons, tally_by_count, SIZE_MAX, &reason_count);

    for (size_t i = 0; i < reason_count; i++)
        print_reason(reasons[i], groups, count, out);
    if (table_count(r->groups) > count)
        fprintf(out, "\nand %zu smaller groups: --top shows more\n", table_count(r->groups) - count);
    if (table_evicted(r->groups))
        fprintf(out, "%llu groups were dropped for lack of room\n", n(table_evicted(r->groups)));
    free(groups);
    free(reasons);
}

void replay_print_text(const struct replay *r, FILE *out)
{
    fprintf(out, "%llu lines, %llu decisions\n\n", n(r->read.lines), n(r->read.decisions));
    print_table(r, out);
    fprintf(out, "\n%llu of %llu decisions are the same in outcome, answer, score and threshold\n", n(r->exact),
            n(r->read.decisions));
    fprintf(out, "%llu change their outcome, %llu only their score or threshold\n", n(r->changed), n(r->rescored));
    if (r->answered_otherwise)
        fprintf(out, "%llu keep their outcome, but the mode changes the answer to Postfix\n", n(r->answered_otherwise));
    print_notes(r, out);
    print_groups(r, out);
}

static void json_table(const struct replay *r, struct json *j)
{
    json_open(j, "table", '{');
    for (unsigned old = 0; old < LOGGED_UNKNOWN; old++)
        logged_json(j, logged_state_name(old), r->table[old], LOGGED_STATES);
    json_close(j, '}');
}

static void json_groups(const struct replay *r, struct json *j)
{
    static const char *const names[COLUMNS] = {"reason", "outcome", "network", "domain"};
    const char *parts[COLUMNS];
    char copy[512];
    size_t count, reason_count;
    struct tally_row **reasons = tally_sorted(r->reasons, tally_by_count, SIZE_MAX, &reason_count);
    struct tally_row **rows =
        tally_sorted(r->groups, tally_by_count, ctl_given(r->ctl, 't') ? r->top : SIZE_MAX, &count);

    json_open(j, "reasons", '[');
    for (size_t i = 0; i < reason_count; i++) {
        json_open(j, NULL, '{');
        json_text(j, "reason", tally_key(reasons[i]));
        json_number(j, "count", (long long)reasons[i]->count);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_open(j, "groups", '[');
    for (size_t i = 0; i < count; i++) {
        tally_split(rows[i], copy, sizeof(copy), parts, COLUMNS);
        json_open(j, NULL, '{');
        json_number(j, "count", (long long)rows[i]->count);
        for (unsigned c = 0; c < COLUMNS; c++)
            json_text(j, names[c], parts[c]);
        json_text(j, "example", rows[i]->note);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_number(j, "groups_dropped", (long long)table_evicted(r->groups));
    free(reasons);
    free(rows);
}

void replay_print_json(const struct replay *r, FILE *out)
{
    struct json j;

    json_init(&j, out);
    json_open(&j, NULL, '{');
    json_number(&j, "lines", (long long)r->read.lines);
    json_number(&j, "decisions", (long long)r->read.decisions);
    json_number(&j, "exact", (long long)r->exact);
    json_number(&j, "changed", (long long)r->changed);
    json_number(&j, "rescored", (long long)r->rescored);
    json_number(&j, "answered_otherwise", (long long)r->answered_otherwise);
    json_number(&j, "cut", (long long)r->cut);
    json_number(&j, "unknown_rules", (long long)r->unknown_rules);
    json_number(&j, "rules_unasked", r->fresh_unasked);
    json_number(&j, "malformed", (long long)r->read.malformed);
    json_table(r, &j);
    json_groups(r, &j);
    json_close(&j, '}');
    json_end(&j);
}
