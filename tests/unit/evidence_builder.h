/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evidence_builder: evidence by hand, from one line of text, so that a case table has one row per case. What a line
 * does not name was not asked. Words, separated by blanks:
 *
 *     client=ADDRESS                     25.1.2.3 where none is given
 *     helo=NAME                          any bytes but blanks
 *     rdns=none | temperror | NAME[:pass|:fail|:noaddr|:temp][/flag+flag],…   flags of struct naming
 *     partial  leftout                   not all PTR names are known
 *     addr=none | nxdomain | temperror | ADDRESS,…        of HELO; `addr4temp`: the client's family failed
 *     mx=yes | none | temperror
 *     spf=RESULT | denyall
 *     naming=flag+flag                   of HELO: address foreign dynamic generic server random bulk role stock
 *     history=domains:N,networks:N,good:N,days:N,other | down
 *     provider=DOMAIN  senderprovider=DOMAIN  sender=ADDRESS  rcpt=ADDRESS  proto=SMTP  ours  ouraddr  local
 */
#ifndef HELOD_EVIDENCE_BUILDER_H
#define HELOD_EVIDENCE_BUILDER_H

#include "evidence.h"
#include "region.h"

/* The history limits of every evidence built: 8 domains, 20 networks, 5 good greetings over 3 days. */

/* What evidence, verdicts and replies of a test live in. */
extern struct region *region;

/* Group setup and teardown: `region`, and the tests' public suffix list; aborts when it cannot be read. */
int builder_start(void **state);
int builder_stop(void **state);
/* Aborts on a word that it does not know. */
struct evidence *builder_evidence(const char *line, struct region *r);
/* Sets what follows from the rest: fcrdns, confirmed, helo_is_client, helo_near_client. */
void builder_conclude(struct evidence *e);
const struct name_data *builder_names(void);

#endif
