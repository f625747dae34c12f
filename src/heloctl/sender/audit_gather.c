/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_gather: gathers evidence for the hosts of an audit with the daemon's own code, several hosts at once. Each host
 * in progress has its own region, so a host costs memory afterwards only for its results.
 */
#include "audit.h"
#include "progress.h"

/* A pass that is under way. */
struct run {
    struct audit *audit;
    const struct audit_pass *pass;
    struct progress progress;
    size_t done;
};

/* One host whose evidence is being gathered. */
struct look {
    struct ctl_job job;
    struct run *run;
    struct audit_host *host;
};

/* If there is no evidence because it needs too much memory, nothing is known of the host. */
static void on_gathered(struct ctl_job *job, const struct gathered *gathered)
{
    struct look *look = (struct look *)job;
    struct run *run = look->run;

    if (gathered)
        run->pass->take(look->host, gathered->evidence, job->region, run->audit->keep);
    progress_set(&run->progress, ++run->done);
}

void audit_gather(struct audit *audit, struct audit_host **hosts, size_t count, const struct audit_pass *pass)
{
    struct run run = {.audit = audit, .pass = pass};

    if (count == 0)
        return;
    progress_begin(&run.progress, pass->what, count);
    for (size_t i = 0; i < count; i++) {
        struct look *look = ctl_job_new(audit->ctl, sizeof(*look), on_gathered);
        const char *name = pass->name(hosts[i]);

        look->run = &run;
        look->host = hosts[i];
        look->job.request.client = hosts[i]->address;
        look->job.request.helo_name = name ? name : "";
        ctl_gather(&look->job, (struct gather_options){.settings = &audit->settings,
                                                       .policy = audit->settings.default_policy,
                                                       .everything = true,
                                                       .also = AUDIT_NEEDS});
    }
    ctl_gather_rest(audit->ctl);
    progress_end(&run.progress);
}

static const char *helo_of(const struct audit_host *host)
{
    return host->helo;
}

void audit_look(struct audit *audit)
{
    static const struct audit_pass pass = {"querying DNS", helo_of, audit_judge};

    audit_gather(audit, audit_sorted(audit, NULL), audit->count, &pass);
}
