/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deployment: notices that helod is asked the wrong questions, and says each kind once.
 */
#ifndef HELOD_DEPLOYMENT_H
#define HELOD_DEPLOYMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

struct request;

enum { DEPLOYMENT_SIGNS = 6 };

/* Zero to begin with. */
struct deployment {
    unsigned seen; /* questions looked at; no more are, past a bound */
    unsigned hits[DEPLOYMENT_SIGNS];
    bool said[DEPLOYMENT_SIGNS];
    struct address first;
};

/* NULL, or what is wrong, a text for the log with how to mend it. */
const char *deployment_watch(struct deployment *d, const struct request *req);

#endif
