/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit: many sending addresses and what they call themselves: what is wrong with each, with the pool, and what to
 * change. Private to the room.
 */
#ifndef HELOD_AUDIT_H
#define HELOD_AUDIT_H

#include <stdint.h>

#include "ctl.h"
#include "json.h"
#include "lookup.h"
#include "table.h"
#include "text.h"

/* In the order in which they are told. */
enum audit_fault {
    AUDIT_HELO_SYNTAX,
    AUDIT_HELO_NOT_FQDN,
    AUDIT_HELO_LITERAL,
    AUDIT_HELO_RESERVED,
    AUDIT_PTR_MISSING,
    AUDIT_PTR_UNCONFIRMED,
    AUDIT_PTR_NOT_HELO,
    AUDIT_HELO_UNRESOLVABLE,
    AUDIT_HELO_ELSEWHERE,
    AUDIT_SPF_DENIES,
    AUDIT_SPF_BROKEN,
    AUDIT_HELO_GENERIC,
    AUDIT_PTR_GENERIC,
    AUDIT_SPF_NONE,
    AUDIT_SPF_NEUTRAL,
    AUDIT_PTR_MANY,
    AUDIT_NAME_ODD,
    AUDIT_HELO_SHARED,
    AUDIT_HELO_SEVERAL,
    AUDIT_FAULTS
};

struct audit_host {
    struct address address;
    const char *helo;        /* as given; NULL: not known, the reverse side alone is looked at */
    const char *name;        /* the host name it is, in lower case; NULL: it is none */
    const char *registrable; /* of that name; NULL: none */
    const char *ptr;         /* the reverse name that fits best; NULL: none */
    const char *ptr_domain;  /* its registrable domain; NULL: none */
    bool ptr_confirmed;
    bool ptr_good;                     /* confirmed, and no provider's default */
    const char *spf_record;            /* NULL: none */
    bool points_here;                  /* an address record of the HELO name is this address */
    uint32_t faults, unknown;          /* bits by enum audit_fault; unknown: the DNS did not tell */
    const char *details[AUDIT_FAULTS]; /* what exactly was seen; NULL or "" when there is nothing to add */
    const char *target; /* the name it should have, which may be the one it has; NULL: none can be told */
    /* Of DMARC reports. */
    unsigned long long messages, aligned;
    const char *header_from; /* domains, separated by blanks; NULL: from no report */
    bool unlisted;           /* in no line of --known */
    bool foreign;            /* not ours to mend: unlisted, or without --known nothing aligned */
};

/* A network that sends in the domains' name. */
struct audit_sender {
    struct network network;
    size_t addresses, unlisted;
    unsigned long long messages, aligned;
    const char *names, *domains; /* some, separated by blanks */
};

struct audit {
    struct ctl *ctl;
    struct settings *settings;
    struct ctl_session session;
    struct region *keep; /* all texts of the hosts */
    struct audit_host *hosts;
    size_t count, room;
    bool dmarc;                         /* the hosts are from reports */
    struct table *sources;              /* while reports are read */
    struct network_set *known_networks; /* both NULL without --known */
    struct suffix_set *known_names;
};

/* What a row's test looks at and may set. */
struct audit_seen {
    const struct evidence *evidence;
    struct region *region;
    const char *detail;
};

/* One complete row for each fault. */
struct audit_fault_row {
    const char *name, *summary;
    bool advice;                                 /* worth mending, and nothing is wrong without it */
    uint32_t beside;                             /* not told beside one of these, which say the same or more */
    enum known (*test)(struct audit_seen *seen); /* PRESENT: it has the fault. NULL: audit_pool() finds it */
};
extern const struct audit_fault_row audit_faults[AUDIT_FAULTS];
#define AUDIT_BIT(fault) ((uint32_t)1 << (fault))

enum { AUDIT_HOSTS_MAX = 1000000 };

/* A new host at the end; false: no memory. `helo` NULL: not known. Texts are copied. */
bool audit_add(struct audit *audit, const struct address *address, const char *helo);
/* Reads "ADDRESS HELO" lines. A wrong line is told and makes the result CTL_DATA. */
int audit_read_pairs(struct audit *audit, const char *path);
/* Reads DMARC aggregate reports; a bad one is told, the others count all the same. */
int audit_read_reports(struct audit *audit, char **paths, int count);
/* Reads --known: networks and names (".name": and all below it), a line each. */
int audit_read_known(struct audit *audit, const char *path);
/* Which hosts of reports are listed, and which ours to mend. */
void audit_sort_out(struct audit *audit);
/* The map, most messages first; returns how many networks. */
size_t audit_senders(struct audit *audit, struct audit_sender **senders);
void audit_print_map(struct audit *audit);
void audit_json_map(struct audit *audit, struct json *j);
/* Same address and name twice become one. False: no memory. */
bool audit_unify(struct audit *audit);
/* Looks all hosts up, `jobs` at once, and finds the faults of each. False: no memory. */
bool audit_gather(struct audit *audit, unsigned jobs);
/* The same for one host, whose evidence is at hand. */
void audit_judge(struct audit_host *host, const struct evidence *e, struct region *scratch, struct region *keep);
/* What every host's gather is asked: all that the rows look at. */
#define AUDIT_NEEDS (NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_SPF)
extern const struct request audit_request; /* of a client yet to be filled in */
/* Finds the faults that only the whole pool shows, and sets every host's target. False: no memory. */
bool audit_pool(struct audit *audit);
/* Has a fault that is more than advice; strict: any fault. */
bool audit_is_wrong(const struct audit_host *host, bool strict);

/* What to change: zone lines, and settings for each MTA (of one MTA: `mta`; NULL: a few lines for each). */
void audit_print_records(struct audit *audit, FILE *out);
void audit_json_records(struct audit *audit, struct json *j);
void audit_print_mtas(const struct audit *audit, const char *mta, FILE *out);
bool audit_is_mta(const char *name);
/* Whether its greeting is to be set to the target. */
bool audit_renames(const struct audit_host *host);

void audit_print_text(struct audit *audit, const char *mta, bool colour);
void audit_print_csv(struct audit *audit);
void audit_print_json(struct audit *audit);
const char *audit_level(const struct audit_host *host); /* "ok", "advice", "unknown", "wrong" */
void audit_print_faults(const struct audit_host *host);
void audit_json_host(struct json *j, const struct audit_host *host);
/* Foreign text on a terminal or in a file: printable ASCII. */
void audit_put(FILE *out, const char *foreign);

#endif
