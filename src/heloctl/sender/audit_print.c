/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_print: prints the result of an audit as text for people, CSV for tables and JSON for programs. Every foreign
 * byte is filtered to printable ASCII.
 */
#include <string.h>

#include "audit.h"

bool audit_is_wrong(const struct audit_host *host, bool strict)
{
    for (unsigned i = 0; i < AUDIT_FAULTS; i++)
        if ((host->faults & AUDIT_BIT(i)) && (strict || !audit_faults[i].advice))
            return true;
    return false;
}

const char *audit_level(const struct audit_host *host)
{
    return audit_is_wrong(host, false) ? "wrong" : host->unknown ? "unknown" : host->faults ? "advice" : "ok";
}

static void print_change(const struct audit_host *host)
{
    if (audit_renames(host))
        printf("  %-18s greet as %s\n", "change", host->target);
    else if (host->nameless && !host->foreign)
        printf("  %-18s greet with a name of your own domain that no other host has\n", "change");
}

static void print_host(const struct audit_host *host, bool colour)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *ink = !colour ? "" : audit_is_wrong(host, false) ? "\033[31m" : "\033[33m";

    printf("%s%s%s ", ink, address_format(&host->address, text), colour ? "\033[0m" : "");
    ctl_put(stdout, host->helo ? host->helo : "-");
    if (host->messages > 0)
        printf(" (%llu messages, %llu aligned%s)", host->messages, host->aligned, host->unlisted ? ", NOT LISTED" : "");
    printf("%s\n", host->news ? " (new)" : "");
    audit_print_faults(host);
    for (unsigned i = 0; i < AUDIT_FAULTS; i++)
        if (host->fixed & AUDIT_BIT(i))
            printf("  %-18s fixed\n", audit_faults[i].name);
    print_change(host);
}

void audit_print_faults(const struct audit_host *host)
{
    for (unsigned i = 0; i < AUDIT_FAULTS; i++) {
        if (!(host->faults & AUDIT_BIT(i)))
            continue;
        printf("  %-18s %s%s%s", audit_faults[i].name, host->fresh & AUDIT_BIT(i) ? "new: " : "",
               audit_faults[i].advice ? "advice: " : "", audit_faults[i].summary);
        if (host->details[i] && host->details[i][0]) {
            fputs(" (", stdout);
            ctl_put(stdout, host->details[i]);
            fputc(')', stdout);
        }
        fputc('\n', stdout);
    }
    if (host->unknown)
        printf("  %-18s DNS did not answer every query: run the audit again later\n", "unknown");
}

/* How often each fault was found. */
static void print_sums(const struct audit *audit)
{
    size_t sums[AUDIT_FAULTS] = {0}, wrong = 0, unknown = 0;

    for (size_t i = 0; i < audit->count; i++) {
        const struct audit_host *host = &audit->hosts[i];

        wrong += audit_is_wrong(host, false);
        unknown += host->unknown && !audit_is_wrong(host, false);
        for (unsigned f = 0; f < AUDIT_FAULTS; f++)
            sums[f] += (host->faults & AUDIT_BIT(f)) != 0;
    }
    printf("%zu host%s, %zu wrong, %zu undecided\n", audit->count, audit->count == 1 ? "" : "s", wrong, unknown);
    for (unsigned f = 0; f < AUDIT_FAULTS; f++)
        if (sums[f])
            printf("%7zu  %-18s %s\n", sums[f], audit_faults[f].name, audit_faults[f].summary);
}

/* --since: what changed, and nothing at all when nothing did, so that cron sends no mail. */
static void print_changes(const struct audit *audit, bool colour)
{
    for (size_t i = 0; i < audit->count; i++)
        if (audit_changed(&audit->hosts[i]))
            print_host(&audit->hosts[i], colour);
    for (size_t i = 0; i < audit->gone_count; i++) {
        ctl_put(stdout, audit->gone[i]);
        printf(" (no longer listed)\n");
    }
}

