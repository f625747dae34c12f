/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deployment: notices signs of a Postfix that is not set up as helod needs it, and reports each once.
 */
#ifndef HELOD_DEPLOYMENT_H
#define HELOD_DEPLOYMENT_H

#include <stdbool.h>

#include "address.h"

struct request;

enum { DEPLOYMENT_SIGNS = 6 };

/* Zero to begin with. */
struct deployment {
    unsigned seen; /* requests examined so far, up to a bound */
    unsigned hits[DEPLOYMENT_SIGNS];
    bool said[DEPLOYMENT_SIGNS];
    bool looked_up; /* at least one request needed DNS lookups */
    struct address first;
};

/*
 * NULL, or what is wrong and how to fix it, as a text for the log. `lookups`: the DNS lookups that the request needed.
 */
const char *deployment_watch(struct deployment *d, const struct request *req, unsigned lookups);

#endif
