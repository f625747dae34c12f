/* SPDX-License-Identifier: BSD-2-Clause */
/* side: one who gathers and judges over an oracle, with a DNS cache of its own. */
#ifndef HELOD_SIDE_H
#define HELOD_SIDE_H

#include "decision.h"
#include "gather.h"
#include "oracle.h"

enum { SIDE_TEXT_SIZE = 6000, SIDE_WALL = 1767225600 };

struct side {
    struct gather_context context;
    struct region *region;
    const struct evidence *evidence;
    struct verdict verdict;
    char said[SIDE_TEXT_SIZE]; /* evidence, decision line and reply */
};

/* `kept` is the side's own from here on; NULL: none. */
void side_open(struct side *s, struct resolver *resolver, struct gather_kept *kept);
void side_close(struct side *s);
/* Until all has come, or only until the deadline, which is at once. */
void side_judge(struct side *s, const struct gather_options *options, const struct request *req, bool expires);

struct settings *side_settings(const char *text); /* a policy file */
struct request side_request(const char *client, const char *helo);

#endif
