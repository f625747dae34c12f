/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_gather: evidence for every host of an audit, some at once, by the daemon's own gather. Promises that memory
 * does not grow with the number of hosts but for what is kept of each.
 */
#include <event2/event.h>

#include "audit.h"
#include "progress.h"

enum { SCRATCH_LIMIT = 4 << 20, DEADLINE_SECONDS = 30 };

struct run;

/* One of the places in which a host is under way. */
struct slot {
    struct run *run;
    struct audit_host *host;
    struct region *region;
    struct request request;
    struct gather *pending;
    struct event *timer;
};

struct run {
    struct audit *audit;
    struct settings settings; /* without exemptions: our own pool is judged like any other */
    struct progress progress;
    struct slot *slots;
    unsigned jobs;
    size_t next, done;
};

static void fill(struct slot *slot);

static void finish(struct slot *slot, const struct evidence *e)
{
    struct run *run = slot->run;

    evtimer_del(slot->timer);
    audit_judge(slot->host, e, slot->region, run->audit->keep);
    slot->pending = NULL;
    region_reset(slot->region);
    progress_set(&run->progress, ++run->done);
}

static void on_gathered(void *arg, const struct gathered *gathered)
{
    struct slot *slot = arg;

    finish(slot, gathered->evidence);
    fill(slot);
}

static void expired(evutil_socket_t fd, short what, void *arg)
{
    struct slot *slot = arg;

    (void)fd;
    (void)what;
    gather_expire(slot->pending);
}

const struct request audit_request = {.state = REQUEST_STATE_RCPT,
                                      .protocol_state = "RCPT",
                                      .protocol_name = "ESMTP",
                                      .esmtp = true,
                                      .client_name = "unknown",
                                      .reverse_client_name = "unknown",
                                      .server_address = "",
                                      .server_port = "",
                                      .sender = "",
                                      .recipient = "",
                                      .queue_id = "",
                                      .instance = "",
                                      .sasl_username = "",
                                      .ccert_subject = "",
                                      .ccert_fingerprint = "",
                                      .ccert_pubkey_fingerprint = "",
                                      .encryption_protocol = "",
                                      .stress_text = "",
                                      .policy_context = "",
                                      .client_address = ""};

/* Takes hosts until one is under way or none is left. */
static void fill(struct slot *slot)
{
    static const struct timeval deadline = {DEADLINE_SECONDS, 0};
    struct run *run = slot->run;
    struct gather_options options = {
        .settings = &run->settings,
        .policy = run->settings.default_policy,
        .request = &slot->request,
        .region = slot->region,
        .done = on_gathered,
        .arg = slot,
        .everything = true,
        .also = AUDIT_NEEDS,
    };

    while (!slot->pending && run->next < run->audit->count) {
        const struct gathered *gathered;

        slot->host = &run->audit->hosts[run->next++];
        slot->request = audit_request;
        slot->request.client = slot->host->address;
        slot->request.helo_name = slot->host->helo ? slot->host->helo : "";
        gathered = gather_start(&run->audit->session.context, &options, &slot->pending);
        if (slot->pending)
            evtimer_add(slot->timer, &deadline);
        else if (gathered)
            finish(slot, gathered->evidence);
        else
            run->done++; /* no memory for this one: nothing is known of it */
    }
    if (run->done == run->audit->count)
        event_base_loopbreak(run->audit->session.base);
}

static bool open_slots(struct run *run)
{
    for (unsigned i = 0; i < run->jobs; i++) {
        struct slot *slot = &run->slots[i];

        slot->run = run;
        slot->region = region_new(SCRATCH_LIMIT);
        slot->timer = evtimer_new(run->audit->session.base, expired, slot);
        if (!slot->region || !slot->timer)
            return false;
    }
    return true;
}

static void close_slots(struct run *run)
{
    for (unsigned i = 0; i < run->jobs; i++) {
        region_free(run->slots[i].region);
        if (run->slots[i].timer)
            event_free(run->slots[i].timer);
    }
}

bool audit_gather(struct audit *audit, unsigned jobs)
{
    struct run run = {.audit = audit, .settings = *audit->settings, .jobs = jobs};
    bool opened;

    run.settings.exempt = (struct exempt_settings){.count = 0};
    if (jobs > audit->count)
        run.jobs = (unsigned)audit->count;
    run.slots = region_alloc(audit->keep, (run.jobs + 1) * sizeof(*run.slots));
    if (!run.slots)
        return false;
    opened = open_slots(&run);
    if (opened) {
        progress_begin(&run.progress, "asking the DNS", audit->count);
        for (unsigned i = 0; i < run.jobs; i++)
            fill(&run.slots[i]);
        if (run.done < audit->count)
            event_base_dispatch(audit->session.base);
        progress_end(&run.progress);
    }
    close_slots(&run);
    return opened && !region_failed(audit->keep);
}
