/* SPDX-License-Identifier: BSD-2-Clause */
/* side: see side.h. Judges as question.c does. */
#include "side.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decision_line.h"
#include "policyfile.h"

enum { REGION_LIMIT = 4 << 20 };

void side_open(struct side *s, struct resolver *resolver, struct gather_kept *kept)
{
    *s = (struct side){.context = {.resolver = resolver, .kept = kept}, .region = region_new(REGION_LIMIT)};
    if (!s->region)
        abort();
}

void side_close(struct side *s)
{
    oracle_free(s->context.resolver);
    gather_kept_free(s->context.kept);
    region_free(s->region);
}

static void keep_evidence(void *arg, const struct evidence *e)
{
    ((struct side *)arg)->evidence = e;
}

static void tell_evidence(const struct evidence *e, struct text *t)
{
    text_addf(t, "skip %d %d reverse %d partial %d out %u fcrdns %d confirmed %s\n", (int)e->skip, (int)e->exemption,
              (int)e->reverse, e->rdns_partial, e->rdns_left_out, (int)e->fcrdns,
              e->confirmed ? e->confirmed->name.text : "");
    for (unsigned i = 0; i < e->rdns_count; i++)
        text_addf(t, "rdns %s %x %x %s %d %d\n", e->rdns[i].name.text, e->rdns[i].name.flags, e->rdns[i].naming.flags,
                  e->rdns[i].naming.detail, (int)e->rdns[i].confirmed, e->rdns[i].has_address);
    text_addf(t, "helo %d nx %d is client %d near %d mx %d\n", (int)e->helo_address, e->helo_nxdomain,
              (int)e->helo_is_client, e->helo_near_client, (int)e->helo_mx);
    for (unsigned i = 0; i < e->helo_address_count; i++) {
        char address[ADDRESS_TEXT_SIZE];

        text_addf(t, "address %s\n", address_format(&e->helo_addresses[i], address));
    }
    if (e->helo_spf)
        text_addf(t, "spf %s %s/%s/%s/%s/%s %d %u %u\n", spf_result_name(e->helo_spf->result), e->helo_spf->record,
                  e->helo_spf->term, e->helo_spf->domain, e->helo_spf->reason, e->helo_spf->explanation,
                  e->helo_spf->deny_all, e->helo_spf->lookups, e->helo_spf->voids);
    text_addf(t, "limit %d deadline %d queries %u cached %u\n", (int)e->limit, e->deadline, e->queries, e->cached);
}

void side_judge(struct side *s, const struct gather_options *options, const struct request *req, bool expires)
{
    struct decision_record record = {.verdict = &s->verdict, .request = req};
    char line[DECISION_LINE_SIZE];
    struct gather *pending;
    struct verdict shadow;
    struct reply reply;
    struct text t;

    region_reset(s->region);
    s->evidence = gather_start(&s->context, options, req, s->region, keep_evidence, s, &pending);
    if (!s->evidence && expires)
        gather_expire(pending);
    while (oracle_deliver(s->context.resolver) || oracle_remember(s->context.history))
        continue;
    if (!s->evidence)
        abort();
    decision_make(options->policy, s->evidence, s->region, &s->verdict);
    memcpy(s->verdict.id, "7QK2M9", sizeof("7QK2M9"));
    if (options->policy->shadow) {
        decision_make(options->policy->shadow, s->evidence, s->region, &shadow);
        record.shadow = &shadow;
    }
    reply = decision_reply(&s->verdict, s->evidence, true, s->region);
    record.evidence = s->evidence;
    record.reply = &reply;
    decision_line_write(&record, line);
    text_init(&t, s->said, sizeof(s->said));
    tell_evidence(s->evidence, &t);
    text_addf(&t, "%s\n%s\n", line, reply.text ? reply.text : "");
}

static void complain(void *arg, bool is_error, const char *message)
{
    (void)arg;
    if (!is_error)
        return;
    fprintf(stderr, "%s\n", message);
    abort();
}

struct settings *side_settings(const char *text)
{
    return policyfile_read_text("test.conf", text, strlen(text), complain, NULL);
}

struct request side_request(const char *client, const char *helo)
{
    struct request req = {.state = REQUEST_STATE_RCPT,
                          .esmtp = true,
                          .protocol_state = "RCPT",
                          .protocol_name = "ESMTP",
                          .client_address = client,
                          .client_name = "unknown",
                          .reverse_client_name = "unknown",
                          .server_address = "",
                          .server_port = "",
                          .helo_name = helo,
                          .sender = "a@violett.net",
                          .recipient = "b@gelb.de",
                          .queue_id = "",
                          .instance = "1",
                          .sasl_username = "",
                          .ccert_subject = "",
                          .ccert_fingerprint = "",
                          .ccert_pubkey_fingerprint = "",
                          .encryption_protocol = "",
                          .stress_text = "",
                          .policy_context = ""};

    address_parse(&req.client, client, strlen(client));
    return req;
}
