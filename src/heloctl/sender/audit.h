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

/* In the order in which they are reported. */
enum audit_fault {
    AUDIT_HELO_SYNTAX,
    AUDIT_HELO_NOT_FQDN,
    AUDIT_HELO_LITERAL,
    AUDIT_HELO_RESERVED,
    AUDIT_PTR_MISSING,
    AUDIT_PTR_STALE,
    AUDIT_PTR_UNCONFIRMED,
    AUDIT_HELO_OF_ANOTHER,
    AUDIT_HELO_STALE,
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

/* What DNS says about one name, seen from one address. */
struct audit_facts {
    bool unknown;           /* DNS failed to answer some of it */
    bool exists;            /* the name has addresses of any family */
    bool points_here;       /* an address record of the name is this address */
    bool is_reverse;        /* a reverse name of this address is the name */
    const char *domain;     /* its registrable domain; NULL: none */
    const char *others;     /* its other addresses of the same family, separated by blanks; "" when there are none */
    enum spf_result spf;    /* what its SPF record says about this address */
    const char *spf_record; /* NULL: none, or several */
};

struct audit_host {
    struct address address;
    const char *helo;        /* as given; NULL: not known, only the reverse side is checked */
    const char *name;        /* HELO as a host name in lower case; NULL: it is not one */
    const char *registrable; /* of that name; NULL: none */
    const char *identity;    /* identity_name() of its evidence; NULL: not looked at */
    const char *ptr;         /* the reverse name that fits best; NULL: none */
    const char *ptr_domain;  /* its registrable domain; NULL: none */
    const char *ptr_all;     /* all reverse names, separated by blanks; "" when there are none */
    bool ptr_confirmed;
    bool ptr_good;                     /* confirmed, and not a provider's default name */
    struct audit_facts now;            /* about the HELO name */
    uint32_t faults, unknown;          /* bits by enum audit_fault; unknown: DNS did not answer */
    uint32_t fixed;                    /* --since: faults that the earlier report had and this one has not */
    uint32_t fresh;                    /* --since: faults that the earlier report had not */
    const char *details[AUDIT_FAULTS]; /* what exactly was seen; NULL or "" when there is nothing to add */
    const char *target;                /* the name it should greet with, possibly the present one; NULL: unknown */
    struct audit_facts then;           /* about the target */
    bool nameless;                     /* it needs a new name and no free one was found */
    bool news;                         /* --since: not in the earlier report */
    /* Of DMARC reports. */
    unsigned long long messages, aligned;
    const char *header_from; /* domains, separated by blanks; NULL: from no report */
    bool unlisted;           /* in no line of --known */
    bool foreign;            /* not ours to fix: unlisted, or without --known nothing aligned */
};

struct audit {
    struct ctl *ctl;
    struct settings settings; /* without exemptions: one's own pool is judged like any other */
    struct region *keep;      /* of the run: all texts of the hosts */
    struct audit_host *hosts;
    size_t count, room;
    unsigned long long jobs; /* hosts that are looked up at once */
    bool dmarc;              /* the hosts are from reports */
    bool since;              /* only what changed is printed */
    size_t unpacked_max;     /* bytes that one file of reports may unpack to */
    const char *const *gone; /* --since: "ADDRESS HELO" of hosts that only the earlier report has */
    size_t gone_count;
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
    bool advice;                                 /* worth fixing, but nothing is wrong without it */
    uint32_t beside;                             /* not reported beside one of these, which say the same or more */
    enum known (*test)(struct audit_seen *seen); /* PRESENT: it has the fault. NULL: audit_pool() finds it */
};
extern const struct audit_fault_row audit_faults[AUDIT_FAULTS];
#define AUDIT_BIT(fault) ((uint32_t)1 << (fault))

enum { AUDIT_HOSTS_MAX = 1000000 };

struct series;

/* A new host at the end. False: there are too many. `helo` NULL: not known. Texts are copied. */
bool audit_add(struct audit *audit, const struct address *address, const char *helo);
/* Reads "ADDRESS HELO" lines or CSV. A wrong line is reported and makes the result CTL_DATA. (audit_pairs.c) */
int audit_read_pairs(struct audit *audit, const char *path);
/* Reads DMARC aggregate reports; a bad one is reported, the others count all the same. */
int audit_read_reports(struct audit *audit, char **paths, int count);
/* Reads --known: networks and names (".name": everything below it), one a line. */
int audit_read_known(struct audit *audit, const char *path);
/* Decides which hosts of reports are listed, and which are ours to fix. */
void audit_sort_out(struct audit *audit);
/* Who sends in the domains' name, by network, most messages first. (audit_dmarc.c, like all of DMARC) */
void audit_print_map(struct audit *audit);
void audit_json_map(struct audit *audit, struct json *j);
/* Merges hosts of the same address and name, and a host without a name into the one that has it. */
void audit_unify(struct audit *audit);

/* One pass over hosts: what HELO name to gather evidence for, and what to do with the evidence. */
struct audit_pass {
    const char *what; /* for the progress bar */
    const char *(*name)(const struct audit_host *host);
    void (*take)(struct audit_host *host, const struct evidence *e, struct region *scratch, struct region *keep);
};
/* Runs a pass over these hosts. */
void audit_gather(struct audit *audit, struct audit_host **hosts, size_t count, const struct audit_pass *pass);
/* The first pass, over all hosts: finds the faults of each. */
void audit_look(struct audit *audit);
/* The same for one host whose evidence is at hand. */
void audit_judge(struct audit_host *host, const struct evidence *e, struct region *scratch, struct region *keep);
/* Fills in facts about the HELO name of this evidence. */
void audit_facts_take(struct audit_facts *facts, const struct evidence *e, struct region *keep);
/* The evidence that every row needs. */
#define AUDIT_NEEDS (NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_SPF)
/* All hosts, sorted unless `compare` is NULL. */
struct audit_host **audit_sorted(struct audit *audit, int (*compare)(const void *, const void *));
int audit_compare_addresses(const void *a, const void *b);
/* The hosts that have a HELO name and a target, by target, then by address. */
struct audit_host **audit_by_target(struct audit *audit, size_t *count);
/* Where the hosts end that have the same target as the one at `at`. */
size_t audit_group_end(struct audit_host *const *hosts, size_t count, size_t at);
/* Finds the faults that only the whole pool shows. */
struct series *audit_pool(struct audit *audit);
/* Sets every host's target and the facts about it, looking up names before it proposes them. */
void audit_aim(struct audit *audit, struct series *series);
/* Whether a host has a fault that is more than advice; strict: any fault. */
bool audit_is_wrong(const struct audit_host *host, bool strict);

/* --since: compares with an earlier JSON output and sets fresh, fixed and news. A status of ctl. */
int audit_compare(struct audit *audit, const char *path);
bool audit_changed(const struct audit_host *host);

/* The DNS records that should change. */
void audit_print_records(struct audit *audit, FILE *out);
void audit_json_records(struct audit *audit, struct json *j);

/* One server that greets with one name, from an address of either family or both. */
struct audit_source {
    char v4[ADDRESS_TEXT_SIZE], v6[ADDRESS_TEXT_SIZE]; /* one may be "" */
    const char *name;
    char tag[ADDRESS_TEXT_SIZE]; /* the first address as a part of a name: 203-0-113-5 */
};
/* What the settings of a mail server are printed from. */
struct audit_plan {
    const struct audit_source *sources;
    size_t count; /* of sources to print */
    size_t left;  /* that were left out of an example */
    bool one;     /* the whole pool has one name */
};
/* One row for each mail server. (audit_mtas.c) */
struct audit_mta {
    const char *name, *title;
    bool tried; /* with the real program */
    void (*print)(const struct audit_plan *plan, FILE *out);
};
extern const struct audit_mta audit_mtas[]; /* ended by a NULL name */
#define AUDIT_MTA_NAMES "postfix exim opensmtpd powermta momentum kumomta haraka halon stalwart mailwizz"
const struct audit_mta *audit_mta_find(const char *name); /* NULL: none */
/* The settings for this MTA; NULL: a few lines for each. */
void audit_print_mtas(struct audit *audit, const struct audit_mta *mta, FILE *out);
/* Whether its server must be set to greet with the target. */
bool audit_renames(const struct audit_host *host);

void audit_print_text(struct audit *audit, const struct audit_mta *mta, bool colour);
void audit_print_csv(struct audit *audit);
void audit_print_json(struct audit *audit);
const char *audit_level(const struct audit_host *host); /* "ok", "advice", "unknown", "wrong" */
void audit_print_faults(const struct audit_host *host);
void audit_json_host(struct json *j, const struct audit_host *host);

#endif
