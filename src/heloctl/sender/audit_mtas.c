/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_mtas: how to make each mail server greet with the right name from the right address, one row for each server.
 * Every block begins with a comment that names the file, and can be pasted as it is: lines begin in column 0 wherever
 * the format gives a meaning to indentation, and remarks are comments of that format.
 */
#include <string.h>

#include "audit.h"

/* Says what an example left out, as a comment. */
static void put_left(const struct audit_plan *plan, const char *comment, const char *mta, FILE *out)
{
    if (plan->left > 0)
        fprintf(out, "%s %zu more: heloctl audit --mta %s shows all of them\n", comment, plan->left, mta);
}

/* The template with $T, $A and $N replaced by the tag, the address and the name. */
static void expand(const char *template, const char *tag, const char *address, const char *name, FILE *out)
{
    for (const char *c = template; *c; c++) {
        const char *value = *c != '$' ? NULL : c[1] == 'T' ? tag : c[1] == 'A' ? address : c[1] == 'N' ? name : NULL;

        c += value != NULL;
        if (value)
            fputs(value, out);
        else
            fputc(*c, out);
    }
}

/* Both addresses of a source, for a format that has one entry for each address; IPv6 may have a template of its own. */
static void each_address(const struct audit_plan *plan, const char *template, const char *template6, FILE *out)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct audit_source *s = &plan->sources[i];
        char tag[ADDRESS_TEXT_SIZE + 8];

        snprintf(tag, sizeof(tag), "out-%s", s->tag);
        if (*s->v4)
            expand(template, tag, s->v4, s->name, out);
        if (*s->v4 && *s->v6)
            snprintf(tag, sizeof(tag), "out-%s-v6", s->tag);
        if (*s->v6)
            expand(template6, tag, s->v6, s->name, out);
    }
}

static void each_entry(const struct audit_plan *plan, const char *template, FILE *out)
{
    each_address(plan, template, template, out);
}

/*
 * A transport with one address only must not use the other family: mail would leave from an address that nobody chose.
 */
static void put_transport(const struct audit_source *s, FILE *out)
{
    fprintf(out, "out-%s unix - - n - - smtp\n", s->tag);
    if (*s->v4)
        fprintf(out, "    -o smtp_bind_address=%s\n", s->v4);
    if (*s->v6)
        fprintf(out, "    -o smtp_bind_address6=%s\n", s->v6);
    if (!*s->v4 || !*s->v6)
        fprintf(out, "    -o inet_protocols=%s\n", *s->v4 ? "ipv4" : "ipv6");
    fprintf(out, "    -o smtp_helo_name=%s\n", s->name);
}

static void postfix(const struct audit_plan *plan, FILE *out)
{
    if (plan->one) {
        fprintf(out, "# Postfix, /etc/postfix/main.cf: one name for all of this server's mail\nsmtp_helo_name = %s\n",
                plan->sources[0].name);
        return;
    }
    fprintf(out, "# Postfix, /etc/postfix/master.cf: one transport for each name, bound to its addresses\n");
    for (size_t i = 0; i < plan->count; i++)
        put_transport(&plan->sources[i], out);
    put_left(plan, "#", "postfix", out);
    fprintf(out,
            "\n# Postfix, /etc/postfix/main.cf: choose a transport at random for mail that leaves this server.\n"
            "# On a server that only relays, transport_maps = randmap:{...} does the same for every recipient.\n"
            "# To choose by sender, use a table in place of randmap: with lines such as \"@example.net out-...:\"\n"
            "sender_dependent_default_transport_maps = randmap:{\n");
    for (size_t i = 0; i < plan->count; i++)
        fprintf(out, "    out-%s:%s\n", plan->sources[i].tag, i + 1 < plan->count ? "," : "}");
}

static void exim(const struct audit_plan *plan, FILE *out)
{
    if (plan->one) {
        fprintf(out, "# Exim, in the smtp transport (remote_smtp)\nhelo_data = %s\n", plan->sources[0].name);
        return;
    }
    fprintf(
        out,
        "# Exim, in the smtp transport (remote_smtp): a random line of the second table, and the name of its address\n"
        "interface = ${lookup{${randint:%zu}}lsearch{/etc/exim4/interface}{$value}}\n"
        "helo_data = ${lookup{$sending_ip_address}iplsearch{/etc/exim4/helo_data}{$value}{$primary_hostname}}\n",
        plan->count);
    fprintf(out, "\n# Exim, /etc/exim4/helo_data\n");
    each_address(plan, "$A: $N\n", "\"$A\": $N\n", out); /* the colon ends a key of lsearch */
    put_left(plan, "#", "exim", out);
    fprintf(out,
            "\n# Exim, /etc/exim4/interface: number from 0, then the addresses to send from, one of each family\n");
    for (size_t i = 0; i < plan->count; i++) {
        const struct audit_source *s = &plan->sources[i];

        fprintf(out, "%zu: <;", i);
        if (*s->v4)
            fprintf(out, " %s", s->v4);
        if (*s->v4 && *s->v6)
            fprintf(out, " ;");
        if (*s->v6)
            fprintf(out, " %s", s->v6);
        fputc('\n', out);
    }
}

static void opensmtpd(const struct audit_plan *plan, FILE *out)
{
    fprintf(out, "# OpenSMTPD, smtpd.conf: the last two lines take the place of your own for outgoing mail\n");
    if (plan->one) {
        fprintf(out, "action \"outbound\" relay helo \"%s\"\n", plan->sources[0].name);
    } else {
        put_left(plan, "#", "opensmtpd", out);
        /* A table is one line to OpenSMTPD, so its entries are joined by continuations. */
        fprintf(out, "table helonames {");
        each_entry(plan, " \\\n    \"$A\" = \"$N\"", out);
        fprintf(out, " \\\n}\ntable sources {");
        each_entry(plan, " \\\n    \"$A\"", out);
        fprintf(out, " \\\n}\naction \"outbound\" relay src <sources> helo-src <helonames>\n");
    }
    fprintf(out, "match from local for any action \"outbound\"\n");
}

