/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * labels: senders that the admin knows, in lines of "ADDRESS|NETWORK|DOMAIN ham|spam". A domain includes every name
 * below it.
 */
#ifndef HELOD_LABELS_H
#define HELOD_LABELS_H

#include "logged.h"

enum { LABEL_NONE = LOOKUP_NONE, LABEL_HAM, LABEL_SPAM, LABELS };

struct labels;

const char *label_name(int label); /* "ham", "spam"; "": none */
int label_of(const char *name);    /* LABEL_NONE: no label has that name */

/* NULL if the file cannot be read or a line is wrong, which has been reported. */
struct labels *labels_read(const struct ctl *ctl, const char *file);
void labels_free(struct labels *labels); /* NULL is allowed */
/* Looks for the client's address, then for its confirmed reverse name, then for its HELO name. */
int labels_find(const struct labels *labels, const struct logged *l);

#endif
