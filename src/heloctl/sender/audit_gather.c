/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_gather: gathers evidence for the hosts of an audit with the daemon's own code, several hosts at once. Each host
 * in progress has a slot with its own region, so a host costs memory afterwards only for its results.
 */
#include <event2/event.h>

#include "audit.h"
#include "progress.h"

enum { SCRATCH_LIMIT = 4 << 20, DEADLINE_SECONDS = 30 };

struct run;

/* Holds one host while its evidence is gathered. */
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
    const struct audit_pass *pass;
    struct audit_host **hosts;
    size_t count;
    struct settings settings; /* without exemptions: one's own pool is judged like any other */
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
    run->pass->take(slot->host, e, slot->region, run->audit->keep);
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

/* Starts hosts until one has to wait for DNS or none is left. */
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

    while (!slot->pending && run->next < run->count) {
        const struct gathered *gathered;
        const char *name;

        slot->host = run->hosts[run->next++];
        name = run->pass->name(slot->host);
        request_init(&slot->request);
        slot->request.client = slot->host->address;
        slot->request.helo_name = name ? name : "";
        gathered = gather_start(&run->audit->session.context, &options, &slot->pending);
        if (slot->pending)
            evtimer_add(slot->timer, &deadline);
        else if (gathered)
            finish(slot, gathered->evidence);
        else
            run->done++; /* no memory for this one: nothing is known of it */
    }
    if (run->done == run->count)
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

bool audit_gather(struct audit *audit, struct audit_host **hosts, size_t count, const struct audit_pass *pass)
{
    struct run run = {.audit = audit,
                      .pass = pass,
                      .hosts = hosts,
                      .count = count,
                      .settings = *audit->settings,
                      .jobs = (unsigned)audit->jobs};
    bool opened;

    run.settings.exempt = (struct exempt_settings){.count = 0};
    if (run.jobs > count)
        run.jobs = (unsigned)count;
    run.slots = region_alloc(audit->keep, (run.jobs + 1) * sizeof(*run.slots));
    if (!run.slots)
        return false;
    opened = open_slots(&run);
    if (opened) {
        progress_begin(&run.progress, pass->what, count);
        for (unsigned i = 0; i < run.jobs; i++)
            fill(&run.slots[i]);
        if (run.done < count)
            event_base_dispatch(audit->session.base);
        progress_end(&run.progress);
    }
    close_slots(&run);
    return opened && !region_failed(audit->keep);
}

static const char *helo_of(const struct audit_host *host)
{
    return host->helo;
}

bool audit_look(struct audit *audit)
{
    static const struct audit_pass pass = {"querying DNS", helo_of, audit_judge};
    struct audit_host **hosts = audit_sorted(audit, NULL);

    return hosts && audit_gather(audit, hosts, audit->count, &pass);
}