void audit_print_text(struct audit *audit, const struct audit_mta *mta, bool colour)
{
    bool any = false;

    if (audit->since) {
        print_changes(audit, colour);
        return;
    }
    if (audit->dmarc)
        audit_print_map(audit);
    for (size_t i = 0; i < audit->count; i++) {
        if (!audit->hosts[i].faults && !audit->hosts[i].unknown)
            continue;
        print_host(&audit->hosts[i], colour);
        any = true;
    }
    printf("%s", any ? "\n" : "");
    print_sums(audit);
    audit_print_records(audit, stdout);
    audit_print_mtas(audit, mta, stdout);
}

/* RFC 4180; a cell that a spreadsheet would take for a formula gets a quote in front. */
static void put_cell(const char *foreign)
{
    fputc('"', stdout);
    if (foreign[0] && strchr("=+-@", foreign[0]))
        fputc('\'', stdout);
    for (; *foreign; foreign++) {
        if (*foreign == '"')
            fputc('"', stdout);
        fputc(*foreign >= ' ' && *foreign <= '~' ? *foreign : '?', stdout);
    }
    fputc('"', stdout);
}

void audit_print_csv(struct audit *audit)
{
    char text[ADDRESS_TEXT_SIZE];

    printf("address,helo,result,faults,reverse name,target%s\r\n", audit->dmarc ? ",messages,aligned,listed" : "");
    for (size_t i = 0; i < audit->count; i++) {
        const struct audit_host *host = &audit->hosts[i];
        const char *between = "";

        if (audit->since && !audit_changed(host))
            continue;
        printf("%s,", address_format(&host->address, text));
        put_cell(host->helo ? host->helo : "");
        printf(",%s,", audit_level(host));
        for (unsigned f = 0; f < AUDIT_FAULTS; f++) {
            if (!(host->faults & AUDIT_BIT(f)))
                continue;
            printf("%s%s", between, audit_faults[f].name);
            between = " ";
        }
        fputc(',', stdout);
        put_cell(host->ptr ? host->ptr : "");
        fputc(',', stdout);
        put_cell(host->target ? host->target : "");
        if (audit->dmarc)
            printf(",%llu,%llu,%s", host->messages, host->aligned,
                   !audit->known_names ? ""
                   : host->unlisted    ? "no"
                                       : "yes");
        printf("\r\n");
    }
}

void audit_json_host(struct json *j, const struct audit_host *host)
{
    char text[ADDRESS_TEXT_SIZE];

    json_open(j, NULL, '{');
    json_text(j, "address", address_format(&host->address, text));
    json_text(j, "helo", host->helo);
    json_text(j, "result", audit_level(host));
    json_text(j, "identity", host->identity);
    json_text(j, "reverse", host->ptr);
    json_text(j, "spf", host->now.spf_record);
    json_text(j, "target", host->target);
    if (host->header_from) {
        json_number(j, "messages", (long long)host->messages);
        json_number(j, "aligned", (long long)host->aligned);
        json_text(j, "header_from", host->header_from);
        json_bool(j, "unlisted", host->unlisted);
    }
    json_open(j, "faults", '[');
    for (unsigned f = 0; f < AUDIT_FAULTS; f++) {
        if (!(host->faults & AUDIT_BIT(f)))
            continue;
        json_open(j, NULL, '{');
        json_text(j, "fault", audit_faults[f].name);
        json_bool(j, "advice", audit_faults[f].advice);
        json_text(j, "summary", audit_faults[f].summary);
        json_text(j, "detail", host->details[f]);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_bool(j, "unknown", host->unknown != 0);
    if (host->fixed) {
        json_open(j, "fixed", '[');
        for (unsigned f = 0; f < AUDIT_FAULTS; f++)
            if (host->fixed & AUDIT_BIT(f))
                json_text(j, NULL, audit_faults[f].name);
        json_close(j, ']');
    }
    if (host->news)
        json_bool(j, "new", true);
    json_close(j, '}');
}

void audit_print_json(struct audit *audit)
{
    struct json j;

    json_init(&j, stdout);
    json_open(&j, NULL, '{');
    if (audit->dmarc)
        audit_json_map(audit, &j);
    json_open(&j, "hosts", '[');
    for (size_t i = 0; i < audit->count; i++)
        if (!audit->since || audit_changed(&audit->hosts[i]))
            audit_json_host(&j, &audit->hosts[i]);
    json_close(&j, ']');
    audit_json_records(audit, &j);
    json_close(&j, '}');
    json_end(&j);
}