static void powermta(const struct audit_plan *plan, FILE *out)
{
    fprintf(out, "# PowerMTA, /etc/pmta/config (not tried)\n");
    for (size_t i = 0; i < plan->count; i++) {
        const struct audit_source *s = &plan->sources[i];

        fprintf(out, "<virtual-mta out-%s>\n", s->tag);
        if (*s->v4)
            fprintf(out, "    smtp-source-host %s %s\n", s->v4, s->name);
        if (*s->v6)
            fprintf(out, "    smtp-source-host %s %s\n", s->v6, s->name);
        fprintf(out, "</virtual-mta>\n");
    }
    put_left(plan, "#", "powermta", out);
    fprintf(out, "<virtual-mta-pool outbound>\n");
    for (size_t i = 0; i < plan->count; i++)
        fprintf(out, "    virtual-mta out-%s\n", plan->sources[i].tag);
    fprintf(out, "</virtual-mta-pool>\n");
}

static void momentum(const struct audit_plan *plan, FILE *out)
{
    fprintf(out, "# Momentum, ecelerity.conf (not tried)\n");
    each_entry(plan, "binding \"$T\" {\n    bind_address = \"$A\"\n    ehlo_hostname = \"$N\"\n}\n", out);
    put_left(plan, "#", "momentum", out);
}

static void kumomta(const struct audit_plan *plan, FILE *out)
{
    fprintf(out, "# KumoMTA, sources.toml, which the policy helper sources.lua reads (the server was not tried)\n");
    each_entry(
        plan,
        "[source.\"$T\"]\nsource_address = \"$A\"\nehlo_domain = \"$N\"\n\n[pool.\"outbound\".\"$T\"]\nweight = 1\n\n",
        out);
    put_left(plan, "#", "kumomta", out);
}

/* get_mx must name the exchange too, so the plugin looks it up as Haraka itself would. */
static void haraka(const struct audit_plan *plan, FILE *out)
{
    if (plan->one) {
        fprintf(out, "# Haraka, config/me is one line without a comment (not tried)\n%s\n", plan->sources[0].name);
        return;
    }
    fprintf(out, "// Haraka, plugins/outbound_names.js, and its name in config/plugins (not tried)\n"
                 "'use strict';\nconst dns = require('dns').promises;\nconst sources = [\n");
    each_entry(plan, "    { bind: '$A', bind_helo: '$N' },\n", out);
    put_left(plan, "    //", "haraka", out);
    fprintf(out, "];\n"
                 "exports.hook_get_mx = function (next, hmail, domain) {\n"
                 "    const source = sources[Math.floor(Math.random() * sources.length)];\n"
                 "    dns.resolveMx(domain).catch(() => [{ exchange: domain, priority: 0 }]).then((list) =>\n"
                 "        next(OK, list.map((mx) => ({ ...mx, ...source }))));\n"
                 "};\n");
}

static void halon(const struct audit_plan *plan, FILE *out)
{
    fprintf(out, "// Halon, pre-delivery script, from its public documentation (not tried)\n$helo = [\n");
    each_entry(plan, "    \"$A\" => \"$N\",\n", out);
    put_left(plan, "    //", "halon", out);
    fprintf(out, "];\nif (isset($helo[$sourceip]))\n    SetHELO($helo[$sourceip]);\n");
}

static void stalwart(const struct audit_plan *plan, FILE *out)
{
    fprintf(out,
            "# Stalwart 0.13 to 0.15, config.toml; later versions have the same fields in the WebUI (not tried)\n");
    for (size_t i = 0; i < plan->count; i++) {
        const struct audit_source *s = &plan->sources[i];

        fprintf(out, "[queue.connection.\"out-%s\"]\nehlo-hostname = \"%s\"\nsource-ips = [", s->tag, s->name);
        if (*s->v4)
            fprintf(out, "\"%s\"", s->v4);
        if (*s->v6)
            fprintf(out, "%s\"%s\"", *s->v4 ? ", " : "", s->v6);
        fprintf(out, "]\n\n");
    }
    put_left(plan, "#", "stalwart", out);
}

/* MailWizz greets only its relay: what the recipients see is the relay's greeting. */
static void mailwizz(const struct audit_plan *plan, FILE *out)
{
    fprintf(out,
            "# MailWizz, backend: one delivery server for each address; its relay must greet as above (not tried)\n");
    each_entry(
        plan, "delivery server \"$N\" for $A; with PowerMTA behind it, its additional header X-Virtual-MTA: $T\n", out);
    put_left(plan, "#", "mailwizz", out);
}

const struct audit_mta audit_mtas[] = {
    {"postfix", "Postfix", true, postfix},
    {"exim", "Exim", true, exim},
    {"opensmtpd", "OpenSMTPD", true, opensmtpd},
    {"powermta", "PowerMTA", false, powermta},
    {"momentum", "Momentum", false, momentum},
    {"kumomta", "KumoMTA", false, kumomta},
    {"haraka", "Haraka", false, haraka},
    {"halon", "Halon", false, halon},
    {"stalwart", "Stalwart", false, stalwart},
    {"mailwizz", "MailWizz", false, mailwizz},
    {NULL, NULL, false, NULL},
};

const struct audit_mta *audit_mta_find(const char *name)
{
    for (const struct audit_mta *mta = audit_mtas; mta->name; mta++)
        if (strcmp(mta->name, name) == 0)
            return mta;
    return NULL;
}
