/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe_target: which servers receive mail for a domain: its MX hosts by preference, or the name itself, with all their
 * addresses.
 */
#ifndef HELOD_PROBE_TARGET_H
#define HELOD_PROBE_TARGET_H

#include <stdint.h>

#include "ctl.h"
#include "dns.h"

enum { PROBE_TARGETS_MAX = 64, PROBE_WHY_SIZE = 400 };

struct probe_target {
    char host[DNS_NAME_SIZE]; /* the MX host, or what was asked for */
    struct address address;
};

enum probe_found {
    PROBE_FOUND,
    PROBE_NONE,   /* DNS says that there is no server; `why` */
    PROBE_UNSURE, /* DNS did not answer; `why` */
};

struct probe_targets {
    struct probe_target all[PROBE_TARGETS_MAX];
    size_t count;
    bool by_mx;
    char why[PROBE_WHY_SIZE];
};

/* `name`: a domain, a host name or an address. `targets` is all zero. */
enum probe_found probe_find(struct ctl *ctl, const char *name, struct probe_targets *targets);

#endif
