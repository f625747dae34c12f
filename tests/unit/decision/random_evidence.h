/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_evidence: greetings that are made up, and what is left of their evidence when some kinds of it (enum need)
 * are hidden. The same from the same seed, on every machine.
 */
#ifndef TEST_RANDOM_EVIDENCE_H
#define TEST_RANDOM_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence.h"

void random_begin(uint64_t seed);
unsigned random_below(unsigned n);
/* Every kind (enum need) that a rule reads. */
unsigned random_every_need(void);
/* One kind or more; whole as gather asks for them: no confirmation without the reverse names. */
unsigned random_needs(void);

/* The local facts alone. */
struct evidence *random_greeting(void);
/* What the DNS, SPF and the store would say of this greeting. */
void random_facts(struct evidence *e);
/* A copy without these kinds: not asked for, or failed. The confirmation of a hidden name is hidden with it. */
struct evidence *random_hidden(const struct evidence *full, unsigned needs, bool failed);
/* The hidden evidence turns out in some other way: what is known stays, what is not is made up again, or fails. */
struct evidence *random_completed(const struct evidence *known, unsigned needs);
/* A copy without these kinds, wholly, as gather has it before it asks. */
struct evidence *evidence_unasked(const struct evidence *full, unsigned needs);

#endif
