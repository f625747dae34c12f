/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe_print: what a server answered, as text for people or one line of JSON. Foreign bytes are filtered.
 */
#include <string.h>
#include <strings.h>

#include "audit.h"
#include "probe.h"

/* The first line of a reply. */
static void print_reply(const char *label, const struct ehlo_reply *reply)
{
    char line[EHLO_LINE_MAX + 1];
    struct text t;

    printf("%-20s ", label);
    if (reply->code == 0) {
        printf("no answer\n");
        return;
    }
    text_init(&t, line, sizeof(line));
    text_add_as(&t, TEXT_PLAIN, reply->text, strcspn(reply->text, "\n"));
    printf("%d %s\n", reply->code, line);
}

static void print_keyword(const struct probe *probe, const struct ehlo_keyword *row)
{
    static const char *const missing[] = {
        [EHLO_NEEDED] = "MISSING: ", [EHLO_USUAL] = "remark: not offered: ", [EHLO_EXTRA] = "not offered: "};
    char value[PROBE_VALUE_SIZE];

    if (!probe_applies(probe, row))
        return;
    printf("  %-18s ", row->name);
    if (!probe_offers(probe, row, value)) {
        printf("%s%s\n", missing[row->worth], row->why);
        return;
    }
    printf("offered%s%s", *value ? ": " : "", value);
    if (strcmp(row->name, "SIZE") == 0 && ehlo_size_is_tiny(value))
        printf(", TOO SMALL: every server must accept 64 KiB (RFC 5321 section 4.5.3.1.7)");
    fputc('\n', stdout);
}

static bool is_known(const char *line)
{
    for (const struct ehlo_keyword *row = ehlo_keywords; row->name; row++) {
        size_t n = strlen(row->name);

        if (strncasecmp(line, row->name, n) == 0 && (!line[n] || line[n] == ' ' || line[n] == '='))
            return true;
    }
    return false;
}

/* AUTH and every keyword that we have no row for, as the server wrote it. */
static void print_others(const struct ehlo_reply *reply)
{
    char line[PROBE_VALUE_SIZE];

    for (unsigned n = 0; ehlo_keyword_line(reply, n, line, sizeof(line)); n++)
        if (!is_known(line))
            printf("  %-18s offered\n", line);
}

static void print_text(const struct probe *probe)
{
    const struct ehlo_reply *last = probe->ehlo_tls.code == 250 ? &probe->ehlo_tls : &probe->ehlo;
    char address[ADDRESS_TEXT_SIZE];

    printf("%-20s ", "server");
    ctl_put(stdout, probe->host);
    printf(" (%s) port %u, greeted as ", address_format(&probe->address, address), probe->port);
    ctl_put(stdout, probe->name);
    printf("%s\n", probe->nameless ? ": this host has no fully qualified name (--name sets one)" : "");
    print_reply("banner", &probe->banner);
    if (probe->tls_first && probe->tls[0])
        printf("%-20s %s\n", "TLS", probe->tls);
    print_reply("EHLO", &probe->ehlo);
    for (const struct ehlo_keyword *row = ehlo_keywords; row->name; row++)
        print_keyword(probe, row);
    if (probe->ehlo.code == 250)
        print_others(last);
    if (probe->starttls.code)
        print_reply("STARTTLS", &probe->starttls);
    if (!probe->tls_first && probe->tls[0])
        printf("%-20s %s\n", "TLS", probe->tls);
    if (probe->tls_error[0])
        printf("%-20s failed: %s\n", "TLS", probe->tls_error);
    if (probe->ehlo_tls.code)
        print_reply("EHLO in TLS", &probe->ehlo_tls);
    if (probe_offers_tls_again(probe))
        printf("  STARTTLS is offered inside TLS, which RFC 3207 forbids\n");
    if (probe->error[0])
        printf("%-20s %s\n", "FAILED", probe->error);
    else
        print_reply(probe->fell_back ? "HELO after EHLO" : "HELO", &probe->helo);
}

static void print_json(const struct probe *probe)
{
    static const char *const worth[] = {[EHLO_NEEDED] = "needed", [EHLO_USUAL] = "usual", [EHLO_EXTRA] = "extra"};
    char address[ADDRESS_TEXT_SIZE], value[PROBE_VALUE_SIZE];
    struct json j;

    json_init(&j, stdout);
    json_open(&j, NULL, '{');
    json_text(&j, "host", probe->host);
    json_text(&j, "address", address_format(&probe->address, address));
    json_number(&j, "port", probe->port);
    json_text(&j, "name", probe->name);
    json_bool(&j, "nameless", probe->nameless);
    json_text(&j, "error", probe->error[0] ? probe->error : NULL);
    json_text(&j, "banner", probe->banner.text);
    json_number(&j, "banner_code", probe->banner.code);
    json_number(&j, "ehlo_code", probe->ehlo.code);
    json_number(&j, "starttls_code", probe->starttls.code);
    json_text(&j, "starttls", probe->starttls.code ? probe->starttls.text : NULL);
    json_number(&j, "ehlo_tls_code", probe->ehlo_tls.code);
    json_number(&j, "helo_code", probe->helo.code);
    json_bool(&j, "fell_back", probe->fell_back);
    json_text(&j, "ehlo", probe->ehlo.text);
    json_text(&j, "ehlo_tls", probe->ehlo_tls.code ? probe->ehlo_tls.text : NULL);
    json_text(&j, "tls", probe->tls[0] ? probe->tls : NULL);
    json_text(&j, "tls_error", probe->tls_error[0] ? probe->tls_error : NULL);
    json_open(&j, "expected", '[');
    for (const struct ehlo_keyword *row = ehlo_keywords; row->name; row++) {
        bool has = probe_offers(probe, row, value);

        json_open(&j, NULL, '{');
        json_text(&j, "keyword", row->name);
        json_text(&j, "worth", worth[row->worth]);
        json_bool(&j, "offered", has);
        json_text(&j, "value", has ? value : NULL);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_bool(&j, "wrong", probe->wrong);
    json_close(&j, '}');
    json_end(&j);
}

void probe_print(const struct probe *probe)
{
    (ctl_given(probe->ctl, 'j') ? print_json : print_text)(probe);
}

void probe_print_silent(const struct probe *probe)
{
    char address[ADDRESS_TEXT_SIZE];

    fprintf(stderr, "heloctl probe: ");
    ctl_put(stderr, probe->host);
    fprintf(stderr, " (%s) port %u: %s\n", address_format(&probe->address, address), probe->port, probe->error);
}
